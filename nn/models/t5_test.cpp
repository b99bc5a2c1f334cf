// T5 by itself; nn/hf/models_test.cpp compares it with transformers.
#include "tapehead/nn/models/t5.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tapehead/autograd/gradcheck.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/tests/expect.h"

namespace tapehead::t5_test {

using testing::error_of;

namespace {

constexpr int64_t kVocab = 11;

nn::T5Config small() {
  return {.vocab_size = kVocab,
          .transformer = {.embed_dim = 8,
                          .num_heads = 2,
                          .ffn_dim = 12,
                          .num_layers = 2,
                          .dropout = 0,
                          .attention = {.head_dim = 3}},
          .num_decoder_layers = 1,
          .num_buckets = 8,
          .max_distance = 6};
}

// The most probable tokens, one by one, without caches.
std::vector<int64_t> greedy(const nn::T5& t5, const Tensor& source, int64_t length,
                            const nn::T5Config& c) {
  std::vector<int64_t> target{c.pad};
  while (static_cast<int64_t>(target.size()) <= length) {
    const Tensor logits = t5(source, from_vector(target).unsqueeze(0));
    const auto next = argmax(logits.select(1, -1), -1).item<int64_t>();
    if (next == c.eos) break;
    target.push_back(next);
  }
  target.erase(target.begin());
  return target;
}

}  // namespace

TEST_CASE("T5 has the parameters of its paper") {
  nn::Params params;
  const nn::T5 t5(params.root(), small());
  CHECK(params["encoder.layers.1.attention.q.weight"].shape() == Shape{6, 8});
  CHECK(params["encoder.relative.weight"].shape() == Shape{8, 2});
  CHECK(params["decoder.relative.weight"].shape() == Shape{8, 2});
  CHECK(!params.contains("decoder.layers.1.norm1.weight"));
  CHECK(!params.contains("head.weight"));
  const int64_t attention = 4 * 6 * 8, feed_forward = 2 * 12 * 8, norm = 8;
  CHECK(params.count() == kVocab * 8 + 2 * 16 + 2 * (attention + feed_forward + 2 * norm) +
                              (2 * attention + feed_forward + 3 * norm) + 2 * norm);
  nn::Params newer;
  nn::T5Config c = small();
  c.transformer.ffn.gated = true;
  c.tied = false;
  const nn::T5 other(newer.root(), c);
  CHECK(newer["head.weight"].shape() == Shape{kVocab, 8});
  CHECK(newer["decoder.layers.0.feed_forward.gate.weight"].shape() == Shape{12, 8});
}

TEST_CASE("T5 with caches generates what it generates without") {
  for (const bool gated : {false, true}) {
    nn::T5Config c = small();
    c.transformer.ffn.gated = gated;
    c.tied = !gated;
    nn::Params params(4);
    const nn::T5 t5(params / "t5", c);
    params.to(f64);
    params.eval();
    const Tensor source = tensor({{3, 4, 5, 6, 7}, {9, 8, 2, 0, 0}});
    const Tensor lengths = tensor({5, 3});
    const auto found = t5.generate(source, lengths, {.beam = 1, .max_length = 12});
    CHECK(found[0].tokens == greedy(t5, source.slice(0, 0, 1), 12, c));
    CHECK(found[1].tokens == greedy(t5, source.slice(0, 1, 2).slice(1, 0, 3), 12, c));
    CHECK(found[0].attention[0].size() == 5);
  }
}

TEST_CASE("T5 sees neither padding nor what follows") {
  nn::Params params(5);
  const nn::T5 t5(params / "t5", small());
  params.to(f64);
  params.eval();
  const Tensor source = tensor({{3, 4, 5}}), padded = tensor({{3, 4, 5, 0, 0}});
  const Tensor target = tensor({{0, 6, 7, 2}}), other = tensor({{0, 6, 7, 9}});
  const Tensor logits = t5(source, target);
  CHECK(max(abs(t5(padded, target, {.lengths = tensor({3})}) - logits)).item() < 1e-13);
  CHECK(max(abs((t5(source, other) - logits).slice(1, 0, 3))).item() == 0);
  CHECK(max(abs((t5(source, other) - logits).slice(1, 3, 4))).item() > 1e-3);
}

TEST_CASE("T5's loss is that of labels moved to the right, and reaches every parameter") {
  nn::Params params(6);
  const nn::T5 t5(params / "t5", small());
  params.to(f64);
  params.eval();
  const Tensor source = tensor({{3, 4, 5}}), labels = tensor({{6, 7, 1, -100}});
  const Tensor loss = t5.loss(source, labels);
  const Tensor logits = t5(source, tensor({{0, 6, 7, 1}}));
  CHECK(loss.item() ==
        doctest::Approx(cross_entropy(logits, labels, {.ignore_index = -100}).item()));
  loss.backward();
  std::vector<Tensor> weights;
  for (const nn::Param& p : params.all()) {
    CAPTURE(p.path);
    REQUIRE(p.value.grad().defined());
    CHECK(max(abs(p.value.grad())).item() > 0);
    weights.push_back(p.value);
  }
  gradcheck([&](const std::vector<Tensor>&) { return std::vector{t5.loss(source, labels)}; },
            weights, {.directions = 2});
}

TEST_CASE("T5 starts with scores of about 1, though it does not scale them") {
  nn::Params params(7);
  const nn::T5 t5(
      params.root(),
      {.vocab_size = 50, .transformer = {.embed_dim = 64, .num_heads = 4, .num_layers = 1}});
  const Tensor x = randn({200, 64});  // as RMSNorm leaves it
  const Tensor q = linear(x, params["encoder.layers.0.attention.q.weight"]).reshape({200, 4, 64});
  const Tensor k = linear(x, params["encoder.layers.0.attention.k.weight"]).reshape({200, 4, 64});
  const Tensor scores = sum(q.slice(0, 0, 100) * k.slice(0, 100, 200), -1);
  CHECK(sqrt(mean(square(scores))).item() == doctest::Approx(1).epsilon(0.15));
}

TEST_CASE("what T5 refuses") {
  nn::Params params;
  const nn::T5 t5(params / "t5", small());
  CHECK(error_of<ShapeError>([&] { t5.encode(zeros({3}, i64)); }) ==
        "t5: ids are [3]; expected [B, T] (in t5)");
  nn::T5Config c = small();
  c.head = false;
  const nn::T5 headless(params / "headless", c);
  const Tensor ids = ones({1, 2}, i64);
  CHECK(headless(ids, ids).shape() == Shape{1, 2, 8});
  CHECK(error_of<ValueError>([&] { headless.loss(ids, ids); }) ==
        "t5: a model without a head has no loss");
  CHECK(error_of<ValueError>([&] { headless.generate(ids, {}); }) ==
        "t5: a model without a head generates nothing");
}

}  // namespace tapehead::t5_test
