// Wrapping and replacing parts of layers and models with user-defined layers.
#include <doctest/doctest.h>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/gradcheck.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/nn/models/gpt.h"
#include "tapehead/nn/models/seq2seq_transformer.h"
#include "tapehead/tests/expect.h"
#include "tapehead/tests/small_gpt.h"

namespace tapehead::custom_parts_test {

using testing::difference;

namespace {

// LoRA (Hu et al. 2022): y = layer(x) + B A x, where B starts as zeros.
struct Lora {
  nn::AnyLayer layer;
  nn::Linear a, b;

  Lora(const nn::Scope& at, const nn::AnyLayer& adapted, int64_t rank)
      : layer(adapted),
        a(at / "a", linear().weight.size(1), rank, {.bias = false}),
        b(at / "b", rank, linear().weight.size(0), {.bias = false, .init = nn::init::zeros()}) {}

  Tensor operator()(const Tensor& x) const { return layer(x) + b(a(x)); }
  const nn::Linear& linear() const { return *layer.target<nn::Linear>(); }
};

// A user-defined feed-forward layer: W2 sin(W1 x).
struct Waves {
  nn::Linear in, out;
  Waves(const nn::Scope& at, const nn::FeedForwardOptions& o)
      : in(at / "in", o.embed_dim, o.ffn_dim), out(at / "out", o.ffn_dim, o.embed_dim) {}
  Tensor operator()(const Tensor& x) const { return out(sin(in(x))); }
};

// Makes an RMS norm without a weight.
nn::AnyLayer plain_norm(const nn::Scope& /*at*/, int64_t /*size*/) {
  return [](const Tensor& x) { return rms_norm(x); };
}

}  // namespace

TEST_CASE("LoRA around the projections of a frozen GPT learns") {
  manual_seed(1);
  nn::Params params(1);
  nn::GptConfig config = testing::small_gpt2();
  config.transformer.attention.packed_qkv = false;
  nn::Gpt gpt(params / "gpt", config);
  no_grad([&] {
    for (const nn::Param& p : params.all()) p.value.mul_(8);  // as if it had been trained
  });
  const Tensor ids = randint(11, {4, 9}), x = ids.slice(1, 0, 8), next = ids.slice(1, 1, 9);
  const Tensor logits = gpt(x);

  params.freeze("*");
  for (size_t i = 0; i < gpt.layers.size(); ++i) {
    nn::MultiHeadAttention& attention = gpt.layers[i]->attention;
    attention.q = Lora(attention.scope() / "q" / "lora", attention.q, 4);
    attention.v = Lora(attention.scope() / "v" / "lora", attention.v, 4);
  }
  CHECK(params.trainable().size() == 2 * 2 * 2);
  CHECK(params.contains("gpt.layers.1.attention.v.lora.b.weight"));
  CHECK(difference(gpt(x), logits) == 0);

  const std::vector<float> frozen = params["gpt.layers.0.attention.q.weight"].to_vector<float>();
  const double before = gpt.loss(x, next).item();
  for (int step = 0; step < 60; ++step) {
    params.zero_grad();
    gpt.loss(x, next).backward();
    const NoGradGuard off;
    for (const nn::Param& p : params.trainable()) p.value.sub_(0.1 * p.value.grad());
  }
  CHECK(gpt.loss(x, next).item() < before - 0.1);
  CHECK(params["gpt.layers.0.attention.q.weight"].to_vector<float>() == frozen);
  for (const nn::Param& p : params.all())
    CHECK(p.value.grad().defined() == (p.path.find("lora") != std::string::npos));
}

TEST_CASE("a GPT takes a feed-forward part and norms of the user's") {
  manual_seed(2);
  nn::Params params(2);
  nn::GptConfig config = testing::small_gpt2();
  config.transformer.make_ffn = [](const nn::Scope& at, const nn::FeedForwardOptions& o) {
    return Waves(at, o);
  };
  config.transformer.norm.make = plain_norm;
  const nn::Gpt gpt(params / "gpt", config);
  CHECK(params["gpt.layers.1.feed_forward.in.weight"].shape() == Shape{64, 16});
  CHECK(!params.contains("gpt.layers.1.feed_forward.up.weight"));
  CHECK(!params.contains("gpt.norm.weight"));
  params.to(f64);
  const Tensor ids = randint(11, {2, 6});
  std::vector<nn::KvCache> caches = gpt.caches();
  const Tensor parts = cat({gpt(ids.slice(1, 0, 4), caches), gpt(ids.slice(1, 4, 6), caches)}, 1);
  CHECK(difference(gpt(ids), parts) < 1e-13);
  std::vector<Tensor> weights;
  for (const nn::Param& p : params.all()) weights.push_back(p.value);
  gradcheck([&](const std::vector<Tensor>&) { return gpt.loss(ids, ids); }, weights,
            {.directions = 2});
}

TEST_CASE("parts of encoders and decoders are replaced one by one") {
  manual_seed(3);
  nn::Params params(3);
  nn::TransformerOptions options{
      .embed_dim = 8,
      .num_heads = 2,
      .num_layers = 2,
      .make_ffn = [](const nn::Scope& at, const nn::FeedForwardOptions& o) {
        return Waves(at, o);
      }};
  nn::TransformerDecoder decoder(params / "decoder", options);
  CHECK(params.contains("decoder.layers.1.feed_forward.in.weight"));
  options.make_ffn = {};
  nn::TransformerEncoder encoder(params / "encoder", options);
  params.to(f64);
  const Tensor x = randn({2, 3, 8}, f64), memory = randn({2, 4, 8}, f64);

  // If feed-forward and attention outputs are 0, only the norms remain.
  const auto nothing = [](const Tensor& t) { return zeros_like(t); };
  for (nn::AnyDecoderLayer& layer : decoder.layers) {
    layer->attention.out = layer->memory_attention.out = nothing;
    layer->ffn = nothing;
  }
  CHECK(difference(decoder(x, memory).out, decoder.norm(x)) == 0);
  for (nn::AnyEncoderLayer& layer : encoder.layers) {
    layer->attention.out = nothing;
    layer->ffn.target<nn::FeedForward>()->down = [](const Tensor& t) {
      return zeros({t.size(0), t.size(1), 8}, t.dtype());
    };
  }
  CHECK(difference(encoder(x), encoder.norm(x)) == 0);
}

}  // namespace tapehead::custom_parts_test
