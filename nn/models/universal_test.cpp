#include "tapehead/nn/models/universal.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/gradcheck.h"
#include "tapehead/core/creation.h"
#include "tapehead/tests/expect.h"

namespace tapehead::universal_test {

using testing::difference;
using testing::error_of;

namespace {

nn::TransformerOptions layer_options(bool norm_first = true) {
  return {.embed_dim = 6,
          .num_heads = 2,
          .ffn_dim = 5,
          .activation = nn::tanh,
          .norm_first = norm_first,
          .ffn = {.kernel_size = norm_first ? 1 : 3}};
}

// Biases that make positions halt at different steps.
nn::UniversalOptions pondering() {
  return {.steps = 5, .adaptive = true, .threshold = 0.9, .halting_bias = -0.6};
}

struct LayerFixture {
  nn::Params params{4}, twins{4};
  nn::UniversalOptions options;
  bool norm_first;
  nn::UniversalEncoder encoder;
  nn::EncoderLayer layer;  // the same values: they follow from the seed and the path
  LayerFixture(const nn::UniversalOptions& o, bool pre = true)
      : options(o),
        norm_first(pre),
        encoder(params / "u", layer_options(pre), o),
        layer(twins / "u" / "layer", layer_options(pre)) {
    params.to(f64);
    twins.to(f64);
  }
  Tensor of(const std::string& name) const { return params["u." + name]; }
};

struct ByHand {
  std::vector<double> out;  // [T, C]
  std::vector<int64_t> steps;
  double ponder = 0;
  double margin = 1;  // how near to the threshold a position came
};

double coordinate(double at, int64_t i, int64_t width) {
  const double angle = at / std::pow(10000, double(i - i % 2) / double(width));
  return double(float(i % 2 == 0 ? std::sin(angle) : std::cos(angle)));
}

// The formulas of Graves 2016, 2.1, position by position, for x [T, C] without padding.
ByHand by_hand(const LayerFixture& m, const Tensor& x) {
  const int64_t T = x.size(0), C = x.size(1);
  const std::vector<double> w = m.of("halt.weight").to_vector<double>();
  const double b = m.of("halt.bias").item();
  ByHand r{std::vector<double>(size_t(T * C), 0), std::vector<int64_t>(size_t(T), 0)};
  std::vector<double> s = x.to_vector<double>(), sums(size_t(T), 0);
  std::vector<bool> halted(size_t(T), false);
  for (int64_t n = 1; n <= m.options.steps; ++n) {
    std::vector<double> in = s;
    for (int64_t t = 0; t < T; ++t)
      for (int64_t i = 0; i < C; ++i)
        in[size_t(t * C + i)] += coordinate(double(t), i, C) + coordinate(double(n), i, C);
    const std::vector<double> next = m.layer(from_vector(in, {1, T, C})).to_vector<double>();
    for (int64_t t = 0; t < T; ++t) {
      if (halted[size_t(t)]) continue;
      double z = b;
      for (int64_t i = 0; i < C; ++i) {
        s[size_t(t * C + i)] = next[size_t(t * C + i)];
        z += w[size_t(i)] * s[size_t(t * C + i)];
      }
      const double h = 1 / (1 + std::exp(-z)), remainder = 1 - sums[size_t(t)];
      sums[size_t(t)] += h;
      r.margin = std::min(r.margin, std::abs(sums[size_t(t)] - m.options.threshold));
      halted[size_t(t)] = sums[size_t(t)] >= m.options.threshold || n == m.options.steps;
      const double p = halted[size_t(t)] ? remainder : h;
      for (int64_t i = 0; i < C; ++i) r.out[size_t(t * C + i)] += p * s[size_t(t * C + i)];
      if (!halted[size_t(t)]) continue;
      r.steps[size_t(t)] = n;
      r.ponder += (double(n) + remainder) / double(T);
    }
  }
  if (m.norm_first)
    r.out = layer_norm(from_vector(r.out, {T, C}), m.of("norm.weight"), m.of("norm.bias"))
                .to_vector<double>();
  return r;
}

// Three sequences of 4, 1 and 3 positions; what lies behind them must not matter.
const std::vector<int64_t> kLengths = {4, 1, 3};
Tensor padded() {
  manual_seed(8);
  Tensor x = randn({3, 4, 6}, f64);
  for (int64_t i = 0; i < 3; ++i)
    if (kLengths[size_t(i)] < 4) x[i].slice(0, {kLengths[size_t(i)]}).fill_(1e3);
  return x;
}

}  // namespace

TEST_CASE("adaptive computation time is Graves's, and padding takes no part in it") {
  const Tensor x = padded();
  for (const bool norm_first : {true, false}) {
    CAPTURE(norm_first);
    const LayerFixture m(pondering(), norm_first);
    const nn::UniversalOutput all = m.encoder(x, {.lengths = from_vector(kLengths)});
    std::vector<int64_t> counts;
    for (int64_t i = 0; i < 3; ++i) {
      CAPTURE(i);
      const int64_t length = kLengths[size_t(i)];
      const Tensor alone = x.slice(0, i, i + 1).slice(1, 0, length);
      const ByHand wanted = by_hand(m, alone[0]);
      const nn::UniversalOutput one = m.encoder(alone);
      CHECK(difference(one.out, wanted.out) < 1e-13);
      CHECK(difference(all.out[i].slice(0, 0, length), wanted.out) < 1e-13);
      CHECK(one.steps.to_vector<int64_t>() == wanted.steps);
      std::vector<int64_t> steps = wanted.steps;
      counts.insert(counts.end(), steps.begin(), steps.end());
      steps.resize(4);
      CHECK(all.steps[i].to_vector<int64_t>() == steps);
      CHECK(one.ponder_cost.item() == doctest::Approx(wanted.ponder).epsilon(1e-13));
      CHECK(all.ponder_cost[i].item() == doctest::Approx(wanted.ponder).epsilon(1e-13));
    }
    // Some halted by their probabilities, at different steps.
    const auto [least, most] = std::minmax_element(counts.begin(), counts.end());
    CHECK(*least < *most);
    CHECK(*least < 5);
  }
}

TEST_CASE("a Universal Transformer has the gradients of its formula, the ponder cost too") {
  const Tensor x = padded();
  for (const bool adaptive : {true, false})
    for (const bool norm_first : {true, false}) {
      CAPTURE(adaptive);
      CAPTURE(norm_first);
      nn::UniversalOptions o = pondering();
      o.adaptive = adaptive;
      const LayerFixture m(o, norm_first);
      for (int64_t i = 0; adaptive && i < 3; ++i)
        REQUIRE(by_hand(m, x[i].slice(0, 0, kLengths[size_t(i)])).margin > 1e-3);
      std::vector<Tensor> inputs{where(abs(x) > 100, 0, x)};
      for (const nn::Param& p : m.params.all()) inputs.push_back(p.value);
      const auto f = [&](const std::vector<Tensor>& in) {
        const nn::UniversalOutput made = m.encoder(in[0], {.lengths = from_vector(kLengths)});
        const Tensor real = (made.steps > 0).to(f64).unsqueeze(2);
        return adaptive ? std::vector{made.out * real, made.ponder_cost}
                        : std::vector{made.out * real};
      };
      gradcheck(f, inputs, {.directions = 3});
      gradgradcheck(f, inputs, {.directions = 1});
    }
}

TEST_CASE("unless adaptive, all positions take all steps") {
  const Tensor x = padded().slice(0, 0, 1);
  for (const bool norm_first : {true, false}) {
    CAPTURE(norm_first);
    const LayerFixture m({.steps = 3}, norm_first);
    Tensor s = x;
    for (int64_t n = 1; n <= 3; ++n)
      s = m.layer(s + nn::sinusoidal_positions(4, 6).to(f64) +
                  nn::sinusoidal_positions(1, 6, n).to(f64));
    if (norm_first) s = layer_norm(s, m.of("norm.weight"), m.of("norm.bias"));
    const nn::UniversalOutput made = m.encoder(x, {.weights_of = WeightsOf{{1}, {0, 3}}});
    CHECK(max(abs(made.out - s)).item() < 1e-14);
    CHECK(made.steps.to_vector<int64_t>() == std::vector<int64_t>(4, 3));
    CHECK_FALSE(made.ponder_cost.defined());
    CHECK_FALSE(m.params.contains("u.halt.weight"));
    CHECK(m.params.contains("u.norm.weight") == norm_first);
    REQUIRE(made.attention_weights.size() == 3);
    CHECK(made.attention_weights[2].shape() == Shape{1, 1, 2, 4});
  }
}

TEST_CASE("when all positions have halted no more is computed") {
  const auto taken = [](double bias) {
    nn::Params params(1);
    nn::TransformerOptions layer = layer_options();
    int64_t calls = 0;
    layer.activation = [&](const Tensor& x) {
      ++calls;
      return tanh(x);
    };
    const nn::UniversalEncoder encoder(
        params / "u", layer,
        {.steps = 9, .adaptive = true, .threshold = 0.9, .halting_bias = bias});
    no_grad([&] { params["u.halt.weight"].zero_(); });
    const nn::UniversalOutput made = encoder(randn({2, 3, 6}), {.lengths = tensor({3, 1})});
    CHECK(max(made.steps).item<int64_t>() == calls);
    return calls;
  };
  CHECK(taken(10) == 1);
  CHECK(taken(0) == 2);
  CHECK(taken(-1) == 4);
  CHECK(taken(-10) == 9);
}

TEST_CASE("positions say where what is encoded stands") {
  const LayerFixture m(pondering());
  const Tensor x = padded().slice(0, 0, 1), order = tensor({2, 0, 3, 1});
  const Tensor plain = m.encoder(x).out;
  const Tensor moved = m.encoder(index_select(x, 1, order), {}, order.unsqueeze(0)).out;
  CHECK(max(abs(moved - index_select(plain, 1, order))).item() < 1e-13);
}

TEST_CASE("what Universal Transformers refuse") {
  const auto refuse = [](const nn::UniversalOptions& o) {
    return error_of<ValueError>([&] { const LayerFixture made(o); });
  };
  CHECK(refuse({.steps = 0}) ==
        "universal: 0 steps and a threshold of 0.99; there must be at least 1 step, and the "
        "threshold lies between 0 and 1 (in u)");
  CHECK(refuse({.threshold = 1}) ==
        "universal: 6 steps and a threshold of 1; there must be at least 1 step, and the threshold "
        "lies between 0 and 1 (in u)");
  CHECK(error_of<ValueError>([] {
          nn::Params params;
          nn::UniversalEncoder(params / "u", {.embed_dim = 4, .mixture = nn::MixtureOptions{}}, {});
        }) == "universal: the layer has no mixture of experts; leave `mixture` out (in u)");
  const LayerFixture m({});
  CHECK(error_of<ShapeError>([&] {
          m.encoder(zeros({2, 4}, f64));
        }) == "universal: x is [2, 4]; expected [B, T, 6] (in u)");
  CHECK(error_of<ShapeError>([&] {
          m.encoder(zeros({2, 4, 5}, f64));
        }) == "universal: x is [2, 4, 5]; expected [B, T, 6] (in u)");
  CHECK(error_of<ShapeError>([&] {
          m.encoder(zeros({2, 4, 6}, f64), {}, zeros({2, 3}, i64));
        }) == "universal: x is [2, 4, 6] and positions [2, 3]; expected [2, 4] (in u)");
}

}  // namespace tapehead::universal_test
