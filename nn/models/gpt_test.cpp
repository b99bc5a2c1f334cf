// GPT and its caches.
#include "tapehead/nn/models/gpt.h"

#include <doctest/doctest.h>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/gradcheck.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/nn/generate.h"
#include "tapehead/tests/expect.h"
#include "tapehead/tests/small_gpt.h"

namespace tapehead::gpt_test {

using testing::error_of;

namespace {

constexpr int64_t kVocab = 11;

}  // namespace

TEST_CASE("GPT has the parameters of its paper") {
  nn::Params params;
  const nn::Gpt gpt(params / "gpt", testing::small_gpt2());
  const int64_t layer = 2 * 32 + (16 * 48 + 48) + (16 * 16 + 16) + (16 * 64 + 64) + (64 * 16 + 16);
  CHECK(params.count() == (kVocab + 16) * 16 + 2 * layer + 32);
  nn::Params llama;
  const nn::Gpt other(llama.root(), testing::small_llama());
  CHECK(!llama.contains("position.weight"));
  CHECK(!llama.contains("layers.0.attention.qkv.bias"));
  CHECK(llama["layers.0.attention.qkv.weight"].shape() == Shape{16 + 2 * 8, 16});
  CHECK(llama["layers.0.feed_forward.gate.weight"].shape() == Shape{24, 16});
}

TEST_CASE("GPT has the gradients of its formula") {
  manual_seed(8);
  for (nn::GptConfig config : {testing::small_gpt2(), testing::small_llama()}) {
    config.transformer.dropout = 0;
    nn::Params params(3);
    const nn::Gpt gpt(params / "gpt", config);
    params.to(f64);
    std::vector<Tensor> weights;
    for (const nn::Param& p : params.trainable()) weights.push_back(p.value);
    const Tensor ids = randint(kVocab, {2, 5}), next = randint(kVocab, {2, 5});
    gradcheck([&](const std::vector<Tensor>&) { return std::vector{gpt.loss(ids, next)}; }, weights,
              {.directions = 2});
  }
}

TEST_CASE("GPT with caches writes what it writes without") {
  for (const nn::GptConfig& config : {testing::small_gpt2(), testing::small_llama()}) {
    nn::Params params(3);
    const nn::Gpt gpt(params / "gpt", config);
    params.to(f64);
    const auto write = [&](bool cached, const nn::SamplingOptions& sampling) {
      Generator generator{5, 0};
      return nn::generate(cached ? nn::with_caches(gpt) : nn::without_caches(gpt), {1, 2, 3},
                          {.sampling = sampling, .length = 13}, 1, generator)[0];
    };
    for (const nn::SamplingOptions& s :
         {nn::SamplingOptions{}, {.temperature = 0}, {.repetition_penalty = 1.3, .top_k = 5}}) {
      const auto cached = write(true, s);
      CHECK(cached.size() == 13);
      CHECK(cached == write(false, s));
    }
    const Tensor ids = randint(kVocab, {2, 9});
    auto caches = gpt.caches();
    const Tensor parts = cat({gpt(ids.slice(1, 0, 4), caches), gpt(ids.slice(1, 4, 9), caches)}, 1);
    CHECK(max(abs(parts - gpt(ids))).item() < 1e-13);

    auto others = gpt.caches();
    for (const auto& [first, last] : {std::pair{0, 4}, {4, 9}}) {
      const Tensor logits = gpt.last_logits(ids.slice(1, first, last), others);
      CHECK(logits.shape() == Shape{2, 1, kVocab});
      CHECK(max(abs(logits - parts.slice(1, last - 1, last))).item() < 1e-13);
    }
  }
}

TEST_CASE("GPT in bf16 computes what it does in f32, with caches and without") {
  for (nn::GptConfig config : {testing::small_gpt2(), testing::small_llama()}) {
    config.context = 80;
    config.transformer.embed_dim = 128;
    nn::Params params(3), half(3);
    const nn::Gpt gpt(params / "gpt", config), in_bf16(half / "gpt", config);
    params.eval(), half.eval();
    half.to(bf16);
    // The same weights, so that differences come from the computation.
    for (const nn::Param& p : params.all()) {
      const NoGradGuard off;
      p.value.copy_(half[p.path].to(f32));
    }
    const NoGradGuard off;
    const Tensor ids = randint(kVocab, {3, 80}), exact = gpt(ids);
    auto caches = in_bf16.caches();
    std::vector<Tensor> parts = {in_bf16(ids.slice(1, 0, 70), caches)};
    for (int64_t t = 70; t < 80; ++t) parts.push_back(in_bf16(ids.slice(1, t, t + 1), caches));
    CHECK(caches[0].keys().dtype() == bf16);
    for (const Tensor& logits : {cat(parts, 1), in_bf16(ids)}) {
      CHECK(logits.dtype() == bf16);
      CHECK(max(abs(logits.to(f32) - exact)).item() < 0.03 * max(abs(exact)).item());
    }
  }
}

TEST_CASE("GPT refuses what does not fit") {
  nn::Params params;
  const nn::Gpt gpt(params / "gpt", testing::small_gpt2());
  CHECK(error_of<ValueError>([&] {
          gpt(zeros({1, 17}, i64));
        }) ==
        "gpt: 17 tokens, but its context is 16; pass the last ones, or make a model with a longer "
        "context (in gpt)");
  CHECK(error_of<ShapeError>([&] { gpt(zeros({3}, i64)); }) ==
        "gpt: ids are [3]; expected [B, T] (in gpt)");
  std::vector<nn::KvCache> none;
  CHECK(error_of<ValueError>([&] {
          gpt(zeros({1, 1}, i64), none);
        }) == "gpt: 0 caches for 2 layers; caches() makes them");
}

TEST_CASE("GPT with a window sees the last tokens only, with caches too") {
  nn::GptConfig config = testing::small_llama();
  config.window = 3;
  config.transformer.num_layers = 1;
  nn::Params params(3);
  const nn::Gpt gpt(params / "gpt", config);
  params.to(f64);
  const Tensor ids = randint(kVocab, {2, 9});
  const Tensor logits = gpt(ids), last = gpt(ids.slice(1, 6, 9));
  // Rotary positions are relative: the last of nine tokens sees what the last of three sees.
  CHECK(max(abs(logits.select(1, 8) - last.select(1, 2))).item() < 1e-13);
  CHECK(max(abs(logits.select(1, 7) - last.select(1, 1))).item() > 1e-6);
  auto caches = gpt.caches();
  std::vector<Tensor> parts;
  for (int64_t t = 0; t < 9; ++t) parts.push_back(gpt(ids.slice(1, t, t + 1), caches));
  CHECK(max(abs(cat(parts, 1) - logits)).item() < 1e-13);
}

TEST_CASE("GPT reads past padding, and does without a head") {
  nn::GptConfig config = testing::small_llama();
  config.head = false;
  nn::Params params(3);
  const nn::Gpt gpt(params / "gpt", config);
  params.to(f64);
  CHECK(!params.contains("gpt.head.weight"));
  const Tensor ids = randint(kVocab, {1, 5}), padded = cat({ids, zeros({1, 3}, i64)}, 1);
  const Tensor hidden = gpt(padded, {.lengths = tensor({5})});
  CHECK(hidden.shape() == Shape{1, 8, 16});
  CHECK(max(abs(hidden.slice(1, 0, 5) - gpt(ids))).item() < 1e-13);
  CHECK(error_of<ValueError>([&] { gpt.loss(ids, ids); }) ==
        "gpt: a model without a head has no loss");
}

}  // namespace tapehead::gpt_test
