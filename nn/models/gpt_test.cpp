// GPT and its caches.
#include "tapehead/nn/models/gpt.h"

#include <doctest/doctest.h>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/nn/generate.h"
#include "tapehead/tests/expect.h"
#include "tapehead/tests/small_gpt.h"

using namespace tapehead;
using tapehead::testing::error_of;

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
