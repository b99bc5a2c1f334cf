#include <doctest/doctest.h>

#include "tapehead/autograd/engine.h"
#include "tapehead/core/creation.h"
#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {
namespace {

int64_t gates_of(RnnCell cell) { return cell == RnnCell::lstm ? 4 : cell == RnnCell::gru ? 3 : 1; }

constexpr int64_t kB = 3, kT = 3, kC = 2, kH = 3;

struct Setting {
  std::vector<int64_t> lengths = {};  // empty: all have T steps
  bool reverse = false, biases = true, states = true;
  int64_t projection = 0;  // P, if not 0
  int64_t state() const { return projection ? projection : kH; }
};

// The papers' formulas, element by element.
Arrays plain_recurrent(RnnCell cell, Arrays& in, const Setting& how) {
  const int64_t G = gates_of(cell);
  const bool reverse = how.reverse;
  std::vector<int64_t> lengths = how.lengths;
  if (lengths.empty()) lengths.assign(kB, kT);
  size_t next = 3;
  const auto operand = [&](bool is_given, const Shape& shape) {
    return is_given ? in[next++] : Array(shape);
  };
  const Array b_ih = operand(how.biases, {G * kH}), b_hh = operand(how.biases, {G * kH});
  const int64_t P = how.state();
  Array out({kB, kT, P}), h = operand(how.states, {kB, P});
  Array c = operand(how.states && cell == RnnCell::lstm, {kB, kH});
  for (int64_t b = 0; b < kB; ++b)
    for (int64_t i = 0; i < kT; ++i) {
      const int64_t t = reverse ? kT - 1 - i : i;
      if (t >= lengths[static_cast<size_t>(b)]) continue;
      Array from_x({G, kH}), from_h({G, kH});
      for (int64_t g = 0; g < G * kH; ++g) {
        from_x[g] = b_ih.values[static_cast<size_t>(g)];
        from_h[g] = b_hh.values[static_cast<size_t>(g)];
        for (int64_t k = 0; k < kC; ++k) from_x[g] += in[1](g, k) * in[0](b, t, k);
        for (int64_t k = 0; k < P; ++k) from_h[g] += in[2](g, k) * h(b, k);
      }
      Array next_h({kH});
      for (int64_t j = 0; j < kH; ++j) {
        const auto both = [&](int64_t g) { return from_x(g, j) + from_h(g, j); };
        if (cell == RnnCell::tanh) next_h[j] = std::tanh(both(0));
        if (cell == RnnCell::relu) next_h[j] = std::max(0.0, both(0));
        if (cell == RnnCell::lstm) {
          c(b, j) = logistic(both(1)) * c(b, j) + logistic(both(0)) * std::tanh(both(2));
          next_h[j] = logistic(both(3)) * std::tanh(c(b, j));
        }
        if (cell == RnnCell::gru) {
          const double z = logistic(both(1));
          const double m = std::tanh(from_x(2, j) + logistic(both(0)) * from_h(2, j));
          next_h[j] = (1 - z) * m + z * h(b, j);
        }
      }
      for (int64_t p = 0; p < P; ++p) {
        h(b, p) = how.projection ? 0 : next_h[p];
        for (int64_t j = 0; j < kH && how.projection; ++j) h(b, p) += in[next](p, j) * next_h[j];
        out(b, t, p) = h(b, p);
      }
    }
  if (cell == RnnCell::lstm) return {out, h, c};
  return {out, h};
}

Sample recurrent_of(RnnCell cell, const Setting& how) {
  const bool lstm = cell == RnnCell::lstm;
  const int64_t wide = kH * gates_of(cell);
  std::vector<Operand> operands{Shape{kB, kT, kC}, Shape{wide, kC}, Shape{wide, how.state()}};
  if (how.biases) operands.insert(operands.end(), 2, Shape{wide});
  if (how.states) operands.emplace_back(Shape{kB, how.state()});
  if (how.states && lstm) operands.emplace_back(Shape{kB, kH});
  if (how.projection) operands.emplace_back(Shape{how.projection, kH});
  for (Operand& o : operands) o.from = -1, o.to = 1;
  Tensor lengths;
  if (!how.lengths.empty()) {
    lengths = core::empty({kB}, i64);
    std::copy(how.lengths.begin(), how.lengths.end(), lengths.data<int64_t>());
  }
  return {operands,
          [=](const Tensors& in) {
            size_t next = 3;
            const auto operand = [&](bool is_given) { return is_given ? in[next++] : Tensor(); };
            const Tensor b_ih = operand(how.biases), b_hh = operand(how.biases);
            const Tensor h0 = operand(how.states), c0 = operand(how.states && lstm);
            const Tensor w_hr = operand(how.projection != 0);
            const auto r = recurrent(cell, in[0], {in[1], in[2], b_ih, b_hh, w_hr}, h0, c0,
                                     {.lengths = lengths, .reverse = how.reverse});
            return lstm ? Tensors{r.out, r.h, r.c} : Tensors{r.out, r.h};
          },
          [=](Arrays& in) { return plain_recurrent(cell, in, how); }, kT * (kC + kH)};
}

// Every cell in both directions: with empty and full sequences, without the optional operands, and
// with unused results.
std::vector<Sample> recurrences() {
  std::vector<Sample> out;
  for (const RnnCell cell : {RnnCell::tanh, RnnCell::relu, RnnCell::lstm, RnnCell::gru})
    for (const bool reverse : {false, true}) {
      out.push_back(recurrent_of(cell, {.lengths = {3, 2, 0}, .reverse = reverse}));
      out.push_back(
          recurrent_of(cell, {.lengths = {1, 3, 2}, .reverse = reverse, .biases = false}));
      out.push_back(recurrent_of(cell, {.reverse = reverse, .states = false}));
      for (const size_t used : {0, 1}) {
        Sample s = recurrent_of(cell, {.lengths = {3, 2, 0}, .reverse = reverse});
        s.call = [call = s.call, used](const Tensors& in) { return Tensors{call(in)[used]}; };
        s.reference = {};
        out.push_back(s);
      }
    }
  // An LSTM whose hidden state is a projection.
  for (const bool reverse : {false, true}) {
    out.push_back(
        recurrent_of(RnnCell::lstm,
                     {.lengths = {3, 2, 0}, .reverse = reverse, .biases = false, .projection = 2}));
    out.push_back(
        recurrent_of(RnnCell::lstm, {.reverse = reverse, .states = false, .projection = kH + 1}));
  }
  return out;
}

// With only one bias; the other counts as zero.
Sample with_one_bias(RnnCell cell, bool of_input) {
  const Sample both = recurrent_of(cell, {.lengths = {3, 2, 0}});
  Sample one = both;
  one.operands.erase(one.operands.begin() + (of_input ? 4 : 3));
  one.call = [=](const Tensors& in) {
    const Tensor b_ih = of_input ? in[3] : Tensor(), b_hh = of_input ? Tensor() : in[3];
    const auto r = recurrent(cell, in[0], {in[1], in[2], b_ih, b_hh}, in[4],
                             in.size() > 5 ? in[5] : Tensor(), {.lengths = tensor({3, 2, 0})});
    return r.c.defined() ? Tensors{r.out, r.h, r.c} : Tensors{r.out, r.h};
  };
  one.reference = [=](Arrays& in) {
    Arrays all = in;
    all.insert(all.begin() + (of_input ? 4 : 3), Array(in[3].shape));
    return both.reference(all);
  };
  return one;
}

RnnWeights lstm_weights() { return {core::full({12, 2}, 0), core::full({12, 3}, 0), {}, {}}; }

}  // namespace

