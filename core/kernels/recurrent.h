// The elementwise part of a recurrent cell, one row (one sequence of the batch) at a time.
#pragma once

#include <cstdint>

#include "tapehead/core/kernels/family.h"

namespace tapehead::kernels {

/// Operands of a step forward; n is the hidden size. Gates lie one after the other, n numbers each:
/// LSTM i f g o, GRU r z n. `gates` is the input's part plus biases (for LSTM and plain cells the
/// hidden state's part too), `hidden_gates` is GRU's hidden part.
template <class T>
struct CellForward {
  const T *gates, *hidden_gates, *h, *c;
  T *h_out, *c_out;
  int64_t n;
};

/// Operands of a step backward: dh and dc are the gradients of h_out and c_out. Written: the gates'
/// gradients, and in dh_in and dc_in what goes to h and c directly, not through the gates.
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
