// One layer of a recurrent network over a sequence, in one direction, without gradient tracking.
//
// B batch size, T time steps, C input channels, H size of the cell, P size of h (H unless h is a
// projection of the cell's output), G number of gates (LSTM 4, GRU 3, plain 1).
#pragma once

#include "tapehead/core/kernels/recurrent.h"
#include "tapehead/core/tensor.h"

namespace tapehead::core {

/// Operands: contiguous, all f32 or all f64.
struct Recurrence {
  kernels::Cell cell;
  bool reverse = false;               // run from the last step to the first
  std::vector<int64_t> lengths = {};  // length of each sequence; empty if all are T
  Tensor x;                           // [T, B, C]
  Tensor w_ih, w_hh;                  // [G H, C], [G H, P]
  Tensor b_ih, b_hh;                  // [G H], or undefined
  Tensor w_hr;                        // [P, H], the projection, or undefined
  Tensor h0, c0;                      // [B, P], [B, H]; c0 for LSTM only

  int64_t steps() const { return x.shape()[0]; }
  int64_t batch() const { return x.shape()[1]; }
  int64_t hidden() const { return w_hh.shape()[1]; }
  int64_t cell_size() const { return w_hr.defined() ? w_hr.shape()[1] : hidden(); }
};

/// The states after every step, and the values saved for backward. States have T + 1 slots.
/// Forward, slot 0 is the initial state and slot t + 1 the state after step t; in reverse, slot T
/// is the initial state and slot t the state after step t.
struct RecurrenceStates {
  Tensor h, c;                 // [T + 1, B, P], [T + 1, B, H]
  Tensor gates, hidden_gates;  // [T, B, G H]
  Tensor outputs;              // [T, B, H], before the projection; undefined without one
};

RecurrenceStates recurrence_forward(const Recurrence& r);

/// The gradient a' b of a weight, for a [T B, M] and b [T B, N].
struct WeightGradient {
  Tensor a, b;
};

struct RecurrenceGrads {
  Tensor x, h0, c0;
  WeightGradient w_ih, w_hh, w_hr;
  Tensor b_ih, b_hh;
};

/// Computes the gradients of the operands from the gradients of the states after each step, dout
/// [T, B, P], and of the last states, dh_last [B, P] and dc_last [B, H]. Undefined ones count as
/// zeros. x is undefined in the result unless `want_dx`. Those of the weights are left to multiply.
RecurrenceGrads recurrence_backward(const Recurrence& r, const RecurrenceStates& s,
                                    const Tensor& dout, const Tensor& dh_last,
                                    const Tensor& dc_last, bool want_dx);

}  // namespace tapehead::core
