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

template <class T>
void forward_steps(const Recurrence& r, const RecurrenceStates& s) {
  const int64_t B = r.batch(), H = r.hidden(), GH = r.w_hh.shape()[0];
  const auto cell = static_cast<int>(r.cell);
  for (int64_t i = 0; i < r.steps(); ++i) {
    const int64_t t = r.reverse ? r.steps() - 1 - i : i;
    const int64_t before = slot_before(r, t), after = slot_after(r, t);
    const T* h = step<T>(s.h, before);
    const T* c = step<T>(s.c, before);
    T* gates = step<T>(s.gates, t);
    T* hidden = step<T>(s.hidden_gates, t);
    accumulate_matmul(r.x.dtype(), B, GH, H, h, r.w_hh, true, hidden ? hidden : gates);
    T* h_out = step<T>(s.h, after);
    T* c_out = step<T>(s.c, after);
    parallel_range(B, row_grain(GH), [&](int64_t first, int64_t last) {
      for (int64_t b = first; b < last; ++b) {
        if (active(r, b, t)) {
          kernels::cells<T>().forward[cell]({row(gates, b, GH), row(hidden, b, GH), row(h, b, H),
                                             row(c, b, H), row(h_out, b, H), row(c_out, b, H), H});
        } else {  // a finished sequence keeps its state
          std::copy_n(row(h, b, H), H, row(h_out, b, H));
          if (c) std::copy_n(row(c, b, H), H, row(c_out, b, H));
        }
      }
    });
  }
}

// Fills dgates and dhidden; leaves the gradients of the initial states in dh and dc [B, H].
template <class T>
void backward_steps(const Recurrence& r, const RecurrenceStates& s, const Tensor& dout,
                    const Tensor& dgates, const Tensor& dhidden, const Tensor& dh,
                    const Tensor& dc) {
  const int64_t B = r.batch(), H = r.hidden(), GH = r.w_hh.shape()[0];
  const auto cell = static_cast<int>(r.cell);
  T* dh_row = dh.data<T>();
  T* dc_row = dc.defined() ? dc.data<T>() : nullptr;
  for (int64_t i = r.steps() - 1; i >= 0; --i) {
    const int64_t t = r.reverse ? r.steps() - 1 - i : i;
    const int64_t before = slot_before(r, t);
    const T* dy = dout.defined() ? step<T>(dout, t) : nullptr;
    T* dg = step<T>(dgates, t);
    T* dhg = step<T>(dhidden, t);
    parallel_range(B, row_grain(GH), [&](int64_t first, int64_t last) {
      for (int64_t b = first; b < last; ++b) {
        if (!active(r, b, t)) {
          std::fill_n(row(dg, b, GH), GH, T(0));
          if (dhg) std::fill_n(row(dhg, b, GH), GH, T(0));
          continue;
        }
        if (dy) strided::add(row(dh_row, b, H), 1, row(dy, b, H), 1, H);
        kernels::cells<T>().backward[cell](
            {row(step<T>(s.gates, t), b, GH), row(step<T>(s.hidden_gates, t), b, GH),
             row(step<T>(s.h, before), b, H), row(step<T>(s.c, before), b, H), row(dh_row, b, H),
             row(dc_row, b, H), row(dg, b, GH), row(dhg, b, GH), row(dh_row, b, H),
             row(dc_row, b, H), H});
      }
    });
    accumulate_matmul(r.x.dtype(), B, H, GH, dhg ? dhg : dg, r.w_hh, false, dh_row);
  }
}

// [T, B, N] as [T B, N]
Tensor flat(const Tensor& x, int64_t first = 0) {
  const int64_t T = x.shape()[0] - first, B = x.shape()[1], N = x.shape()[2];
  return view_of(x, {T * B, N}, {N, 1}, x.impl()->offset + first * B * N);
}

Tensor transposed(const Tensor& x) {
  return view_of(x, {x.shape()[1], x.shape()[0]}, {x.strides()[1], x.strides()[0]},
                 x.impl()->offset);
}

Tensor column_sums(const Tensor& x) {
  const Tensor ones = core::full({1, x.shape()[0]}, 1, x.dtype());
  const Tensor sums = matmul("recurrent", ones, x);
  return view_of(sums, {x.shape()[1]}, {1}, 0);
}

Tensor state_or_zeros(const Tensor& given, const Recurrence& r) {
  const Tensor out = core::full({r.batch(), r.hidden()}, 0, r.x.dtype());
  if (given.defined()) copy_into(out, given);
  return out;
}

}  // namespace

RecurrenceStates recurrence_forward(const Recurrence& r) {
  const int64_t T = r.steps(), B = r.batch(), H = r.hidden(), GH = r.w_hh.shape()[0];
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
    Tensor states = empty({T + 1, B, H}, dtype);
    const int64_t slot = r.reverse ? T : 0;
    copy_into(view_of(states, {B, H}, {H, 1}, slot * B * H), first);
    return states;
  };
  s.h = states_from(r.h0);
  if (r.cell == Cell::lstm) s.c = states_from(r.c0);
  visit_wide(dtype, [&]<class E>() { forward_steps<E>(r, s); });
  return s;
}

RecurrenceGrads recurrence_backward(const Recurrence& r, const RecurrenceStates& s,
                                    const Tensor& dout, const Tensor& dh_last,
                                    const Tensor& dc_last, bool want_dx) {
  RecurrenceGrads g;
  const Tensor dgates = empty_like(s.gates);
  const Tensor dhidden = s.hidden_gates.defined() ? empty_like(s.hidden_gates) : Tensor();
  g.h0 = state_or_zeros(dh_last, r);
  if (r.cell == Cell::lstm) g.c0 = state_or_zeros(dc_last, r);
  visit_wide(r.x.dtype(),
             [&]<class E>() { backward_steps<E>(r, s, dout, dgates, dhidden, g.h0, g.c0); });

  const Tensor to_hidden = dhidden.defined() ? dhidden : dgates;
  const int64_t T = r.steps(), B = r.batch(), H = r.hidden();
  const Tensor h_before = view_of(s.h, {T * B, H}, {H, 1}, r.reverse ? B * H : 0);
  g.w_ih = matmul("recurrent", transposed(flat(dgates)), flat(r.x));
  g.w_hh = matmul("recurrent", transposed(flat(to_hidden)), h_before);
  if (r.b_ih.defined()) {
    g.b_ih = column_sums(flat(dgates));
    g.b_hh = dhidden.defined() ? column_sums(flat(dhidden)) : g.b_ih;
  }
  if (want_dx) g.x = matmul("recurrent", dgates, r.w_ih);
  return g;
}

}  // namespace tapehead::core
