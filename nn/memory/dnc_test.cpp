// The Differentiable Neural Computer against the formulas of its paper.
#include "tapehead/nn/memory/dnc.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/gradcheck.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/tests/expect.h"
#include "tapehead/tests/machine_reference.h"

namespace tapehead::dnc_test {

using namespace testing;

namespace {

struct LayerFixture {
  nn::Params params{3};
  nn::DncConfig config;
  nn::Dnc dnc;
  explicit LayerFixture(const nn::DncConfig& c) : config(c), dnc(params / "dnc", c) {
    params.to(f64);
    const NoGradGuard off;  // larger weights, so that gates and modes are far from even
    for (const nn::Param& p : params.all()) p.value.mul_(4);
  }
};

double oneplus(double x) { return 1 + softplus_of(x); }

// One sequence at a time: the Methods of the paper.
struct PlainDnc {
  const nn::Params& params;
  nn::DncConfig c;
  size_t N = static_cast<size_t>(c.slots), W = static_cast<size_t>(c.slot_dim),
         R = static_cast<size_t>(c.read_heads);
  PlainController controller{static_cast<size_t>(c.hidden_size)};
  Rows memory{N, Numbers(W)}, links{N, Numbers(N)}, weights{R, Numbers(N)}, reads{R, Numbers(W)};
  Numbers usage = Numbers(N), written = Numbers(N), precedence = Numbers(N);

  Numbers allocation() const {
    std::vector<size_t> free(N);
    std::iota(free.begin(), free.end(), 0);
    std::stable_sort(free.begin(), free.end(),
                     [&](size_t a, size_t b) { return usage[a] < usage[b]; });
    Numbers a(N);
    double before = 1;
    for (const size_t slot : free) {
      a[slot] = (1 - usage[slot]) * before;
      before *= usage[slot];
    }
    return a;
  }

  void write(const Numbers& key, double strength, const Numbers& erase, const Numbers& vector,
             const Numbers& free_gates, double allocation_gate, double write_gate) {
    for (size_t i = 0; i < N; ++i) {
      double kept = 1;
      for (size_t r = 0; r < R; ++r) kept *= 1 - free_gates[r] * weights[r][i];
      usage[i] = (usage[i] + written[i] - usage[i] * written[i]) * kept;
    }
    const Numbers content = content_of(memory, key, strength), allocated = allocation();
    double sum = 0;
    for (size_t i = 0; i < N; ++i) {
      written[i] =
          write_gate * (allocation_gate * allocated[i] + (1 - allocation_gate) * content[i]);
      sum += written[i];
      for (size_t k = 0; k < W; ++k)
        memory[i][k] = memory[i][k] * (1 - written[i] * erase[k]) + written[i] * vector[k];
    }
    for (size_t i = 0; i < N; ++i)
      for (size_t j = 0; j < N; ++j)
        links[i][j] =
            i == j ? 0 : (1 - written[i] - written[j]) * links[i][j] + written[i] * precedence[j];
    for (size_t i = 0; i < N; ++i) precedence[i] = (1 - sum) * precedence[i] + written[i];
  }

  void read(size_t r, const Numbers& key, double strength, const Numbers& modes) {
    const Numbers content = content_of(memory, key, strength);
    Numbers now(N);
    for (size_t i = 0; i < N; ++i) {
      double backward = 0, forward = 0;
      for (size_t j = 0; j < N; ++j) {
        backward += links[j][i] * weights[r][j];
        forward += links[i][j] * weights[r][j];
      }
      now[i] = modes[0] * backward + modes[1] * content[i] + modes[2] * forward;
    }
    weights[r] = now;
    reads[r] = read_of(memory, now);
  }

