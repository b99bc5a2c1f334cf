// The elementwise part of recurrent cells, one row (sequence of the batch) at a time.
#pragma once

#include <cstdint>

#include "tapehead/core/kernels/family.h"

namespace tapehead::kernels {

/// Operands of a forward step; n is the hidden size. Gates are stored one after another, n values
/// each: LSTM i f g o, GRU r z n. `gates` holds the input projection plus biases, and for LSTM and
/// plain cells also the hidden projection; `hidden_gates` holds the hidden projection of GRU.
template <class T>
struct CellForward {
  const T *gates, *hidden_gates, *h, *c;
  T *h_out, *c_out;
  int64_t n;
};

/// Operands of a backward step. dh and dc are the gradients of h_out and c_out. Outputs are the
/// gradients of the gates, and in dh_in and dc_in the parts of the gradients of h and c that do not
/// pass through the gates.
template <class T>
struct CellBackward {
  const T *gates, *hidden_gates, *h, *c, *dh, *dc;
  T *dgates, *dhidden_gates, *dh_in, *dc_in;
  int64_t n;
};

enum class Cell : uint8_t { tanh, relu, lstm, gru };

template <class T>
struct CellKernels {
  void (*forward[4])(const CellForward<T>&);    // [Cell]
  void (*backward[4])(const CellBackward<T>&);  // [Cell]
};

}  // namespace tapehead::kernels

TAPEHEAD_KERNELS_WIDE(cells, CellKernels, "recurrent")
