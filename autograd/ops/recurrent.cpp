// recurrent: an RNN, LSTM or GRU layer over a whole sequence, as one op.
//
// B batch, T time, C input channels, H size of the cell, P size of the hidden state, G gates per
// cell.
#include "tapehead/autograd/ops/recurrent.h"

#include <fmt/format.h>

#include "tapehead/autograd/autocast.h"
#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/autograd/recompute_vjp.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/gemm.h"
#include "tapehead/core/detail/lengths.h"
#include "tapehead/core/detail/recurrent.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

int64_t gates_of(RnnCell cell) { return cell == RnnCell::lstm ? 4 : cell == RnnCell::gru ? 3 : 1; }

// One step from simple ops: the formulas of core/kernels/recurrent.cpp. gates, hidden [B, G H].
std::array<Tensor, 2> simple_step(RnnCell cell, const Tensor& gates, const Tensor& hidden,
                                  const Tensor& h, const Tensor& c, const Tensor& w_hr) {
  const int64_t H = gates.size(1) / gates_of(cell);
  const auto part = [H](const Tensor& x, int64_t i) { return x.slice(1, i * H, (i + 1) * H); };
  if (cell == RnnCell::tanh) return {tanh(gates + hidden), c};
  if (cell == RnnCell::relu) return {relu(gates + hidden), c};
  if (cell == RnnCell::lstm) {
    const Tensor all = gates + hidden;
    const Tensor next = sigmoid(part(all, 1)) * c + sigmoid(part(all, 0)) * tanh(part(all, 2));
    const Tensor out = sigmoid(part(all, 3)) * tanh(next);
    return {w_hr.defined() ? linear(out, w_hr) : out, next};
  }
  const Tensor r = sigmoid(part(gates, 0) + part(hidden, 0));
  const Tensor z = sigmoid(part(gates, 1) + part(hidden, 1));
  const Tensor m = tanh(part(gates, 2) + r * part(hidden, 2));
  return {m + z * (h - m), c};
}

// The op built from simple ops: operands and results as in Recurrent::forward.
std::vector<Tensor> simple_recurrent(RnnCell cell, const std::vector<Tensor>& in,
                                     const std::vector<int64_t>& lengths, bool reverse) {
  const Tensor &x = in[0], &w_ih = in[1], &w_hh = in[2], &b_ih = in[3], &b_hh = in[4];
  const int64_t B = x.size(0), T = x.size(1), P = w_hh.size(1);
  const int64_t H = w_hh.size(0) / gates_of(cell);
  Tensor h = in[5].defined() ? in[5] : core::full({B, P}, 0, x.dtype());
  Tensor c = in[6].defined() ? in[6] : core::full({B, H}, 0, x.dtype());
  std::vector<Tensor> out(static_cast<size_t>(T));
  for (int64_t i = 0; i < T; ++i) {
    const int64_t t = reverse ? T - 1 - i : i;
    const Tensor active = core::full({B, 1}, true, boolean);
    for (size_t b = 0; b < lengths.size(); ++b) active.data<bool>()[b] = t < lengths[b];
    auto [h_next, c_next] = simple_step(cell, linear(where(active, x.select(1, t), 0), w_ih, b_ih),
                                        linear(h, w_hh, b_hh), h, c, in[7]);
    h = where(active, h_next, h);
    c = where(active, c_next, c);
    out[static_cast<size_t>(t)] = where(active, h, 0);
  }
  std::vector<Tensor> results{T > 0 ? stack(out, 1) : core::full({B, 0, P}, 0, x.dtype()), h};
  if (cell == RnnCell::lstm) results.push_back(c);
  return results;
}

std::vector<int64_t> length_list(const Tensor& lengths) {
  return lengths.defined() ? lengths.to_vector<int64_t>() : std::vector<int64_t>();
}

