// Dynamic memory networks.
#include "tapehead/nn/memory/dmn.h"

#include <cmath>

#include "tapehead/core/creation.h"
#include "tapehead/tests/expect.h"
#include "tapehead/tests/small_stories.h"

namespace tapehead::dmn_test {

using namespace testing;

namespace {

nn::DmnConfig small() {
  return {.vocab_size = kStoryWords, .words = 4, .embed_dim = 4, .hops = 2, .dropout = 0};
}

struct LayerFixture {
  nn::Params params{3};
  nn::Dmn net;
  explicit LayerFixture(const nn::DmnConfig& c) : net(params / "net", c) { params.to(f64); }
};

}  // namespace

TEST_CASE("an attention GRU is the formulas of its paper") {
  constexpr int64_t kB = 2, kM = 4, kC = 3;
  nn::Params params(1);
  const nn::AttentionGru gru(params / "gru", kC);
  params.to(f64);
  manual_seed(2);
  params["gru.b"].detach().copy_(randn({2 * kC}, f64));
  const Tensor facts = randn({kB, kM, kC}, f64), gates = rand({kB, kM}, f64);
  const std::vector<int64_t> lengths{4, 2};
  const Tensor got = gru(facts, gates, from_vector(lengths));
  const auto number = [](const Tensor& t, int64_t i) { return t.data<double>()[i]; };
  for (int64_t b = 0; b < kB; ++b) {
    Doubles h(kC), next(kC);
    for (int64_t i = 0; i < lengths[static_cast<size_t>(b)]; ++i) {
      const double g = number(gates, b * kM + i);
      for (int64_t c = 0; c < kC; ++c) {
        double from_x[2], from_h[2] = {0, 0};
        for (int64_t part = 0; part < 2; ++part) {
          const int64_t row = part * kC + c;
          from_x[part] = number(params["gru.b"], row);
          for (int64_t k = 0; k < kC; ++k) {
            from_x[part] +=
                number(params["gru.w"], row * kC + k) * number(facts, (b * kM + i) * kC + k);
            from_h[part] += number(params["gru.u"], row * kC + k) * h[static_cast<size_t>(k)];
          }
        }
        const double r = 1 / (1 + std::exp(-from_x[0] - from_h[0]));
        next[static_cast<size_t>(c)] =
            g * std::tanh(from_x[1] + r * from_h[1]) + (1 - g) * h[static_cast<size_t>(c)];
      }
      h = next;
    }
    for (int64_t c = 0; c < kC; ++c)
      CHECK(number(got, b * kC + c) == doctest::Approx(h[static_cast<size_t>(c)]).epsilon(1e-12));
  }
}

TEST_CASE("an attention GRU takes gates that are shut and open") {
  nn::Params params(1);
  const nn::AttentionGru gru(params / "gru", 3);
  const Tensor facts = randn({1, 3, 3}), lengths = tensor({3});
  Tensor gates = tensor({{0.0, 1.0, 0.0}});
  gates.set_requires_grad();
  const Tensor all = gru(facts, gates, lengths);
  const Tensor one = gru(facts.slice(1, 1, 2), tensor({{1.0}}), tensor({1}));
  CHECK(max(abs(all - one)).item() < 1e-5);
  sum(all).backward();
  CHECK(tapehead::all(isfinite(gates.grad())).item() == 1);
}

TEST_CASE("DMN+ has the gradients of its formulas") {
  for (const double supervision : {0.0, 0.7}) {
    nn::DmnConfig config = small();
    config.supervision = supervision;
    const LayerFixture m(config);
    check_gradients(m.params, [&](const data::StoryBatch& batch) { return m.net.loss(batch); });
  }
}

TEST_CASE("DMN+ answers a story as it does alone") {
  const LayerFixture m(small());
  check_each_alone(m.net);
  const nn::StoryOutput answered = m.net(batch_of(small_stories()));
  CHECK(answered.attention_weights.size() == 2);
  for (const Tensor& look : answered.attention_weights)
    for (const double total : values(sum(look, -1))) CHECK(total == doctest::Approx(1));
}

TEST_CASE("DMN+ can be told what to look at") {
  nn::DmnConfig config = small();
  config.supervision = 2;
  const LayerFixture m(config);
  const std::vector<data::Story> stories = small_stories();
  const nn::StoryOutput answered = m.net(batch_of(stories));
  // Of stories with 2, 1 and 2 supports, of the first two hops.
  double total = 0;
  for (size_t b = 0; b < stories.size(); ++b)
    for (size_t t = 0; t < stories[b].supports.size(); ++t)
      total -= std::log(
          answered.attention_weights[t][static_cast<int64_t>(b)][stories[b].supports[t]].item());
  CHECK(answered.auxiliary_loss.item() == doctest::Approx(2 * total / 5));
  CHECK(!LayerFixture(small()).net(batch_of(stories)).auxiliary_loss.defined());
  std::vector<data::Story> untold = stories;
  for (data::Story& s : untold) s.supports.clear();
  CHECK(!m.net(batch_of(untold)).auxiliary_loss.defined());
}

TEST_CASE("DMN+ drops out in training alone") {
  nn::DmnConfig config = small();
  config.dropout = 0.5;
  const LayerFixture m(config), without(small());
  const data::StoryBatch batch = batch_of(small_stories());
  CHECK(values(m.net(batch).logits) != values(without.net(batch).logits));
  m.params.eval();
  CHECK(values(m.net(batch).logits) == values(without.net(batch).logits));
}

TEST_CASE("what DMN+ refuses") {
  const auto refuse = [](const nn::DmnConfig& c) {
    return error_of<ValueError>([&] { const LayerFixture made(c); });
  };
  CHECK(
      refuse({.vocab_size = 3, .words = 2, .hops = 0}) ==
      "dmn: vocab_size = 3, words = 2, embed_dim = 80, hops = 0; all must be at least 1 (in net)");
  CHECK(refuse({.vocab_size = 3, .words = 2, .dropout = 1}) ==
        "dmn: dropout = 1 and supervision = 0; they must be 0 or more, dropout below 1 (in net)");
  CHECK(error_of<ShapeError>([] {
          nn::DmnConfig c = small();
          c.words = 3;
          const LayerFixture m(c);
          m.net(batch_of(small_stories()));
        }) == "dmn: a text has 4 words, the network takes 3; make it with words = 4 (in net)");
}

}  // namespace tapehead::dmn_test
