// GPT, its caches, and how text is drawn from it.
#include "tapehead/nn/models/gpt.h"

#include <doctest/doctest.h>

#include <map>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/nn/generate.h"
#include "tapehead/tests/expect.h"

using namespace tapehead;
using tapehead::testing::error_of;

namespace {

constexpr int64_t kVocab = 11;

nn::GptConfig small() {
  return {.vocab = kVocab, .context = 16, .width = 16, .heads = 4, .layers = 2};
}
nn::GptConfig small_llama() {
  nn::GptConfig c = small();
  c.kv_heads = 2;
  c.hidden = 24;
  c.bias = false;
  c.rms = c.gated = true;
  c.act = silu;
  c.rope = RopeOptions{};
  c.tied = false;
  return c;
}

using Lists = std::vector<std::vector<int64_t>>;

}  // namespace

TEST_CASE("GPT has the parameters of its paper") {
  nn::Params params;
  const nn::Gpt gpt(params / "gpt", small());
  const int64_t layer = 2 * 32 + (16 * 48 + 48) + (16 * 16 + 16) + (16 * 64 + 64) + (64 * 16 + 16);
  CHECK(params.count() == (kVocab + 16) * 16 + 2 * layer + 32);
  nn::Params llama;
  const nn::Gpt other(llama.root(), small_llama());
  CHECK(!llama.contains("position.weight"));
  CHECK(!llama.contains("layers.0.attention.qkv.bias"));
  CHECK(llama["layers.0.attention.qkv.weight"].shape() == Shape{16 + 2 * 8, 16});
  CHECK(llama["layers.0.feed_forward.gate.weight"].shape() == Shape{24, 16});
}

TEST_CASE("GPT with caches writes what it writes without") {
  for (const nn::GptConfig& config : {small(), small_llama()}) {
    nn::Params params(3);
    const nn::Gpt gpt(params / "gpt", config);
    params.to(f64);
    const auto write = [&](bool cached, const nn::SamplingOptions& sampling) {
      Generator generator{5, 0};
      auto caches = gpt.caches();
      std::vector<int64_t> all;
      const auto model = [&](const Tensor& ids) {
        if (cached) return gpt(ids, caches);
        const auto more = ids[0].to_vector<int64_t>();
        all.insert(all.end(), more.begin(), more.end());
        return gpt(from_vector(all).unsqueeze(0));
      };
      return nn::generate(model, {1, 2, 3}, {.sampling = sampling, .length = 13}, 1, generator)[0];
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
  const nn::Gpt gpt(params / "gpt", small());
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

TEST_CASE("tokens are drawn as the options say") {
  const Tensor logits = log(from_vector(std::vector<float>{0.5f, 0.3f, 0.15f, 0.05f})).unsqueeze(0);
  const auto shares = [&](const nn::SamplingOptions& o, const Lists& before = {{}}) {
    Generator generator{1, 0};
    std::map<int64_t, double> share;
    for (int i = 0; i < 4000; ++i) share[nn::sample(logits, before, o, generator)[0]] += 1 / 4000.0;
    return share;
  };
  const auto near = [](double got, double want) { return std::abs(got - want) < 0.03; };
  const auto plain = shares({});
  for (const auto& [token, want] : std::map<int64_t, double>{{0, .5}, {1, .3}, {2, .15}, {3, .05}})
    CHECK(near(plain.at(token), want));
  CHECK(shares({.temperature = 0}).at(0) == doctest::Approx(1));
  const auto top_k = shares({.top_k = 2});
  CHECK(top_k.size() == 2);
  CHECK(near(top_k.at(0), 0.625));
  CHECK(shares({.top_p = 0.6}).size() == 2);
  CHECK(shares({.top_p = 0.81}).size() == 3);
  CHECK(shares({.min_p = 0.25}).size() == 3);
  CHECK(near(shares({.temperature = 0.5}).at(0), 0.25 / (0.25 + 0.09 + 0.0225 + 0.0025)));
  // log p < 0, so that a penalty of 2 squares the probability before the rest is scaled.
  CHECK(near(shares({.repetition_penalty = 2}, {{0}}).at(0), 0.25 / 0.75));
}

TEST_CASE("generation stops where it is told to") {
  const auto model = [](const Tensor& ids) {  // counts up
    return one_hot(ids + 1, 20).to(f32) * 100;
  };
  CHECK(nn::generate(model, {3}, {.length = 4}) == Lists{{4, 5, 6, 7}});
  CHECK(nn::generate(model, {3}, {.length = 9, .stop = {6}}) == Lists{{4, 5}});
  std::vector<int64_t> heard;
  const auto listen = [&](int64_t, int64_t token) { return heard.push_back(token), token < 5; };
  CHECK(nn::generate(model, {3}, {.length = 9, .on_token = listen}) == Lists{{4, 5}});
  CHECK(heard == std::vector<int64_t>{4, 5});
}

TEST_CASE("what generation refuses") {
  Generator generator;
  const Tensor logits = zeros({1, 3});
  const auto refuse = [&](const nn::SamplingOptions& o) {
    return error_of<ValueError>([&] { nn::sample(logits, {{}}, o, generator); });
  };
  CHECK(refuse({.repetition_penalty = 0}) ==
        "sample: repetition_penalty is 0; it must be positive");
  CHECK(refuse({.temperature = -1}) == "sample: temperature is -1; it must be at least 0");
  CHECK(refuse({.top_k = -1}) == "sample: top_k is -1; it must be at least 0");
  CHECK(refuse({.top_p = 0}) == "sample: top_p is 0; it must be in 0..1, and not 0");
  CHECK(refuse({.min_p = 2}) == "sample: min_p is 2; it must be in 0..1");
  CHECK(error_of<ShapeError>([&] { nn::sample(logits, {}, {}, generator); }) ==
        "sample: logits are [1, 3] for 0 rows; expected [B, V]");
  CHECK(error_of<ValueError>([&] { nn::sample(logits / 0.0, {{}}, {}, generator); }) ==
        "sample: the logits of row 0 hold NaN");
  CHECK(error_of<ValueError>([] { nn::generate({}, {}); }) ==
        "generate: a prompt of 0 tokens, 1 copies; both must be at least 1");
}

TEST_CASE("GPT with a window sees the last tokens only, with caches too") {
  nn::GptConfig config = small_llama();
  config.window = 3;
  config.layers = 1;
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
  nn::GptConfig config = small_llama();
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
