// Models that describe an image: an encoder, which makes regions of it, and a decoder of words.
//
// B batch, S regions, M channels of a region, T tokens, V vocabulary.
#pragma once

#include <tapehead/tapehead.h>

#include <numeric>
#include <variant>

namespace caption {

using namespace tapehead;

struct ModelOptions {
  std::string attention = "soft";  // soft, hard, transformer, or none: the mean of the regions
  std::string encoder = "resnet";  // resnet or vit
  int64_t side = 0;                // of an image
  // Of each stage of a ResNet; a Vision Transformer has embeddings of the last channels, and as
  // many layers as there are blocks.
  std::vector<int64_t> channels, blocks;
  int64_t stages = 0;  // of a ResNet, from the last, whose features make a region
  int64_t embed_dim = 0, hidden_size = 0;
  int64_t num_layers = 0, num_heads = 4;  // of a Transformer
  // What an LSTM reads besides words: context (Xu et al. 2015), or none, so that what it says of an
  // image has to be seen when it is said (Lu et al. 2017, "Knowing when to look").
  std::string feed;
  std::string first_state;        // of an LSTM: mean, from the mean of the regions, or zero
  double dropout = -1;            // of regions, embeddings and the decoder's output
  double smoothing = -1;          // of labels
  double doubly_stochastic = -1;  // of soft attention, weight of nn::doubly_stochastic_loss()
  double entropy = 0.002;         // of hard attention, weight of its entropy
};

// Images of at most this side have a first convolution of stride 2; that of others reduces by 4.
inline constexpr int64_t kSmallSide = 96;

// A Vision Transformer has a grid of as many rows and columns of patches.
inline constexpr int64_t kPatches = 8;

// Makes regions of images: the positions of a ResNet's last stage, or a Vision Transformer's
// patches. With the features of earlier stages, regions tell what is in them as well as what their
// place in the image is.
class Encoder {
 public:
  Encoder(const nn::Scope& at, const ModelOptions& o)
      : encoder_(make(at, o)), dropout_(at / "dropout", o.dropout), stages_(o.stages) {
    if (const auto* resnet = std::get_if<nn::ResNet>(&encoder_)) {
      grid = resnet->grid(o.side, o.side);
      const std::vector<int64_t>& of_stage = resnet->config().channels;
      channels = std::reduce(of_stage.end() - stages_, of_stage.end());
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
    std::vector<Tensor> stages = std::get<nn::ResNet>(encoder_).stage_features(x);
    stages.erase(stages.begin(), stages.end() - stages_);
    for (size_t i = 0; i + 1 < stages.size(); ++i)
      stages[i] = adaptive_avg_pool2d(stages[i], {grid[0], grid[1]});
    const Tensor regions = stages.size() == 1 ? stages[0] : cat(stages, 1);
    return dropout_(regions.flatten(2).transpose(1, 2) + position_);
  }

  std::array<int64_t, 2> grid{};  // rows and columns of regions
  int64_t channels = 0;           // M

 private:
  using Any = std::variant<nn::ResNet, nn::Vit>;
  static Any make(const nn::Scope& at, const ModelOptions& o) {
    if (o.encoder == "vit")
      return nn::Vit(at,
                     {.image_size = {o.side, o.side},
                      .patch_size = {o.side / kPatches, o.side / kPatches},
                      .transformer = {.embed_dim = o.channels.back(),
                                      .num_heads = o.num_heads,
                                      .num_layers = std::reduce(o.blocks.begin(), o.blocks.end()),
                                      .dropout = o.dropout},
                      .mean_pool = true,
                      .position_init = nn::init::normal(0.5)});
    return nn::ResNet(at, {.blocks = o.blocks,
                           .channels = o.channels,
                           .stem_channels = o.channels[0],
                           .small_images = o.side <= kSmallSide,
                           .stem_stride = 2});
  }
  Any encoder_;
  Tensor position_;  // [S, M], which tells the decoder where a region is
  nn::Dropout dropout_;
  int64_t stages_;
};

// A captioning model: Xu et al. 2015, "Show, attend and tell", or a Transformer's decoder.
class Captioner {
 public:
  Captioner(const nn::Scope& at, const ModelOptions& o, int64_t vocab_size)
      : encoder(at / "encoder", o),
        options_(o),
        decoder_(make(at, o, vocab_size, encoder.channels)) {
    if (o.attention != "transformer" && o.first_state == "mean")
      initial_.emplace(at / "initial", encoder.channels, o.hidden_size);
    if (o.attention == "hard")
      hard_loss_.emplace(at / "reinforce", nn::HardAttentionLossOptions{.entropy = o.entropy});
  }

  // Mean cross entropy of the tokens of target i64 [B, T + 1] after the first, which is bos. With
  // hard attention, `expected` is the share of images for which attention is soft.
  Tensor loss(const Tensor& images, const Tensor& target, double expected) const {
    const Tensor seen = regions(images);
    if (const auto* transformer = std::get_if<nn::TransformerTokenDecoder>(&decoder_))
      return transformer->loss({seen}, target, options_.smoothing);
    const auto& decoder = std::get<nn::AttentionDecoder>(decoder_);
    const nn::DecoderStart start = begin(decoder, seen);
    if (!hard_loss_)
      return decoder.loss(
          start, target,
          {.label_smoothing = options_.smoothing, .doubly_stochastic = options_.doubly_stochastic});
    const int64_t T = target.size(1) - 1;
    return (*hard_loss_)(decoder(start, target.slice(1, 0, T), {.expected = expected}),
                         target.slice(1, 1, T + 1));
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
             .feed = o.feed == "none" ? nn::DecoderFeed::none : nn::DecoderFeed::context,
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
    return {memory, initial_ ? (*initial_)(memory) : nn::RnnState{}};
  }

  ModelOptions options_;
  Decoder decoder_;
  std::optional<nn::InitialState> initial_;
  std::optional<nn::HardAttentionLoss> hard_loss_;
};

}  // namespace caption