TAPEHEAD_OP_TEST(recurrent)
    .samples(recurrences())
    .sample(with_one_bias(RnnCell::lstm, true))
    .sample(with_one_bias(RnnCell::lstm, false))
    .sample(with_one_bias(RnnCell::gru, true))
    .sample(with_one_bias(RnnCell::gru, false))
    .sample(with_one_bias(RnnCell::tanh, true))
    .sample(with_one_bias(RnnCell::relu, false))
    .bad<ShapeError>(
        [] {
          recurrent(RnnCell::lstm, core::full({2, 3}, 0), lstm_weights());
        },
        "recurrent: x is [2, 3], expected [B, T, C]")
    .bad<ShapeError>(
        [] {
          recurrent(RnnCell::gru, core::full({1, 2, 2}, 0), lstm_weights());
        },
        "recurrent: w_ih is [12, 2], expected [9, 2]")
    .bad<ShapeError>(
        [] {
          recurrent(RnnCell::lstm, core::full({1, 2, 2}, 0), lstm_weights(), core::full({1, 4}, 0));
        },
        "recurrent: h0 is [1, 4], expected [1, 3]")
    .bad<ValueError>(
        [] {
          RnnWeights w = lstm_weights();
          w.w_hr = core::full({3, 3}, 0);
          recurrent(RnnCell::tanh, core::full({1, 2, 2}, 0), w);
        },
        "recurrent: only an LSTM has a projection; leave w_hr undefined")
    .bad<ShapeError>(
        [] {
          RnnWeights w = lstm_weights();
          w.w_hr = core::full({2, 3}, 0);
          recurrent(RnnCell::lstm, core::full({1, 2, 2}, 0), w);
        },
        "recurrent: w_hr is [2, 3], expected [3, 3]")
    .bad<IndexError>(
        [] {
          recurrent(RnnCell::lstm, core::full({1, 2, 2}, 0), lstm_weights(), {}, {},
                    {.lengths = core::full({1}, 3, i64)});
        },
        "recurrent: lengths[0] = 3 is outside 0..2")
    .bad<ShapeError>(
        [] {
          recurrent(RnnCell::tanh, core::full({1, 2, 2}, 0),
                    {core::full({0, 2}, 0), core::full({0, 0}, 0), {}, {}});
        },
        "recurrent: w_hh is [0, 0], expected [G H, H] with a hidden size of at least 1");

