#include "tapehead/nn/rnn.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/gradcheck.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/tests/oracles/rnn_cases.h"
#include "tapehead/tests/scratch.h"

namespace tapehead::rnn_test {

using namespace test;

namespace {

constexpr int64_t B = 3, T = 4, C = 2, H = 2;

// The formula of tests/oracles/rnn.py.
Tensor formula(const Shape& shape, int64_t salt, DType dtype) {
  std::vector<double> values(static_cast<size_t>(shape.numel()));
  for (size_t k = 0; k < values.size(); ++k)
    values[k] = static_cast<double>((static_cast<int64_t>(k) * 73 + salt * 31) % 65 - 32) / 64;
  return from_vector(values, shape).to(dtype);
}

void check_close(const char* what, const Tensor& got, const std::vector<double>& want,
                 double tolerance) {
  CAPTURE(what);
  const std::vector<double> values = got.to_vector<double>();
  REQUIRE(values.size() == want.size());
  for (size_t i = 0; i < want.size(); ++i) {
    CAPTURE(i);
    CHECK(std::abs(values[i] - want[i]) <= tolerance * std::max(1.0, std::abs(want[i])));
  }
}

void fill(const nn::Params& params, DType dtype) {
  params.to(dtype);
  const NoGradGuard no_grad;
  int64_t salt = 0;
  for (const nn::Param& p : params.all()) {
    Tensor value = p.value;
    value.copy_(formula(value.shape(), salt++, dtype));
  }
}

void check_case(const TorchRnn& t, DType dtype, double tolerance) {
  nn::Params params(1);
  const nn::Rnn rnn(
      params / "rnn", C, H,
      {.cell = nn::cell_from(t.cell), .num_layers = t.layers, .bidirectional = t.bidirectional});
  fill(params, dtype);
  Tensor x = formula({B, T, C}, 100, dtype);
  x.set_requires_grad();
  const Shape states{t.layers * (t.bidirectional ? 2 : 1), B, H};
  const bool lstm = std::string(t.cell) == "lstm";
  nn::RnnState first;
  if (t.given) first.h = formula(states, 101, dtype);
  if (t.given && lstm) first.c = formula(states, 102, dtype);
  const nn::RnnOutput r = rnn(x, t.varied ? tensor({4, 1, 3}) : Tensor(), first);
  CHECK(r.state.c.defined() == lstm);

  Tensor loss = sum(r.out * formula(r.out.shape(), 103, dtype)) +
                sum(r.state.h * formula(states, 104, dtype));
  if (lstm) loss = loss + sum(r.state.c * formula(states, 105, dtype));
  loss.backward();
  std::vector<Tensor> gradients;
  for (const nn::Param& p : params.all()) gradients.push_back(p.value.grad().reshape({-1}));
  check_close("out", r.out, t.out, tolerance);
  check_close("h", r.state.h, t.h, tolerance);
  if (lstm) check_close("c", r.state.c, t.c, tolerance);
  check_close("gradient of x", x.grad(), t.dx, tolerance);
  check_close("gradients of the weights", cat(gradients, 0), t.dweights, tolerance);
}

}  // namespace

TEST_CASE("rnn: results and gradients equal PyTorch's") {
  for (const TorchRnn& t : kTorchRnns) {
    CAPTURE(t.cell);
    CAPTURE(t.layers);
    check_case(t, f64, 1e-13);
    check_case(t, f32, 1e-5);
  }
}

TEST_CASE("rnn: layers in both directions have first and second derivatives") {
  for (const RnnCell cell : {RnnCell::tanh, RnnCell::lstm, RnnCell::gru}) {
    nn::Params params(1);
    const nn::Rnn rnn(params / "rnn", C, H, {.cell = cell, .num_layers = 2, .bidirectional = true});
    fill(params, f64);
    std::vector<Tensor> inputs{formula({B, T, C}, 100, f64)};
    for (const nn::Param& p : params.all()) inputs.push_back(p.value);
    const auto f = [&](const std::vector<Tensor>& in) {
      const nn::RnnOutput r = rnn(in[0], tensor({4, 0, 3}));
      return std::vector{r.out, r.state.h};
    };
    gradcheck(f, inputs, {.directions = 3});
    gradgradcheck(f, inputs, {.directions = 1});
  }
}

TEST_CASE("rnn: a cell, step by step, is the network") {
  for (const char* name : {"tanh", "relu", "lstm", "gru"}) {
    CAPTURE(name);
    nn::Params params(1);
    const nn::Cell cell(params / "cell", C, H, {.cell = nn::cell_from(name)});
    const nn::Rnn rnn(params / "rnn", C, H, {.cell = nn::cell_from(name)});
    params.to(f64);
    const NoGradGuard no_grad;
    for (const char* part : {"weight_ih", "weight_hh", "bias_ih", "bias_hh"}) {
      Tensor to = params[std::string("cell.") + part];
      to.copy_(params[std::string("rnn.") + part + "_l0"]);
    }
    const Tensor x = formula({B, T, C}, 7, f64);
    const nn::RnnOutput whole = rnn(x);
    nn::RnnState state;
    for (int64_t t = 0; t < T; ++t) {
      state = cell(x.select(1, t), state);
      check_close("h", state.h, whole.out.select(1, t).to_vector<double>(), 1e-14);
    }
    if (state.c.defined()) check_close("c", state.c, whole.state.c[0].to_vector<double>(), 1e-14);
  }
}

TEST_CASE("rnn: what lies past a sequence's end is not read, and gives zeros") {
  nn::Params params(2);
  const nn::Rnn rnn(params / "rnn", C, H,
                    {.cell = RnnCell::gru, .num_layers = 2, .bidirectional = true});
  const Tensor x = formula({B, T, C}, 7, f32), lengths = tensor({4, 1, 3});
  const Tensor beyond = padding_mask(lengths, T);
  const nn::RnnOutput clean = rnn(x, lengths),
                      dirty = rnn(masked_fill(x, beyond.unsqueeze(-1), 1e30), lengths);
  CHECK(clean.out.to_vector<double>() == dirty.out.to_vector<double>());
  CHECK(clean.state.h.to_vector<double>() == dirty.state.h.to_vector<double>());
  CHECK(sum(abs(clean.out) * beyond.unsqueeze(-1).to(f32)).item() == 0);
}

TEST_CASE("rnn: dropout is between the layers, in training alone") {
  const Tensor x = formula({B, T, C}, 7, f32);
  const auto out_of = [&](int64_t layers, double dropout, bool training) {
    nn::Params params(2);
    const nn::Rnn rnn(params / "rnn", C, H,
                      {.cell = RnnCell::gru, .num_layers = layers, .dropout = dropout});
    if (!training) params.eval();
    manual_seed(3);
    return rnn(x).out.to_vector<double>();
  };
  CHECK(out_of(1, 0.5, true) == out_of(1, 0, true));  // no dropout after the last layer
  CHECK(out_of(2, 0.5, true) != out_of(2, 0, true));
  CHECK(out_of(2, 0.5, false) == out_of(2, 0, false));
}

TEST_CASE("rnn: an LSTM's forget gate starts open when asked") {
  const auto bias = [](double forget_bias) {
    nn::Params params(4);
    const nn::Cell cell(params / "cell", C, H, {.cell = RnnCell::lstm, .forget_bias = forget_bias});
    return cell.weights.b_ih.to_vector<double>();
  };
  const std::vector<double> closed = bias(0), open = bias(1);
  for (size_t i = 0; i < closed.size(); ++i)
    CHECK(open[i] - closed[i] == doctest::Approx(i / H == 1 ? 1 : 0).epsilon(1e-6));
}

TEST_CASE("rnn: errors name the layer and say what to do") {
  nn::Params params(1);
  CHECK(message_of<ValueError>([&] { nn::Rnn(params / "none", C, H, {.num_layers = 0}); }) ==
        "rnn: num_layers = 0; at least 1 (in none)");
  CHECK(message_of<ValueError>([] { nn::cell_from("rnn"); }) ==
        "cell: there is no 'rnn'; take one of tanh, relu, lstm, gru");
  const nn::Rnn rnn(params / "encoder", C, H);
  const std::string wrong = message_of<ShapeError>([&] { rnn(zeros({B, T, C + 1})); });
  CAPTURE(wrong);
  CHECK(wrong.ends_with("(in encoder)"));
}

}  // namespace tapehead::rnn_test
