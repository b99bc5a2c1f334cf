// Whole layers of the user's in the models of the library.
#include <doctest/doctest.h>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/gradcheck.h"
#include "tapehead/core/creation.h"
#include "tapehead/nn/beam_search.h"
#include "tapehead/nn/generate.h"
#include "tapehead/nn/hf/gpt.h"
#include "tapehead/nn/models/bert.h"
#include "tapehead/nn/models/seq2seq_transformer.h"
#include "tapehead/nn/models/t5.h"
#include "tapehead/nn/models/universal.h"
#include "tapehead/nn/models/vit.h"
#include "tapehead/tests/expect.h"
#include "tapehead/tests/scratch.h"
#include "tapehead/tests/small_gpt.h"

namespace tapehead::custom_layers_test {

using testing::difference;
using testing::error_of;

namespace {

// y = x + out(sigmoid(gate(h)) conv(h)), h = norm(x), where conv sees a position and the K - 1
// before it. During generation it keeps the last K - 1 rows of h.
struct GatedConvolution {
  static constexpr int64_t kKernel = 3;
  nn::AnyLayer norm;
  nn::Linear gate, out;
  Tensor kernel;  // [K, C]

  GatedConvolution(const nn::Scope& at, const nn::TransformerOptions& o)
      : norm(nn::make_norm(at / "norm", o.embed_dim, o.norm)),
        gate(at / "gate", o.embed_dim, o.embed_dim),
        out(at / "out", o.embed_dim, o.embed_dim),
        kernel(at.param("kernel", {kKernel, o.embed_dim}, nn::init::normal(0.5))) {}

  Tensor operator()(const Tensor& x, const AttentionOptions& /*options*/) const {
    const Tensor h = norm(x);
    return x + mixed(h, pad(h, {0, 0, kKernel - 1, 0}));
  }

  Tensor operator()(const Tensor& x, nn::KvCache& cache,
                    const AttentionOptions& /*options*/) const {
    const Tensor h = norm(x);
    const Tensor before = cache.state().defined()
                              ? cache.state()
                              : zeros({x.size(0), kKernel - 1, x.size(2)}, x.dtype());
    const Tensor all = cat({before, h}, 1);
    cache.set_state(all.slice(1, x.size(1), all.size(1)), x.size(1));
    return x + mixed(h, all);
  }

  // h [B, T, C], and the same with K - 1 rows in front of it.
  Tensor mixed(const Tensor& h, const Tensor& all) const {
    Tensor sum = all.slice(1, 0, h.size(1)) * kernel[0];
    for (int64_t k = 1; k < kKernel; ++k) sum = sum + all.slice(1, k, k + h.size(1)) * kernel[k];
    return out(sigmoid(gate(h)) * sum);
  }
};

// A layer that cannot generate with a cache.
struct MeanOfAll {
  nn::Linear out;
  MeanOfAll(const nn::Scope& at, int64_t embed_dim) : out(at / "out", embed_dim, embed_dim) {}
  Tensor operator()(const Tensor& x, const AttentionOptions& /*options*/) const {
    return x + out(mean(x, {1}, true));
  }
};

// Attention to the memory between two convolutions.
struct ConvolutionDecoder {
  GatedConvolution first;
  nn::MultiHeadAttention look;
  ConvolutionDecoder(const nn::Scope& at, const nn::TransformerOptions& o)
      : first(at / "first", o), look(at / "look", o.attention) {}
  AttentionOutput operator()(const Tensor& x, const Tensor& memory, const AttentionOptions& self,
                             const AttentionOptions& options) const {
    return look_at(first(x, self), memory, options);
  }
  AttentionOutput operator()(const Tensor& x, nn::DecoderCache& cache, const AttentionOptions& self,
                             const AttentionOptions& options) const {
    return look_at(first(x, cache.past, self), cache.memory, options);
  }
  nn::ProjectedMemory project(const Tensor& memory) const { return look.project(memory); }