// x [B, T, C] as [T, B, C], with zeros past the lengths. Forward does not read that padding, but
// the gradient of w_ih multiplies it by 0, which would let NaN through.
Tensor time_major(const Tensor& x, const std::vector<int64_t>& lengths) {
  if (lengths.empty()) return core::contiguous(x.transpose(0, 1));
  const Tensor out = core::clone(x.transpose(0, 1));
  const int64_t T = out.size(0), B = out.size(1), C = out.size(2);
  for (int64_t b = 0; b < B; ++b) {
    const int64_t end = lengths[static_cast<size_t>(b)];
    core::copy_into(core::view_of(out, {T - end, C}, {B * C, 1}, (end * B + b) * C), Tensor(0));
  }
  return out;
}

struct Recurrent : CustomOp {
  static constexpr const char* kName = "recurrent";
  static constexpr bool kUndefinedGrads = true;

  core::Recurrence r;
  core::RecurrenceStates states;
  bool in_bf16 = is_autocast_enabled();  // products

  std::vector<Tensor> forward(const Tensor& x, const Tensor& w_ih, const Tensor& w_hh,
                              const Tensor& b_ih, const Tensor& b_hh, const Tensor& h0,
                              const Tensor& c0, const Tensor& w_hr, RnnCell cell,
                              const RecurrentOptions& options) {
    for (const Tensor* t : {&x, &w_ih, &w_hh, &b_ih, &b_hh, &h0, &c0, &w_hr}) save(*t);
    const int64_t B = x.size(0), T = x.size(1), P = w_hh.size(1);
    const int64_t H = w_hh.size(0) / gates_of(cell);
    const auto state = [&](const Tensor& given, int64_t size) {
      return given.defined() ? core::contiguous(given) : core::full({B, size}, 0, x.dtype());
    };
    r = {.cell = static_cast<kernels::Cell>(cell),
         .reverse = options.reverse,
         .lengths = length_list(options.lengths),
         .x = time_major(x, length_list(options.lengths)),
         .w_ih = core::contiguous(w_ih),
         .w_hh = core::contiguous(w_hh),
         .b_ih = b_ih,
         .b_hh = b_hh,
         .w_hr = w_hr.defined() ? core::contiguous(w_hr) : w_hr,
         .h0 = state(h0, P),
         .c0 = cell == RnnCell::lstm ? state(c0, H) : Tensor()};
    const core::Bf16Products products(in_bf16);
    states = core::recurrence_forward(r);
    const int64_t last = options.reverse ? 0 : T;
    std::vector<Tensor> results{outputs(x),
                                core::clone(core::view_of(states.h, {B, P}, {P, 1}, last * B * P))};
    if (cell == RnnCell::lstm)
      results.push_back(core::clone(core::view_of(states.c, {B, H}, {H, 1}, last * B * H)));
    return results;
  }

  Grads backward(Grads& dy) const {
    const std::vector<Tensor> inputs{saved(0), saved(1), saved(2), saved(3),
                                     saved(4), saved(5), saved(6), saved(7)};
    if (is_grad_enabled()) {
      const auto again = [cell = static_cast<RnnCell>(r.cell), lengths = r.lengths,
                          reverse = r.reverse](const std::vector<Tensor>& in) {
        return simple_recurrent(cell, in, lengths, reverse);
      };
      return recompute_vjp(again, inputs, {dy.data(), dy.size()});
    }
    const core::Bf16Products products(in_bf16);
    const Tensor dout = dy[0].defined() ? core::contiguous(dy[0].transpose(0, 1)) : Tensor();
    const auto g = core::recurrence_backward(r, states, dout, dy[1],
                                             dy.size() > 2 ? dy[2] : Tensor(), needs_grad(0));
    const Tensor dx = g.x.defined() ? g.x.transpose(0, 1) : Tensor();
    return {dx,   weight_gradient(1, g.w_ih), weight_gradient(2, g.w_hh), g.b_ih, g.b_hh, g.h0,
            g.c0, weight_gradient(7, g.w_hr)};
  }

