#include "tapehead/nn/hard_attention.h"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "tapehead/autograd/engine.h"
#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/gradcheck.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/nn/initial_state.h"
#include "tapehead/tests/expect.h"

namespace tapehead::hard_attention_test {

using testing::difference;
using testing::error_of;

namespace {

constexpr int64_t kVocab = 6, H = 4, M = 3;

struct Model {
  nn::Params params{3};
  nn::AttentionDecoder decoder;
  nn::InitialState initial;

  explicit Model(nn::DecoderFeed feed)
      : decoder(params / "m", {.vocab_size = kVocab,
                               .embed_dim = 4,
                               .hidden_size = H,
                               .cell = RnnCell::gru,
                               .attention = {.memory_dim = M},
                               .feed = feed,
                               .context_gate = true,
                               .hard = true}),
        initial(params / "initial", M, H, RnnCell::gru) {
    params.to(f64);
    no_grad([&] {
      for (const nn::Param& p : params.all()) p.value.mul_(2);  // less even probabilities
    });
  }
  nn::DecoderStart start(const Tensor& rows, const Tensor& lengths = {}) const {
    const nn::AttentionMemory memory = decoder.attention.prepare(rows, lengths);
    return {memory, initial(memory)};
  }
};

struct Loss {
  nn::Params params{1};
  nn::HardAttentionLoss loss;
  explicit Loss(const nn::HardAttentionLossOptions& o) : loss(params / "loss", o) {
    params.to(f64);
  }
};

// log p of each token, [B, T].
Tensor log_p(const nn::AttentionDecoderOutput& out, const Tensor& target) {
  return gather(log_softmax(out.logits, -1), 2, target.unsqueeze(-1)).squeeze(-1);
}
Tensor log_choice(const nn::AttentionDecoderOutput& out) {
  return log(gather(out.weights, 2, out.choices.unsqueeze(-1)).squeeze(-1));
}

}  // namespace

TEST_CASE("hard attention: the expected gradient is that of the sum over all choices") {
  constexpr int64_t S = 3, T = 3;
  for (const auto feed : {nn::DecoderFeed::context, nn::DecoderFeed::attentional})
    for (const double baseline : {0.0, -1.3}) {
      CAPTURE(static_cast<int>(feed));
      CAPTURE(baseline);
      manual_seed(1);
      const Model m(feed);
      const Tensor rows = randn({1, S, M}, f64), ids = tensor({{2, 4, 5}}),
                   target = tensor({{4, 5, 3}});
      Loss l({.entropy = 0});
      l.params.eval();
      no_grad([&] { return l.loss.baseline.fill_(baseline); });
      const std::vector<Tensor> weights = m.params.parameters();
      std::vector<Tensor> expected;
      expected.reserve(weights.size());
      for (const Tensor& w : weights) expected.push_back(zeros(w.shape(), f64));
      Tensor bound = zeros({}, f64);
      double total = 0;
      for (int64_t s = 0; s < S * S * S; ++s) {
        const Tensor choices = tensor({{s % S, s / S % S, s / (S * S)}});
        const auto out = m.decoder(m.start(rows), ids, {.choices = choices});
        const Tensor p = exp(sum(log_choice(out)));
        bound = bound + p * sum(log_p(out, target));
        total += p.item();
        const std::vector<Tensor> g = grad({l.loss(out, target)}, weights, {.retain_graph = true});
        for (size_t i = 0; i < g.size(); ++i)
          expected[i] = expected[i] - g[i] * (p.item() * static_cast<double>(T));
      }
      CHECK(total == doctest::Approx(1));
      const std::vector<Tensor> exact = grad({bound}, weights);
      for (size_t i = 0; i < exact.size(); ++i) {
        CAPTURE(i);
        CHECK(max(abs(exact[i])).item() > 1e-6);
        CHECK(difference(expected[i], exact[i]) < 1e-12);
      }
    }
}

TEST_CASE("hard attention: in training positions are drawn, in evaluation the best is taken") {
  manual_seed(2);
  const Model m(nn::DecoderFeed::context);
  const Tensor rows = randn({1, 4, M}, f64).expand({3000, 4, M}), lengths = full({3000}, 3, i64);
  const Tensor ids = full({3000, 1}, 2, i64);
  const auto out = m.decoder(m.start(rows, lengths), ids);
  for (int64_t s = 0; s < 4; ++s) {
    CAPTURE(s);
    const double share = sum((out.choices == s).to(f64)).item() / 3000;
    CHECK(std::abs(share - out.weights[0][0][s].item()) < 0.04);
  }
  m.params.eval();
  const auto best = m.decoder(m.start(rows, lengths), ids);
  CHECK(all(best.choices == argmax(best.weights, -1)).item<bool>());
}

TEST_CASE("hard attention: the loss is that of tokens and entropy, and its baseline follows") {
  manual_seed(3);
  const Model m(nn::DecoderFeed::attentional);
  const Tensor rows = randn({2, 4, M}, f64), lengths = tensor({4, 2}), pads = tensor({{0}, {0}});
  const Tensor ids = tensor({{2, 4, 5}, {2, 5, 0}}), target = tensor({{4, 5, 3}, {5, 3, 0}}),
               choices = tensor({{0, 3, 1}, {1, 1, 0}});
  Loss l({.reward = 0, .entropy = 0.3, .decay = 0.75});
  const auto out = m.decoder(m.start(rows, lengths), ids, {.choices = choices});
  const Tensor real = (target != 0).to(f64);
  const Tensor likelihood = sum(log_p(out, target) * real, {1});
  const Tensor nonzero = masked_fill(out.weights, out.weights == 0, 1);
  const Tensor entropy = -sum(out.weights * log(nonzero), {-1}) * real;
  const double expected = -(sum(likelihood).item() + 0.3 * sum(entropy).item()) / 5;
  CHECK(l.loss(out, target).item() == doctest::Approx(expected).epsilon(1e-12));
  CHECK(l.params["loss.baseline"].item() == doctest::Approx(0.25 * mean(likelihood).item()));
  l.params.eval();
  const double kept = l.loss.baseline.item();
  l.loss(out, target);
  CHECK(l.loss.baseline.item() == kept);

  std::vector<Tensor> inputs = m.params.parameters();
  gradcheck(
      [&](const std::vector<Tensor>&) {
        return l.loss(m.decoder(m.start(rows, lengths), ids, {.choices = choices}), target);
      },
      inputs, {.directions = 4});

  // The gradient of the estimator, and that padding changes neither it nor the value.
  Loss full({.reward = 0.7, .entropy = 0.3});
  full.params.eval();
  no_grad([&] { return full.loss.baseline.fill_(-1.3); });
  const Tensor reward = (likelihood.detach() + 1.3) * sum(log_choice(out) * real, {1});
  const Tensor surrogate = -(sum(likelihood + 0.7 * reward) + 0.3 * sum(entropy)) / 5;
  const Tensor wide_rows = cat({rows, randn({2, 2, M}, f64)}, 1);
  const auto wide = m.decoder(m.start(wide_rows, lengths), cat({ids, pads}, 1),
                              {.choices = cat({choices, pads}, 1)});
  const Tensor tight = full.loss(out, target), loose = full.loss(wide, cat({target, pads}, 1));
  CHECK(tight.item() == doctest::Approx(loose.item()).epsilon(1e-12));
  const auto by_hand = grad({surrogate}, inputs, {.retain_graph = true}), g = grad({tight}, inputs),
             padded = grad({loose}, inputs);
  for (size_t i = 0; i < g.size(); ++i) {
    CAPTURE(i);
    CHECK(difference(g[i], by_hand[i]) < 1e-12);
    CHECK(difference(g[i], padded[i]) < 1e-12);
  }
}

TEST_CASE("hard attention: the expected context is that of soft attention") {
  manual_seed(4);
  Model m(nn::DecoderFeed::context);
  const nn::Params other(3);
  const nn::AttentionDecoder soft(other / "m", {.vocab_size = kVocab,
                                                .embed_dim = 4,
                                                .hidden_size = H,
                                                .cell = RnnCell::gru,
                                                .attention = {.memory_dim = M},
                                                .feed = nn::DecoderFeed::context,
                                                .context_gate = true});
  other.to(f64);
  no_grad([&] {
    for (const nn::Param& p : other.all()) p.value.copy_(m.params[p.path]);
  });
  const Tensor rows = randn({400, 4, M}, f64), ids = tensor({{2, 4, 5}}).expand({400, 3});
  const auto all = m.decoder(m.start(rows), ids, {.expected = 1});
  const Tensor wanted = soft(m.start(rows), ids).logits;
  CHECK(difference(all.logits, wanted) == 0);
  CHECK(tapehead::all(all.expected).item<bool>());
  CHECK_FALSE(m.decoder(m.start(rows), ids).expected.defined());

  const auto some = m.decoder(m.start(rows), ids, {.expected = 0.25});
  CHECK(std::abs(sum(some.expected.to(f64)).item() / 400 - 0.25) < 0.08);
  for (int64_t b = 0; b < 400; ++b) {
    CAPTURE(b);
    CHECK((difference(some.logits[b], wanted[b]) < 1e-12) == some.expected[b].item<bool>());
  }
}

TEST_CASE("hard attention: rows with the expected context have no reward") {
  manual_seed(5);
  const Model m(nn::DecoderFeed::context);
  const Tensor rows = randn({2, 4, M}, f64), ids = tensor({{2, 4, 5}, {2, 5, 4}}),
               target = tensor({{4, 5, 3}, {5, 4, 3}});
  Loss l({.reward = 0.7, .entropy = 0, .decay = 0.75});
  auto out = m.decoder(m.start(rows), ids, {.choices = tensor({{0, 3, 1}, {1, 1, 0}})});
  out.expected = tensor({true, false});
  const Tensor likelihood = sum(log_p(out, target), {1});
  const Tensor reward = likelihood.detach()[1] * sum(log_choice(out)[1]);
  const Tensor surrogate = -(sum(likelihood) + 0.7 * reward) / 6;
  const std::vector<Tensor> inputs = m.params.parameters();
  const Tensor loss = l.loss(out, target);
  CHECK(l.loss.baseline.item() == doctest::Approx(0.25 * likelihood[1].item()));
  const auto by_hand = grad({surrogate}, inputs, {.retain_graph = true}),
             g = grad({loss}, inputs, {.retain_graph = true});
  for (size_t i = 0; i < g.size(); ++i) {
    CAPTURE(i);
    CHECK(difference(g[i], by_hand[i]) < 1e-12);
  }
  const double kept = l.loss.baseline.item();
  out.expected = tensor({true, true});
  l.loss(out, target);
  CHECK(l.loss.baseline.item() == kept);
}

TEST_CASE("hard attention: errors") {
  nn::Params params(1);
  CHECK(error_of<ValueError>([&] { nn::HardAttentionLoss(params / "a", {.decay = 2}); }) ==
        "hard_attention_loss: decay = 2 is outside 0..1 (in a)");
  const nn::HardAttentionLoss loss(params / "b");
  nn::AttentionDecoderOutput out{
      .logits = ones({2, 3, 9}), .weights = ones({2, 3, 4}), .gate = {}, .choices = {}};
  const Tensor target = ones({2, 3}, i64);
  CHECK(error_of<ValueError>([&] { loss(out, target); }) ==
        "hard_attention_loss: the decoder made no choices; make it with the option `hard` (in b)");
  out.choices = zeros({2, 2}, i64);
  CHECK(error_of<ShapeError>([&] { loss(out, target); }) ==
        "hard_attention_loss: logits are [2, 3, 9], weights [2, 3, 4], choices [2, 2], the target "
        "[2, 3]; expected [B, T, V], [B, T, S], [B, T] and [B, T] (in b)");
}

}  // namespace tapehead::hard_attention_test