  template <class Memory>
  AttentionOutput look_at(const Tensor& x, const Memory& memory, const AttentionOptions& o) const {
    AttentionOutput a = look.attend(x, memory, o);
    a.out = x + a.out;
    return a;
  }
};

// Convolutions and attention in turn.
nn::AnyEncoderLayer hybrid(const nn::Scope& at, const nn::TransformerOptions& o, int64_t index) {
  if (index % 2 == 1) return nn::EncoderLayer(at, o);
  return GatedConvolution(at, o);
}

nn::GptConfig hybrid_gpt(bool rope) {
  nn::GptConfig config = rope ? testing::small_llama() : testing::small_gpt2();
  config.transformer.num_layers = 3;
  config.transformer.make_layer = hybrid;
  return config;
}

std::vector<Tensor> values_of(const nn::Params& params) {
  std::vector<Tensor> values;
  for (const nn::Param& p : params.all()) values.push_back(p.value);
  return values;
}

}  // namespace

TEST_CASE("a GPT of convolutions and attention in turn learns, and is saved and loaded") {
  manual_seed(1);
  const nn::Params params(1);
  nn::Gpt gpt(params / "gpt", hybrid_gpt(false));
  CHECK(params.contains("gpt.layers.0.kernel"));
  CHECK(params.contains("gpt.layers.1.attention.qkv.weight"));
  CHECK(params.contains("gpt.layers.2.gate.weight"));
  CHECK(gpt.layers[0].target<GatedConvolution>()->kernel.is_same(params["gpt.layers.0.kernel"]));
  CHECK(gpt.layers[1]->attention.options().num_heads == 4);

  const Tensor ids = randint(11, {4, 9}), x = ids.slice(1, 0, 8), next = ids.slice(1, 1, 9);
  const double before = gpt.loss(x, next).item();
  for (int step = 0; step < 80; ++step) {
    params.zero_grad();
    gpt.loss(x, next).backward();
    const NoGradGuard off;
    for (const nn::Param& p : params.trainable()) p.value.sub_(0.5 * p.value.grad());
  }
  CHECK(gpt.loss(x, next).item() < before / 2);

  const test::Scratch scratch;
  params.save(scratch / "gpt.safetensors");
  const nn::Params other(2);
  const nn::Gpt loaded(other / "gpt", hybrid_gpt(false));
  other.load(scratch / "gpt.safetensors");
  CHECK(difference(loaded(x), gpt(x)) == 0);
}

TEST_CASE("gradients of a model with layers of the user's") {
  const nn::Params params(2);
  const nn::Gpt gpt(params / "gpt", hybrid_gpt(true));
  params.to(f64);
  const Tensor ids = randint(11, {2, 6});
  gradcheck([&](const std::vector<Tensor>&) { return gpt.loss(ids, ids); }, values_of(params),
            {.directions = 2});
}

TEST_CASE("layers of the user's generate with a cache as without") {
  for (const bool rope : {false, true}) {
    CAPTURE(rope);
    const nn::Params params(3);
    const nn::Gpt gpt(params / "gpt", hybrid_gpt(rope));
    params.to(f64);
    no_grad([&] {
      for (const nn::Param& p : params.all()) p.value.mul_(4);  // as if it had been trained
    });
    const Tensor ids = randint(11, {2, 7});
    std::vector<nn::KvCache> caches = gpt.caches();
    const Tensor parts = cat({gpt(ids.slice(1, 0, 4), caches), gpt(ids.slice(1, 4, 5), caches),
                              gpt(ids.slice(1, 5, 7), caches)},
                             1);
    CHECK(difference(gpt(ids), parts) < 1e-12);
    CHECK(caches[0].length() == 7);
    CHECK(caches[0].state().shape() == Shape{2, 2, 16});

    const nn::GenerateOptions greedy{.sampling = {.temperature = 0}, .length = 6};
    const auto whole = [&](const Tensor& all) { return gpt(all); };
    CHECK(nn::generate(nn::with_caches(gpt), {1, 2, 3}, greedy) ==
          nn::generate(nn::without_caches(whole), {1, 2, 3}, greedy));
    const nn::BeamOptions beam{.beam = 3, .max_length = 5, .eos = 10};
    const auto with = nn::beam_search(nn::with_caches(gpt), ids.slice(1, 0, 3), beam);
    const auto without = nn::beam_search(nn::without_caches(whole), ids.slice(1, 0, 3), beam);
    REQUIRE(with.size() == 2);
    for (size_t i = 0; i < with.size(); ++i) CHECK(with[i].tokens == without[i].tokens);
  }
}

TEST_CASE("what layers of the user's lack is said") {
  const nn::Params params(4);
  nn::GptConfig config = testing::small_gpt2();
  config.transformer.make_layer = [](const nn::Scope& at, const nn::TransformerOptions& o,
                                     int64_t index) -> nn::AnyEncoderLayer {
    if (index == 0) return nn::EncoderLayer(at, o);
    return MeanOfAll(at, o.embed_dim);
  };
  nn::Gpt gpt(params / "gpt", config);
  const Tensor ids = randint(11, {1, 4});
  CHECK(gpt(ids).shape() == Shape{1, 4, 11});
  CHECK(nn::generate(nn::without_caches([&](const Tensor& all) { return gpt(all); }), {1, 2},
                     {.length = 3})[0]
            .size() == 3);
  CHECK(error_of<ValueError>([&] {
          nn::generate(nn::with_caches(gpt), {1, 2});
        }) ==
        "gpt: layers[1] has no operator() with a KvCache; add it, or generate with "
        "nn::without_caches()");
  std::vector<nn::KvCache> caches(2);
  CHECK(error_of<ValueError>([&] { gpt(ids, caches); }) ==
        "encoder_layer: the layer has no operator() with a KvCache; add it, or generate with "
        "nn::without_caches() (in gpt)");
  CHECK(error_of<ValueError>([&] { static_cast<void>(gpt.layers[1]->norm1); }) ==
        "encoder_layer: the layer is not an nn::EncoderLayer; target<T>() gives a layer of type T");

  // A layer that forgets the cache would leave all positions at 0.
  struct Forgets {
    Tensor operator()(const Tensor& x, const AttentionOptions&) const { return x; }
    Tensor operator()(const Tensor& x, nn::KvCache&, const AttentionOptions&) const { return x; }
  };
  gpt.layers[1] = Forgets();
  caches = gpt.caches();
  CHECK(error_of<ValueError>([&] { gpt(ids, caches); }) ==
        "encoder_layer: its cache has 0 positions after a call with 4 more than 0; operator() with "
        "a cache calls append() or set_state() once (in gpt)");

  nn::KvCache small({.capacity = 3});
  small.set_state(zeros({1, 2}), 2);
  CHECK(error_of<ValueError>([&] {
          small.set_state(zeros({1, 2}), 2);
        }) ==
        "kv_cache: 2 of 3 positions are in use and 2 more were appended; increase capacity, set it "
        "to 0 to let the cache grow, or set a window");
  small.clear();
  CHECK(!small.state().defined());
}

TEST_CASE("encoders of all models take layers of the user's") {
  const nn::TransformerOptions options{
      .embed_dim = 8, .num_heads = 2, .num_layers = 3, .make_layer = hybrid};
  const nn::Params params(5);
  const Tensor ids = randint(7, {2, 5});
  const nn::Bert bert(params / "bert", {.vocab_size = 7, .context = 6, .transformer = options});
  const nn::EncoderOutput encoded = bert.encode(ids, {.attention = {.weights_of = WeightsOf{}}});
  CHECK(encoded.out.shape() == Shape{2, 5, 8});
  CHECK(encoded.attention_weights.size() == 1);  // of the second of three layers
  const nn::Vit vit(params / "vit", {.image_size = {4, 4},
                                     .patch_size = {2, 2},
                                     .num_channels = 1,
                                     .num_classes = 3,
                                     .transformer = options});
  CHECK(vit(randn({2, 1, 4, 4})).shape() == Shape{2, 3});
  const nn::UniversalEncoder universal(params / "universal", options, {.steps = 2});
  CHECK(universal(randn({2, 5, 8})).out.shape() == Shape{2, 5, 8});
  const nn::T5 t5(params / "t5", {.vocab_size = 7, .transformer = options});
  CHECK(t5(ids, ids).shape() == Shape{2, 5, 7});
  for (const char* path : {"bert.layers.2.kernel", "vit.layers.0.kernel", "universal.layer.kernel",
                           "t5.encoder.layers.0.kernel", "t5.decoder.layers.0.norm3.weight"})
    CHECK(params.contains(path));
}

TEST_CASE("decoders take layers of the user's") {
  const nn::Params params(6);
  const nn::TransformerOptions options{
      .embed_dim = 8,
      .num_heads = 2,
      .num_layers = 2,
      .make_decoder_layer = [](const nn::Scope& at, const nn::TransformerOptions& o,
                               int64_t index) -> nn::AnyDecoderLayer {
        if (index == 1) return nn::DecoderLayer(at, o);
        return ConvolutionDecoder(at, o);
      }};
  nn::TransformerDecoder decoder(params / "decoder", options);
  CHECK(params.contains("decoder.layers.0.first.kernel"));
  CHECK(decoder.layers[1]->memory_attention.options().num_heads == 2);
  CHECK(error_of<ValueError>([&] { static_cast<void>(decoder.layers[0]->norm1); }) ==
        "decoder_layer: the layer is not an nn::DecoderLayer; target<T>() gives a layer of type T");
  params.to(f64);
  const Tensor x = randn({2, 5, 8}, f64), memory = randn({2, 4, 8}, f64);
  std::vector<nn::DecoderCache> caches = decoder.start(memory);
  const Tensor parts =
      cat({decoder(x.slice(1, 0, 3), caches).out, decoder(x.slice(1, 3, 5), caches).out}, 1);
  CHECK(difference(parts, decoder(x, memory).out) < 1e-12);

  const nn::Seq2SeqTransformer model(
      params / "model", {.source_vocab_size = 9, .target_vocab_size = 9, .transformer = options});
  const Tensor source = randint(9, {2, 4});
  CHECK(model.translate(source, full({2}, 4), {.beam = 2, .max_length = 3}).size() == 2);

  struct NoCache {
    AttentionOutput operator()(const Tensor& t, const Tensor&, const AttentionOptions&,
                               const AttentionOptions&) const {
      return {t, {}};
    }
  };
  decoder.layers[1] = NoCache();
  CHECK(decoder(x, memory).out.shape() == x.shape());
  CHECK(error_of<ValueError>([&] { decoder.start(memory); }) ==
        "transformer_decoder: layers[1] has no operator() with a DecoderCache, which generation "
        "needs; add it");
  CHECK(error_of<ValueError>([&] { decoder(x, caches); }) ==
        "decoder_layer: the layer has no operator() with a DecoderCache, which generation needs; "
        "add it");
}

TEST_CASE("a model with layers of the user's is not written for transformers") {
  const nn::Params params(7);
  const test::Scratch scratch;
  const nn::Gpt gpt(params / "gpt", hybrid_gpt(false));
  CHECK(
      error_of<ValueError>([&] { nn::hf::save(scratch / "gpt", gpt); }) ==
      "save: transformers has no model like this Gpt: gpt2 differs in make_layer, llama differs in "
      "make_layer, mistral differs in make_layer, qwen2 differs in make_layer, starcoder2 differs "
      "in make_layer; use Params::save to save its parameters");

  const nn::Params plain(8);
  nn::hf::save(scratch / "gpt", nn::Gpt(plain / "gpt", testing::small_gpt2()));
  nn::GptConfig config = testing::small_gpt2();
  config.transformer.make_layer = hybrid;
  const nn::Params other(9);
  const nn::Gpt changed(other / "gpt", config);
  const std::string error =
      error_of<FormatError>([&] { nn::hf::load(nn::hf::read_folder(scratch / "gpt"), changed); });
  CAPTURE(error);
  CHECK(error.find("does not fit the model: unexpected transformer.h.0.attn.c_attn.bias, ") !=
        std::string::npos);
}

}  // namespace tapehead::custom_layers_test
