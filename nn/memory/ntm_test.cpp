// The Neural Turing Machine against the formulas of its paper.
#include "tapehead/nn/memory/ntm.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/gradcheck.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/tests/expect.h"
#include "tapehead/tests/machine_reference.h"

namespace tapehead::ntm_test {

using namespace testing;

namespace {

struct LayerFixture {
  nn::Params params{3};
  nn::NtmConfig config;
  nn::Ntm ntm;
  explicit LayerFixture(const nn::NtmConfig& c) : config(c), ntm(params / "ntm", c) {
    params.to(f64);
    const NoGradGuard off;  // larger weights, so that gates and shifts are far from even
    for (const nn::Param& p : params.all()) p.value.mul_(4);
  }
};

// One sequence at a time, eq. 1 to 9 of the paper.
struct PlainNtm {
  const nn::Params& params;
  nn::NtmConfig c;
  size_t N = static_cast<size_t>(c.slots), W = static_cast<size_t>(c.slot_dim),
         R = static_cast<size_t>(c.read_heads), H = static_cast<size_t>(c.write_heads),
         S = static_cast<size_t>(c.shift);
  PlainController controller{static_cast<size_t>(c.hidden_size)};
  Rows memory{N, Numbers(W, 1e-6)}, weights{R + H, Numbers(N)}, reads{R, Numbers(W)};

  void start() {
    for (Numbers& w : weights) w[0] = 1;
  }

  Numbers step(const Numbers& x) {
    controller.step(params, "ntm.controller.", c.lstm, joined(x, reads));
    const Numbers made = affine(params, "ntm.heads.", controller.h);
    Taker of{made};
    Rows keys, shifts, erase, add;
    Numbers strengths, gates, gammas;
    for (size_t r = 0; r < R + H; ++r) keys.push_back(of.take(W));
    for (size_t r = 0; r < R + H; ++r) strengths.push_back(softplus_of(of.one()));
    for (size_t r = 0; r < R + H; ++r) gates.push_back(logistic(of.one()));
    for (size_t r = 0; r < R + H; ++r) shifts.push_back(softmax_of(of.take(2 * S + 1)));
    for (size_t r = 0; r < R + H; ++r) gammas.push_back(1 + softplus_of(of.one()));
    for (size_t r = 0; r < H; ++r) erase.push_back(of.take(W));
    for (size_t r = 0; r < H; ++r) add.push_back(of.take(W));

    for (size_t r = 0; r < R + H; ++r) {
      for (double& k : keys[r]) k = std::tanh(k);
      const Numbers content = content_of(memory, keys[r], strengths[r]);
      Numbers chosen(N), moved(N);
      for (size_t i = 0; i < N; ++i)
        chosen[i] = gates[r] * content[i] + (1 - gates[r]) * weights[r][i];
      for (size_t i = 0; i < N; ++i)
        for (size_t k = 0; k <= 2 * S; ++k) moved[(i + k + N - S) % N] += chosen[i] * shifts[r][k];
      double total = 0;
      for (double& w : moved) total += w = std::pow(w, gammas[r]);
      for (size_t i = 0; i < N; ++i) weights[r][i] = moved[i] / total;
    }
    for (size_t i = 0; i < N; ++i)
      for (size_t k = 0; k < W; ++k) {
        for (size_t r = 0; r < H; ++r)
          memory[i][k] *= 1 - weights[R + r][i] * logistic(erase[r][k]);
        for (size_t r = 0; r < H; ++r) memory[i][k] += weights[R + r][i] * std::tanh(add[r][k]);
      }
    for (size_t r = 0; r < R; ++r) reads[r] = read_of(memory, weights[r]);
    return affine(params, "ntm.out.", joined(controller.h, reads));
  }
};

const nn::NtmConfig kSmall{
    .input_size = 3, .output_size = 2, .slots = 5, .slot_dim = 4, .hidden_size = 6};

std::vector<nn::NtmConfig> configs() {
  nn::NtmConfig many = kSmall, plain = kSmall;
  many.read_heads = 2, many.write_heads = 3, many.shift = 2;
  plain.lstm = false, plain.shift = 0;
  return {kSmall, many, plain};
}

}  // namespace

TEST_CASE("an NTM is the formulas of its paper, step by step") {
  manual_seed(1);
  for (const nn::NtmConfig& config : configs()) {
    CAPTURE(config.read_heads);
    CAPTURE(config.lstm);
    const LayerFixture m(config);
    const Tensor x = randn({2, 6, 3}, f64);
    const nn::MachineOutput run = m.ntm(x, {.weights = true});
    const int64_t R = config.read_heads, H = config.write_heads;
    CHECK(run.read_weights.shape() == Shape{2, 6, R, 5});
    CHECK(run.write_weights.shape() == Shape{2, 6, H, 5});
    for (int64_t b = 0; b < 2; ++b) {
      PlainNtm plain{m.params, config};
      plain.start();
      nn::NtmState state = m.ntm.start(1);
      for (int64_t t = 0; t < 6; ++t) {
        const Numbers y = plain.step(values(x[b][t]));
        CHECK(worst(run.out[b][t], y) < 1e-10);
        CHECK(worst(m.ntm.step(x[b][t].unsqueeze(0), state), y) < 1e-10);
        CHECK(worst(state.memory, joined({}, plain.memory)) < 1e-10);
        CHECK(worst(state.weights, joined({}, plain.weights)) < 1e-10);
        CHECK(worst(cat({run.read_weights[b][t], run.write_weights[b][t]}),
                    joined({}, plain.weights)) < 1e-10);
      }
    }
  }
}

TEST_CASE("an NTM has the gradients of its formulas") {
  manual_seed(2);
  for (const nn::NtmConfig& config : configs()) {
    const LayerFixture m(config);
    check_machine_gradients(m.params, m.ntm);
  }
}

TEST_CASE("an NTM may be run with more slots than it was trained with") {
  const LayerFixture m(kSmall);
  nn::NtmConfig wide = kSmall;
  wide.slots = 50;
  const LayerFixture other(wide);
  CHECK(m.params.count() == other.params.count());
}

TEST_CASE("what NTMs refuse") {
  const auto refuse = [](auto change) {
    nn::NtmConfig config = kSmall;
    change(config);
    return error_of<ValueError>([&] { const LayerFixture made(config); });
  };
  CHECK(refuse([](auto& c) { c.input_size = 0; }) ==
        "ntm: input_size = 0; it must be at least 1 (in ntm)");
  CHECK(refuse([](auto& c) { c.write_heads = -1; }) ==
        "ntm: write_heads = -1; it must be at least 1 (in ntm)");
  for (const int64_t shift : {-1, 3})
    CHECK(refuse([&](auto& c) { c.shift = shift; }) ==
          fmt::format("ntm: shift = {} with 5 slots; it must be at least 0, and 2 shift + 1 at "
                      "most the slots (in ntm)",
                      shift));
  const LayerFixture m(kSmall);
  CHECK(error_of<ShapeError>([&] {
          m.ntm(zeros({2, 4, 7}, f64));
        }) == "machine: x is [2, 4, 7]; expected [B, T, 3] with a step at least (in ntm)");
  nn::NtmState state = m.ntm.start(2);
  CHECK(error_of<ShapeError>([&] {
          m.ntm.step(zeros({2, 7}, f64), state);
        }) == "ntm: x is [2, 7]; expected [B, 3] (in ntm)");
}

}  // namespace tapehead::ntm_test
