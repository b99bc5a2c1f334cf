// Models that describe an image: an encoder, which makes regions of it, and a decoder of words.
//
// B batch, S regions, M channels of a region, T tokens, V vocabulary.
#pragma once

#include <tapehead/tapehead.h>

#include <variant>

namespace caption {

using namespace tapehead;

struct ModelOptions {
  std::string attention = "soft";    // soft, hard, transformer, or none: the mean of the regions
  std::string encoder = "resnet";    // resnet or vit
  int64_t side = 0;                  // of an image
  int64_t channels = 0, blocks = 0;  // of the first stage of a ResNet; of each stage
  int64_t stages = 3;                // of a ResNet; all but the first halve the grid
  int64_t embed_dim = 0, hidden_size = 0;
  int64_t num_layers = 2, num_heads = 4;  // of a Transformer
  double dropout = -1;                    // of regions, embeddings and the decoder's output
  double smoothing = -1;                  // of labels
  double doubly_stochastic = -1;          // weight of nn::doubly_stochastic_loss()
  double entropy = 0.002;                 // of hard attention, weight of its entropy
};

// Images of at most this side have a first convolution of stride 2; that of others reduces by 4.
inline constexpr int64_t kSmallSide = 96;

// Makes regions of images: a ResNet's positions, or a Vision Transformer's patches.
class Encoder {
 public:
  Encoder(const nn::Scope& at, const ModelOptions& o)
      : encoder_(make(at, o)), dropout_(at / "dropout", o.dropout) {
    if (const auto* resnet = std::get_if<nn::ResNet>(&encoder_)) {
      grid = resnet->grid(o.side, o.side);
      channels = resnet->config().channels.back();
      position_ = at.param("position", {grid[0] * grid[1], channels}, nn::init::normal(0.1));
    } else {
      const nn::VitConfig& config = std::get<nn::Vit>(encoder_).config();
      grid = {o.side / config.patch_size[0], o.side / config.patch_size[1]};
      channels = config.transformer.embed_dim;
    }
  }

  // Images [B, 3, side, side] from 0 to 1 to regions [B, S, M], row by row.
  Tensor operator()(const Tensor& images) const {
    const Tensor x = images * 2 - 2;  // the padding of a convolution is white
    if (const auto* vit = std::get_if<nn::Vit>(&encoder_)) return dropout_(vit->encode(x).out);
    return dropout_(std::get<nn::ResNet>(encoder_).regions(x) + position_);
  }

  std::array<int64_t, 2> grid{};  // rows and columns of regions
  int64_t channels = 0;           // M

 private:
  using Any = std::variant<nn::ResNet, nn::Vit>;
  static Any make(const nn::Scope& at, const ModelOptions& o) {
    if (o.encoder == "vit")
      return nn::Vit(at, {.image_size = {o.side, o.side},
                          .patch_size = {o.side / 8, o.side / 8},
                          .transformer = {.embed_dim = 4 * o.channels,
                                          .num_heads = o.num_heads,
                                          .num_layers = o.stages * o.blocks,
                                          .dropout = o.dropout},
                          .mean_pool = true,
                          .position_init = nn::init::normal(0.5)});
    nn::ResNetConfig config{.blocks = {},
                            .channels = {},
                            .stem_channels = o.channels,
                            .small_images = o.side <= kSmallSide,
                            .stem_stride = 2};
    for (int64_t stage = 0; stage < o.stages; ++stage) {
      config.blocks.push_back(o.blocks);
      config.channels.push_back(o.channels << stage);
    }
    return nn::ResNet(at, config);
  }

  Any encoder_;
  Tensor position_;  // [S, M], which tells the decoder where a region is
  nn::Dropout dropout_;
};

// A captioning model: Xu et al. 2015, "Show, attend and tell", or a Transformer's decoder.
class Captioner {
 public:
  Captioner(const nn::Scope& at, const ModelOptions& o, int64_t vocab_size)
      : encoder(at / "encoder", o),
        options_(o),
        decoder_(make(at, o, vocab_size, encoder.channels)) {
    if (o.attention != "transformer")
      initial_.emplace(at / "initial", encoder.channels, o.hidden_size);
    if (o.attention == "hard")
      hard_loss_.emplace(at / "reinforce", nn::HardAttentionLossOptions{.entropy = o.entropy});
  }

  // Mean cross entropy of target i64 [B, T + 1], which begins with bos. With hard attention,
  // `expected` is the share of images for which attention is soft.
  Tensor loss(const Tensor& images, const Tensor& target, double expected) const {
    const Tensor seen = regions(images);
    if (const auto* transformer = std::get_if<nn::TransformerTokenDecoder>(&decoder_))
      return transformer->loss({seen}, target, options_.smoothing);
    const auto& decoder = std::get<nn::AttentionDecoder>(decoder_);
    const nn::DecoderStart start = begin(decoder, seen);
    if (!hard_loss_)
      return decoder.loss(start, target,
                          {.label_smoothing = options_.smoothing,
                           .doubly_stochastic = has_map() ? options_.doubly_stochastic : 0});
    const int64_t T = target.size(1) - 1;
    const auto out = decoder(start, target.slice(1, 0, T), {.expected = expected});
    return (*hard_loss_)(out, target.slice(1, 1, T + 1));
  }

  // The decoder's steps for these images.
  nn::Decoder steps(const Tensor& images) const {
    const Tensor seen = regions(images);
    if (const auto* transformer = std::get_if<nn::TransformerTokenDecoder>(&decoder_))
      return transformer->steps({seen});
    const auto& decoder = std::get<nn::AttentionDecoder>(decoder_);
    return decoder.steps(begin(decoder, seen));
  }

  // Whether there are weights of regions.
  bool has_map() const { return options_.attention != "none"; }

  Encoder encoder;

 private:
  using Decoder = std::variant<nn::AttentionDecoder, nn::TransformerTokenDecoder>;
  static Decoder make(const nn::Scope& at, const ModelOptions& o, int64_t vocab_size, int64_t M) {
    if (o.attention == "transformer")
      return nn::TransformerTokenDecoder(at, {.vocab_size = vocab_size,
                                              .transformer = {.embed_dim = o.hidden_size,
                                                              .num_heads = o.num_heads,
                                                              .ffn_dim = 2 * o.hidden_size,
                                                              .num_layers = o.num_layers,
                                                              .dropout = o.dropout,
                                                              .attention = {.memory_dim = M}}});
    const bool attends = o.attention != "none";
    return nn::AttentionDecoder(
        at, {.vocab_size = vocab_size,
             .embed_dim = o.embed_dim,
             .hidden_size = o.hidden_size,
             .attention = {.score = attends ? nn::Score::additive : nn::Score::none,
                           .memory_dim = M,
                           .attention_dim = o.embed_dim},
             .feed = nn::DecoderFeed::context,
             .deep_output = true,
             .context_gate = attends,
             .hard = o.attention == "hard",
             .dropout = o.dropout});
  }

  Tensor regions(const Tensor& images) const {
    const Tensor seen = encoder(images);
    return has_map() ? seen : mean(seen, 1, true);
  }
  nn::DecoderStart begin(const nn::AttentionDecoder& decoder, const Tensor& seen) const {
    const nn::AttentionMemory memory = decoder.attention.prepare(seen);
    return {memory, (*initial_)(memory)};
  }

  ModelOptions options_;
  Decoder decoder_;
  std::optional<nn::InitialState> initial_;
  std::optional<nn::HardAttentionLoss> hard_loss_;
};

}  // namespace caption
