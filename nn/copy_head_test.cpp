// Compares copying with its formula, evaluated word by word in double precision.
#include "tapehead/nn/copy_head.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tapehead/autograd/gradcheck.h"
#include "tapehead/core/creation.h"
#include "tapehead/tests/expect.h"

namespace tapehead::copy_head_test {

using testing::error_of;
using testing::values;

namespace {

constexpr int64_t B = 2, T = 3, S = 5, V = 6, kExtended = 8;

// Contains repeated words, words outside the vocabulary, and padding.
Tensor some_source() {
  return from_vector(std::vector<int64_t>{4, 4, 6, 7, 5, 5, 2, 6, 5, 0}, {B, S});
}
Tensor some_targets() { return from_vector(std::vector<int64_t>{4, 7, 1, 6, 3, 5}, {B, T}); }

struct Inputs {
  Tensor logits, scores, gate;
  nn::CopyMix mix() const { return {logits, softmax(scores, -1), gate}; }
};
Inputs some_inputs() {
  Generator generator{7, 0};
  return {randn({B, T, V}, f64, generator), randn({B, T, S}, f64, generator),
          randn({B, T}, f64, generator)};
}

// p(w) of every word w at step t of row b.
std::vector<double> plain(const nn::CopyMix& mix, const Tensor& source, int64_t b, int64_t t) {
  const double g = 1 / (1 + std::exp(-mix.gate[b][t].item<double>()));
  std::vector<double> p(kExtended), written = values(softmax(mix.logits[b][t], -1)),
                                    weights = values(mix.weights[b][t]);
  for (size_t w = 0; w < written.size(); ++w) p[w] = g * written[w];
  for (int64_t s = 0; s < S; ++s)
    p[static_cast<size_t>(source[b][s].item<int64_t>())] +=
        (1 - g) * weights[static_cast<size_t>(s)];
  return p;
}

}  // namespace

TEST_CASE("a word's probability is that it is written plus that it is copied") {
  const Tensor source = some_source();
  const nn::CopyMix mix = some_inputs().mix();
  CHECK(nn::extended_vocab(source, V) == kExtended);
  const Tensor log_p = nn::copy_log_probs(mix, source, kExtended);
  REQUIRE(log_p.shape() == Shape{B, T, kExtended});
  for (int64_t b = 0; b < B; ++b)
    for (int64_t t = 0; t < T; ++t) {
      const std::vector<double> want = plain(mix, source, b, t), got = values(log_p[b][t]);
      double sum = 0;
      for (size_t w = 0; w < want.size(); ++w) {
        CAPTURE(w);
        CHECK(std::exp(got[w]) == doctest::Approx(want[w]).epsilon(1e-12));
        CHECK((want[w] == 0) == std::isinf(got[w]));
        sum += std::exp(got[w]);
      }
      CHECK(sum == doctest::Approx(1));
    }
}

TEST_CASE("the loss of copying is its formula's, smoothed over the vocabulary") {
  const Tensor source = some_source(), target = some_targets();
  const nn::CopyMix mix = some_inputs().mix();
  for (const double smoothing : {0.0, 0.1, 0.7}) {
    CAPTURE(smoothing);
    const Tensor each = nn::copy_loss(mix, source, target,
                                      {.label_smoothing = smoothing, .reduction = Reduction::none});
    double sum = 0;
    for (int64_t b = 0; b < B; ++b)
      for (int64_t t = 0; t < T; ++t) {
        const std::vector<double> p = plain(mix, source, b, t);
        double want =
            -(1 - smoothing) * std::log(p[static_cast<size_t>(target[b][t].item<int64_t>())]);
        for (size_t w = 0; w < V; ++w) want -= smoothing / V * std::log(p[w]);
        CHECK(each[b][t].item<double>() == doctest::Approx(want).epsilon(1e-12));
        sum += want;
      }
    const auto loss = [&](Reduction reduction) {
      return nn::copy_loss(mix, source, target,
                           {.label_smoothing = smoothing, .reduction = reduction})
          .item<double>();
    };
    CHECK(loss(Reduction::sum) == doctest::Approx(sum));
    CHECK(loss(Reduction::mean) == doctest::Approx(sum / (B * T)));
  }
}

TEST_CASE("targets that are ignored count for nothing") {
  const Tensor source = some_source(), target = some_targets(), padded = target.clone();
  padded.data<int64_t>()[1] = padded.data<int64_t>()[4] = -100;
  Inputs in = some_inputs();
  in.logits.set_requires_grad();
  const Tensor each = nn::copy_loss(in.mix(), source, target, {.reduction = Reduction::none});
  const Tensor loss = nn::copy_loss(in.mix(), source, padded, {.label_smoothing = 0});
  const std::vector<double> l = values(each.detach());
  CHECK(loss.item<double>() == doctest::Approx((l[0] + l[2] + l[3] + l[5]) / 4));
  loss.backward();
  CHECK(max(abs(in.logits.grad()[0][1])).item() == 0);
  CHECK(max(abs(in.logits.grad()[0][0])).item() > 0);
}

TEST_CASE("gradients of copying, and theirs") {
  const Tensor source = some_source(), target = some_targets();
  const Inputs in = some_inputs();
  for (const double smoothing : {0.0, 0.2}) {
    const auto loss = [&](const Tensor& logits, const Tensor& scores, const Tensor& gate) {
      return nn::copy_loss({logits, softmax(scores, -1), gate}, source, target,
                           {.label_smoothing = smoothing});
    };
    gradcheck(loss, {in.logits, in.scores, in.gate});
    gradgradcheck(loss, {in.logits, in.scores, in.gate});
  }
  const auto log_probs = [&](const Tensor& logits, const Tensor& scores, const Tensor& gate) {
    const Tensor p = nn::copy_log_probs({logits, softmax(scores, -1), gate}, source, kExtended);
    return masked_select(p, isfinite(p));
  };
  gradcheck(log_probs, {in.logits, in.scores, in.gate});
  gradgradcheck(log_probs, {in.logits, in.scores, in.gate});
}

TEST_CASE("gradients of the gate and of the attention that copies") {
  nn::Params params(1);
  const nn::CopyAttention attend(params / "attention", 4, 3);
  const nn::CopyGate gate(params / "gate", 3, 4, 2);
  params.to(f64);
  const Tensor lengths = from_vector(std::vector<int64_t>{5, 3});
  const auto run = [&](const Tensor& state, const Tensor& memory, const Tensor& input) {
    const auto seen = attend(state, attend.keys(memory), memory, lengths);
    return std::vector<Tensor>{seen.weights, gate(seen.context, state, input)};
  };
  const Tensor state = randn({B, T, 4}, f64), memory = randn({B, S, 3}, f64),
               input = randn({B, T, 2}, f64);
  gradcheck(run, {state, memory, input});
  gradgradcheck(run, {state, memory, input});
  const Tensor weights = run(state, memory, input)[0];
  CHECK(max(abs(weights[1].slice(1, 3, 5))).item() == 0);
  CHECK(max(abs(sum(weights, {-1}) - 1)).item() < 1e-12);
}

TEST_CASE("copying stays a number where probabilities vanish") {
  const Tensor source = some_source(), target = some_targets();
  for (const double size : {1e2, 1e4})
    for (const double level : {-1e4, -50.0, 50.0, 1e4}) {
      CAPTURE(size);
      CAPTURE(level);
      Inputs in = some_inputs();
      Tensor logits = (in.logits * size).to(f32).set_requires_grad(),
             scores = (in.scores * size).to(f32).set_requires_grad(),
             gates = full({B, T}, level, f32).set_requires_grad();
      nn::copy_loss({logits, softmax(scores, -1), gates}, source, target, {.label_smoothing = 0.1})
          .backward();
      for (const Tensor& t : {logits, scores, gates}) CHECK(all(isfinite(t.grad())).item<bool>());
    }
}

TEST_CASE("what copying refuses") {
  const Tensor source = some_source(), target = some_targets();
  const nn::CopyMix mix = some_inputs().mix();
  CHECK(error_of<ShapeError>([&] { nn::copy_log_probs(mix, target, 8); }) ==
        "copy_log_probs: logits are [2, 3, 6], weights [2, 3, 5], the gate [2, 3], the source [2, "
        "3]; expected [B, T, V], [B, T, S], [B, T] and [B, S]");
  CHECK(error_of<ShapeError>([&] { nn::copy_loss(mix, source, source); }) ==
        "copy_loss: target is [2, 5]; expected [2, 3], as the gate");
  CHECK(error_of<ValueError>([&] { nn::copy_log_probs(mix, source, 5); }) ==
        "copy_log_probs: extended = 5, but the vocabulary has 6 words; it counts them, too");
  CHECK(error_of<IndexError>([&] { nn::copy_log_probs(mix, source, 7); }) ==
        "scatter_add: indices[0, 0, 3] = 7 is outside 0..6");
  CHECK(error_of<ValueError>([&] { nn::copy_loss(mix, source, target, {.label_smoothing = 1}); }) ==
        "copy_loss: label_smoothing is 1; it must be in 0..1, and not 1");
  const Tensor wrong = target.clone();
  wrong.data<int64_t>()[3] = 7;  // only in the first source
  CHECK(error_of<IndexError>([&] { nn::copy_loss(mix, source, wrong); }) ==
        "copy_loss: target[1, 0] = 7 is a word neither of the vocabulary nor of its source; such a "
        "word is unk");
  wrong.data<int64_t>()[3] = -1;
  CHECK(error_of<IndexError>([&] { nn::copy_loss(mix, source, wrong); }) ==
        "copy_loss: target[1, 0] = -1 is a word neither of the vocabulary nor of its source; such "
        "a word is unk");
}

}  // namespace tapehead::copy_head_test