  Numbers step(const Numbers& x) {
    controller.step(params, "dnc.controller.", c.lstm, joined(x, reads));
    const auto clip = [&](Numbers& v) {
      for (double& y : v)
        if (c.clip > 0) y = std::clamp(y, -c.clip, c.clip);
    };
    clip(controller.h), clip(controller.c);
    const Numbers made = affine(params, "dnc.interface.", controller.h);
    Taker of{made};
    Rows keys;
    Numbers strengths, free_gates;
    for (size_t r = 0; r < R; ++r) keys.push_back(of.take(W));
    for (size_t r = 0; r < R; ++r) strengths.push_back(oneplus(of.one()));
    const Numbers write_key = of.take(W);
    const double write_strength = oneplus(of.one());
    Numbers erase = of.take(W);
    for (double& e : erase) e = logistic(e);
    const Numbers vector = of.take(W);
    for (size_t r = 0; r < R; ++r) free_gates.push_back(logistic(of.one()));
    const double allocation_gate = logistic(of.one()), write_gate = logistic(of.one());
    write(write_key, write_strength, erase, vector, free_gates, allocation_gate, write_gate);
    for (size_t r = 0; r < R; ++r) read(r, keys[r], strengths[r], softmax_of(of.take(3)));
    Numbers y = affine(params, "dnc.out.", joined(controller.h, reads));
    clip(y);
    return y;
  }
};

const nn::DncConfig kSmall{.input_size = 3,
                           .output_size = 2,
                           .slots = 5,
                           .slot_dim = 4,
                           .read_heads = 1,
                           .hidden_size = 6};

std::vector<nn::DncConfig> configs() {
  nn::DncConfig many = kSmall, plain = kSmall;
  many.read_heads = 3, many.clip = 0.4;
  plain.lstm = false, plain.clip = 0;
  return {kSmall, many, plain};
}

}  // namespace

TEST_CASE("a DNC is the formulas of its paper, step by step") {
  manual_seed(1);
  for (const nn::DncConfig& config : configs()) {
    CAPTURE(config.read_heads);
    CAPTURE(config.lstm);
    const LayerFixture m(config);
    const Tensor x = randn({2, 7, 3}, f64);
    const nn::MachineOutput run = m.dnc(x, {.weights = true});
    CHECK(run.read_weights.shape() == Shape{2, 7, config.read_heads, 5});
    CHECK(run.write_weights.shape() == Shape{2, 7, 1, 5});
    for (int64_t b = 0; b < 2; ++b) {
      PlainDnc plain{m.params, config};
      nn::DncState state = m.dnc.start(1);
      for (int64_t t = 0; t < 7; ++t) {
        const Numbers y = plain.step(values(x[b][t]));
        CHECK(worst(run.out[b][t], y) < 1e-10);
        CHECK(worst(m.dnc.step(x[b][t].unsqueeze(0), state), y) < 1e-10);
        CHECK(worst(state.memory, joined({}, plain.memory)) < 1e-10);
        CHECK(worst(state.usage, plain.usage) < 1e-10);
        CHECK(worst(state.links.links, joined({}, plain.links)) < 1e-10);
        CHECK(worst(state.links.precedence, plain.precedence) < 1e-10);
        CHECK(worst(run.read_weights[b][t], joined({}, plain.weights)) < 1e-10);
        CHECK(worst(run.write_weights[b][t], plain.written) < 1e-10);
      }
    }
  }
}

TEST_CASE("a DNC has the gradients of its formulas") {
  manual_seed(2);
  for (const nn::DncConfig& config : configs()) {
    const LayerFixture m(config);
    check_machine_gradients(m.params, m.dnc);
  }
}

TEST_CASE("what DNCs refuse") {
  const auto refuse = [](auto change) {
    nn::DncConfig config = kSmall;
    change(config);
    return error_of<ValueError>([&] { const LayerFixture made(config); });
  };
  CHECK(refuse([](auto& c) { c.slots = 0; }) == "dnc: slots = 0; it must be at least 1 (in dnc)");
  CHECK(refuse([](auto& c) { c.clip = -1; }) ==
        "dnc: clip = -1; it must be at least 0, which is no limit (in dnc)");
  const LayerFixture m(kSmall);
  CHECK(error_of<ShapeError>([&] {
          m.dnc(zeros({2, 0, 3}, f64));
        }) == "machine: x is [2, 0, 3]; expected [B, T, 3] with a step at least (in dnc)");
  nn::DncState state = m.dnc.start(2);
  CHECK(error_of<ShapeError>([&] { m.dnc.step(zeros({3}, f64), state); }) ==
        "dnc: x is [3]; expected [B, 3] (in dnc)");
}

}  // namespace tapehead::dnc_test