// Sequences of some steps multiply by packed weights, single steps by BLAS.
TEST_CASE("a recurrent layer of larger sizes computes what its steps do, one by one") {
  constexpr int64_t B = 7, T = 6, C = 5;
  for (const DType dtype : {f32, f64})
    for (const RnnCell cell : {RnnCell::tanh, RnnCell::lstm, RnnCell::gru})
      for (const int64_t H : {32, 40}) {
        CAPTURE(name(dtype));
        CAPTURE(static_cast<int>(cell));
        CAPTURE(H);
        const auto leaf = [dtype = dtype](const Shape& shape, int64_t salt) {
          const Tensor k = arange(shape.numel());
          return (((29 * square(k) + 73 * k + salt) % 61 - 30).to(dtype) / 120)
              .reshape(shape)
              .set_requires_grad();
        };
        const int64_t rows = gates_of(cell) * H;
        const std::vector<Tensor> in{leaf({B, T, C}, 1), leaf({rows, C}, 2), leaf({rows, H}, 3),
                                     leaf({rows}, 4), leaf({rows}, 5)};
        const RnnWeights weights{in[1], in[2], in[3], in[4]};
        const Tensor at_once = recurrent(cell, in[0], weights).out;
        std::vector<Tensor> outs;
        RnnResult step;
        for (int64_t t = 0; t < T; ++t) {
          step = recurrent(cell, in[0].slice(1, t, t + 1), weights, step.h, step.c);
          outs.push_back(step.out);
        }
        const Tensor one_by_one = cat(outs, 1), dy = leaf({B, T, H}, 6).detach();
        const double bound = dtype == f32 ? 1e-4 : 1e-12;
        CHECK(max(abs(at_once - one_by_one)).item() < bound);
        const auto got = grad({at_once}, in, {.gradients = {dy}});
        const auto wanted = grad({one_by_one}, in, {.gradients = {dy}});
        for (size_t i = 0; i < in.size(); ++i) {
          CAPTURE(i);
          CHECK(max(abs(got[i] - wanted[i])).item() < bound * max(abs(wanted[i])).item());
        }
      }
}

}  // namespace tapehead::op_tests
