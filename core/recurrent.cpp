#include "tapehead/core/detail/recurrent.h"

#include <algorithm>

#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/gemm.h"
#include "tapehead/core/detail/matmul.h"
#include "tapehead/core/detail/strided.h"
#include "tapehead/core/kernels/elementwise_kernels.h"
#include "tapehead/core/kernels/recurrent.h"
#include "tapehead/core/parallel.h"

namespace tapehead::core {
namespace {

using kernels::Cell;

// One step of the time axis of a [T, B, N] tensor.
template <class T>
T* step(const Tensor& x, int64_t t) {
  return x.defined() ? x.data<T>() + t * x.shape()[1] * x.shape()[2] : nullptr;
}

template <class T>
T* row(T* at, int64_t b, int64_t n) {
  return at ? at + b * n : nullptr;
}

int64_t slot_before(const Recurrence& r, int64_t t) { return r.reverse ? t + 1 : t; }
int64_t slot_after(const Recurrence& r, int64_t t) { return r.reverse ? t : t + 1; }
bool active(const Recurrence& r, int64_t b, int64_t t) {
  return r.lengths.empty() || t < r.lengths[static_cast<size_t>(b)];
}
int64_t row_grain(int64_t gates_row) { return std::max<int64_t>(1, 4096 / gates_row); }

// c [B, N] += a [B, K] w' with w [N, K], or a w with w [K, N]
void accumulate_matmul(DType dtype, int64_t rows, int64_t n, int64_t k, const void* a,
                       const Tensor& w, bool transposed, void* c) {
  const int64_t width = w.shape()[1];
  gemm(dtype, rows, n, k, {a, k, 1}, {w.raw(), transposed ? 1 : width, transposed ? width : 1}, c,
       n, 1);
}

// The weights w_hh of a recurrence, by which all of its steps multiply: by w' with w [N, K], if
// `transposed`, or by w [K, N].
PackedMatrix step_weights(const Recurrence& r, bool transposed) {
  const int64_t rows = r.w_hh.shape()[0], columns = r.w_hh.shape()[1];
  const DType dtype = r.x.dtype();
  if (transposed) return {dtype, dtype, columns, rows, {r.w_hh.raw(), 1, columns}};
  return {dtype, dtype, rows, columns, {r.w_hh.raw(), columns, 1}};
}

// h_out = out w_hr' for the sequences that have a step t; the others keep h.
template <class T>
void project(const Recurrence& r, int64_t t, const T* h, const T* out, T* h_out) {
  const int64_t B = r.batch(), P = r.hidden();
  std::fill_n(h_out, B * P, T(0));
  accumulate_matmul(r.x.dtype(), B, P, r.cell_size(), out, r.w_hr, true, h_out);
  for (int64_t b = 0; b < B; ++b)
    if (!active(r, b, t)) std::copy_n(row(h, b, P), P, row(h_out, b, P));
}

template <class T>
void forward_steps(const Recurrence& r, const RecurrenceStates& s) {
  const int64_t B = r.batch(), P = r.hidden(), H = r.cell_size(), GH = r.w_hh.shape()[0];
  const auto cell = static_cast<int>(r.cell);
  const PackedMatrix w_hh = step_weights(r, true);
  for (int64_t i = 0; i < r.steps(); ++i) {
    const int64_t t = r.reverse ? r.steps() - 1 - i : i;
    const int64_t before = slot_before(r, t), after = slot_after(r, t);
    const T* h = step<T>(s.h, before);
    const T* c = step<T>(s.c, before);
    T* gates = step<T>(s.gates, t);
    T* hidden = step<T>(s.hidden_gates, t);
    w_hh.multiply(B, {h, P, 1}, r.x.dtype(), hidden ? hidden : gates, GH, 1);
    T* h_out = step<T>(s.h, after);
    T* c_out = step<T>(s.c, after);
    T* out = s.outputs.defined() ? step<T>(s.outputs, t) : h_out;
    parallel_range(B, row_grain(GH), [&](int64_t first, int64_t last) {
      for (int64_t b = first; b < last; ++b) {
        if (active(r, b, t)) {
          kernels::cells<T>().forward[cell]({row(gates, b, GH), row(hidden, b, GH), row(h, b, P),
                                             row(c, b, H), row(out, b, H), row(c_out, b, H), H});
        } else {  // a finished sequence keeps its state
          if (out == h_out) std::copy_n(row(h, b, P), P, row(h_out, b, P));
          if (c) std::copy_n(row(c, b, H), H, row(c_out, b, H));
        }
      }
    });
    if (out != h_out) project<T>(r, t, h, out, h_out);
  }
}

struct StepGrads {
  Tensor gates, hidden_gates;  // [T, B, G H]
  Tensor projected, outputs;   // of h at each step [T, B, P], and of one step's output [B, H]
  Tensor h, c;                 // of the initial states, in the end
};

// Moves the gradient of h [B, P], plus dy, of the sequences that have a step t into that of the
// outputs.
template <class T>
void unproject(const Recurrence& r, int64_t t, const T* dy, T* dh, T* dprojected, T* doutputs) {
  const int64_t B = r.batch(), P = r.hidden(), H = r.cell_size();
  for (int64_t b = 0; b < B; ++b) {
    if (active(r, b, t)) {
      if (dy) strided::add(row(dh, b, P), 1, row(dy, b, P), 1, P);
      std::copy_n(row(dh, b, P), P, row(dprojected, b, P));
      std::fill_n(row(dh, b, P), P, T(0));
    } else {
      std::fill_n(row(dprojected, b, P), P, T(0));
    }
  }
  std::fill_n(doutputs, B * H, T(0));
  accumulate_matmul(r.x.dtype(), B, H, P, dprojected, r.w_hr, false, doutputs);
}

// Fills g but for the initial states.
template <class T>
void backward_steps(const Recurrence& r, const RecurrenceStates& s, const Tensor& dout,
                    const StepGrads& g) {
  const int64_t B = r.batch(), P = r.hidden(), H = r.cell_size(), GH = r.w_hh.shape()[0];
  const auto cell = static_cast<int>(r.cell);
  T* dh_row = g.h.data<T>();
  T* dc_row = g.c.defined() ? g.c.data<T>() : nullptr;
  T* dcell = g.outputs.defined() ? g.outputs.data<T>() : dh_row;
  const PackedMatrix w_hh = step_weights(r, false);
  for (int64_t i = r.steps() - 1; i >= 0; --i) {
    const int64_t t = r.reverse ? r.steps() - 1 - i : i;
    const int64_t before = slot_before(r, t);
    T* dg = step<T>(g.gates, t);
    T* dhg = step<T>(g.hidden_gates, t);
    const T* dy = dout.defined() ? step<T>(dout, t) : nullptr;
    if (dcell != dh_row) unproject<T>(r, t, dy, dh_row, step<T>(g.projected, t), dcell);
    parallel_range(B, row_grain(GH), [&](int64_t first, int64_t last) {
      for (int64_t b = first; b < last; ++b) {
        if (!active(r, b, t)) {
          std::fill_n(row(dg, b, GH), GH, T(0));
          if (dhg) std::fill_n(row(dhg, b, GH), GH, T(0));
          continue;
        }
        if (dy && dcell == dh_row) strided::add(row(dh_row, b, P), 1, row(dy, b, P), 1, P);
        kernels::cells<T>().backward[cell](
            {row(step<T>(s.gates, t), b, GH), row(step<T>(s.hidden_gates, t), b, GH),
             row(step<T>(s.h, before), b, P), row(step<T>(s.c, before), b, H), row(dcell, b, H),
             row(dc_row, b, H), row(dg, b, GH), row(dhg, b, GH), row(dcell, b, H),
             row(dc_row, b, H), H});
      }
    });
    w_hh.multiply(B, {dhg ? dhg : dg, GH, 1}, r.x.dtype(), dh_row, P, 1);
  }
}

// [T, B, N] as [T B, N]
Tensor flat(const Tensor& x) {
  const int64_t T = x.shape()[0], B = x.shape()[1], N = x.shape()[2];
  return view_of(x, {T * B, N}, {N, 1}, x.impl()->offset);
}

Tensor column_sums(const Tensor& x) {
  const Tensor ones = core::full({1, x.shape()[0]}, 1, x.dtype());
  const Tensor sums = matmul("recurrent", ones, x);
  return view_of(sums, {x.shape()[1]}, {1}, 0);
}

Tensor state_or_zeros(const Tensor& given, const Recurrence& r, int64_t size) {
  const Tensor out = core::full({r.batch(), size}, 0, r.x.dtype());
  if (given.defined()) copy_into(out, given);
  return out;
}

}  // namespace

RecurrenceStates recurrence_forward(const Recurrence& r) {
  const int64_t T = r.steps(), B = r.batch(), GH = r.w_hh.shape()[0];
  const DType dtype = r.x.dtype();
  RecurrenceStates s;
  const bool split = r.cell == Cell::gru;
  Tensor bias = r.b_ih;
  if (bias.defined() && !split) bias = binary("recurrent", kernels::Binary::add, r.b_ih, r.b_hh);
  s.gates = linear(r.x, r.w_ih, bias);
  if (split) {
    s.hidden_gates = empty({T, B, GH}, dtype);
    copy_into(s.hidden_gates, r.b_hh.defined() ? r.b_hh : Tensor(0));
  }
  const auto states_from = [&](const Tensor& first) {
    const int64_t size = first.shape()[1];
    Tensor states = empty({T + 1, B, size}, dtype);
    const int64_t slot = r.reverse ? T : 0;
    copy_into(view_of(states, {B, size}, {size, 1}, slot * B * size), first);
    return states;
  };
  s.h = states_from(r.h0);
  if (r.cell == Cell::lstm) s.c = states_from(r.c0);
  // Zeros, as the rows of finished sequences are multiplied by gradients of 0.
  if (r.w_hr.defined()) s.outputs = full({T, B, r.cell_size()}, 0, dtype);
  visit_wide(dtype, [&]<class E>() { forward_steps<E>(r, s); });
  return s;
}

RecurrenceGrads recurrence_backward(const Recurrence& r, const RecurrenceStates& s,
                                    const Tensor& dout, const Tensor& dh_last,
                                    const Tensor& dc_last, bool want_dx) {
  RecurrenceGrads g;
  const int64_t T = r.steps(), B = r.batch(), P = r.hidden();
  StepGrads d{.gates = empty_like(s.gates), .h = state_or_zeros(dh_last, r, P)};
  if (s.hidden_gates.defined()) d.hidden_gates = empty_like(s.hidden_gates);
  if (r.cell == Cell::lstm) d.c = state_or_zeros(dc_last, r, r.cell_size());
  if (r.w_hr.defined()) {
    d.projected = empty({T, B, P}, r.x.dtype());
    d.outputs = empty({B, r.cell_size()}, r.x.dtype());
  }
  visit_wide(r.x.dtype(), [&]<class E>() { backward_steps<E>(r, s, dout, d); });

  const Tensor& to_hidden = d.hidden_gates.defined() ? d.hidden_gates : d.gates;
  const Tensor h_before = view_of(s.h, {T * B, P}, {P, 1}, r.reverse ? B * P : 0);
  g.h0 = d.h, g.c0 = d.c;
  g.w_ih = {flat(d.gates), flat(r.x)};
  g.w_hh = {flat(to_hidden), h_before};
  if (r.w_hr.defined()) g.w_hr = {flat(d.projected), flat(s.outputs)};
  if (r.b_ih.defined()) {
    g.b_ih = column_sums(flat(d.gates));
    g.b_hh = d.hidden_gates.defined() ? column_sums(flat(d.hidden_gates)) : g.b_ih;
  }
  if (want_dx) g.x = matmul("recurrent", d.gates, r.w_ih);
  return g;
}

}  // namespace tapehead::core
