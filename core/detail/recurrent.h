// One layer of a recurrent network over a sequence, in one direction, without gradients.
//
// B batch, T time, C channels in, H hidden size, G gates of the cell (LSTM 4, GRU 3, plain 1).
#pragma once

#include "tapehead/core/kernels/recurrent.h"
#include "tapehead/core/tensor.h"

namespace tapehead::core {

/// The operands, of one type (f32 or f64) and contiguous.
struct Recurrence {
  kernels::Cell cell;
  bool reverse = false;               // from the last step to the first
  std::vector<int64_t> lengths = {};  // of each sequence; empty: all are T
  Tensor x;                           // [T, B, C]
  Tensor w_ih, w_hh;                  // [G H, C], [G H, H]
  Tensor b_ih, b_hh;                  // [G H], or undefined
  Tensor h0, c0;                      // [B, H]; c0 for LSTM only

  int64_t steps() const { return x.shape()[0]; }
  int64_t batch() const { return x.shape()[1]; }
  int64_t hidden() const { return w_hh.shape()[1]; }
};

/// All states, and what backward needs again. States have T + 1 slots, the first one before any
/// step: slot t + 1 is after step t; in reverse slot t is, and slot T is before any.
struct RecurrenceStates {
  Tensor h, c;                 // [T + 1, B, H]
  Tensor gates, hidden_gates;  // [T, B, G H]
};

RecurrenceStates recurrence_forward(const Recurrence& r);

struct RecurrenceGrads {
  Tensor x, w_ih, w_hh, b_ih, b_hh, h0, c0;
};

/// From the gradients of the states after each step dh [T, B, H] (undefined: zeros), of the last h
/// and c (undefined: zeros).
RecurrenceGrads recurrence_backward(const Recurrence& r, const RecurrenceStates& s,
                                    const Tensor& dout, const Tensor& dh_last,
                                    const Tensor& dc_last, bool want_dx);

}  // namespace tapehead::core