 private:
  // The gradient of operand i, undefined if the engine multiplies.
  Tensor weight_gradient(size_t i, const core::WeightGradient& g) const {
    if (!g.a.defined() || !needs_grad(i) || (!in_bf16 && accumulate_matmul(i, g.a, g.b))) return {};
    return matmul(g.a.transpose(0, 1), g.b);
  }
  // The states after each step as [B, T, P]; zeros past the end of a sequence.
  Tensor outputs(const Tensor& x) const {
    const int64_t B = x.size(0), T = x.size(1), P = r.hidden();
    const Tensor view = core::view_of(states.h, {B, T, P}, {P, B * P, 1}, r.reverse ? 0 : B * P);
    const Tensor out = core::clone(view);
    for (size_t b = 0; b < r.lengths.size(); ++b) {
      const int64_t end = r.lengths[b], at = (static_cast<int64_t>(b) * T + end) * P;
      core::copy_into(core::view_of(out, {(T - end) * P}, {1}, at), Tensor(0));
    }
    return out;
  }
  void forget() override {
    r = {};
    states = {};
  }
};

void require(bool fits, const char* what, const Tensor& t, const std::string& expected) {
  if (!fits)
    throw ShapeError(
        fmt::format("recurrent: {} is {}, expected {}", what, t.shape().str(), expected));
}

void check(RnnCell cell, const Tensor& x, const RnnWeights& w, const Tensor& h0, const Tensor& c0) {
  require(x.dim() == 3, "x", x, "[B, T, C]");
  require(w.w_hh.dim() == 2 && w.w_hh.size(1) > 0, "w_hh", w.w_hh,
          "[G H, H] with a hidden size of at least 1");
  const bool projected = w.w_hr.defined();
  if (projected && cell != RnnCell::lstm)
    throw ValueError("recurrent: only an LSTM has a projection; leave w_hr undefined");
  const int64_t B = x.size(0), C = x.size(2), P = w.w_hh.size(1);
  if (projected) require(w.w_hr.dim() == 2 && w.w_hr.size(1) > 0, "w_hr", w.w_hr, "[P, H]");
  const int64_t H = projected ? w.w_hr.size(1) : P, wide = gates_of(cell) * H;
  const auto expect = [&](const char* what, const Tensor& t, const Shape& shape) {
    if (t.defined()) require(t.shape() == shape, what, t, shape.str());
  };
  expect("w_ih", w.w_ih, {wide, C});
  expect("w_hh", w.w_hh, {wide, P});
  expect("w_hr", w.w_hr, {P, H});
  expect("b_ih", w.b_ih, {wide});
  expect("b_hh", w.b_hh, {wide});
  expect("h0", h0, {B, P});
  expect("c0", c0, {B, H});
}

}  // namespace

RnnResult recurrent(RnnCell cell, const Tensor& x, const RnnWeights& w, const Tensor& h0,
                    const Tensor& c0, const RecurrentOptions& given_options) {
  check(cell, x, w, h0, c0);
  RecurrentOptions options = given_options;
  if (options.lengths.defined())
    options.lengths = core::check_lengths("recurrent", options.lengths, x.size(0), x.size(1));
  const DType given =
      detail::autocasts(x, w.w_hh) ? detail::autocast_mode : core::result_type(x, w.w_hh);
  const DType wide = wide_type(given);  // bf16 is computed in f32
  const auto as = [](const Tensor& t, DType dtype) { return t.defined() ? t.to(dtype) : t; };
  Tensor b_ih = as(w.b_ih, wide), b_hh = as(w.b_hh, wide);  // from here on both or none
  if (b_ih.defined() && !b_hh.defined()) b_hh = core::full(b_ih.shape(), 0, wide);
  if (b_hh.defined() && !b_ih.defined()) b_ih = core::full(b_hh.shape(), 0, wide);
  auto results = apply<Recurrent>(as(x, wide), as(w.w_ih, wide), as(w.w_hh, wide), b_ih, b_hh,
                                  as(h0, wide), as(c0, wide), as(w.w_hr, wide), cell, options);
  return {as(results[0], given), as(results[1], given),
          results.size() > 2 ? as(results[2], given) : Tensor()};
}

}  // namespace tapehead
