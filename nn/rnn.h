// Recurrent networks: RNN, LSTM and GRU, as cells and over sequences.
//
// B batch, T time, C input size, H hidden size.
#pragma once

#include <string_view>
#include <vector>

#include "tapehead/autograd/ops.h"
#include "tapehead/nn/params.h"

namespace tapehead::nn {

/// "gru" to RnnCell::gru. Throws ValueError that lists the names.
RnnCell cell_from(std::string_view name);

/// The state of a recurrent network: c is undefined except for LSTM. Of cells [B, H]; of networks
/// [num_layers x directions, B, H], the directions of a layer one after the other, as in PyTorch.
struct RnnState {
  Tensor h, c;
};

struct CellOptions {
  RnnCell cell = RnnCell::lstm;
  bool bias = true;
  Init input_init = {};   ///< of w_ih; empty: uniform within ± 1 / sqrt(H)
  Init hidden_init = {};  ///< of w_hh; empty: the same
  double forget_bias =
      0;  ///< added to LSTM's forget gate: 1 helps it remember (Jozefowicz et al. 2015)
};

/// One step: x [B, C] and the state [B, H] to the next state.
class Cell {
 public:
  Cell(const Scope& at, int64_t input_size, int64_t hidden_size, const CellOptions& options = {});
  /// Undefined states are zeros.
  RnnState operator()(const Tensor& x, const RnnState& state) const;

  RnnWeights weights;

 private:
  Scope at_;
  RnnCell cell_;
};

struct RnnNetOptions {
  RnnCell cell = RnnCell::lstm;
  int64_t num_layers = 1;
  bool bidirectional = false;
  double dropout = 0;  ///< between layers
  bool bias = true;
  double forget_bias = 0;
};

struct RnnOutput {
  Tensor out;      ///< [B, T, H], or [B, T, 2 H] of both directions
  RnnState state;  ///< [num_layers x directions, B, H]
};

/// Layers over a sequence x [B, T, C]. The parameters are PyTorch's: weight_ih_l0, weight_hh_l0,
/// bias_ih_l0, bias_hh_l0, with _reverse of the backward direction.
class Rnn {
 public:
  Rnn(Scope at, int64_t input_size, int64_t hidden_size, const RnnNetOptions& options = {});
  /// lengths: i64 [B] or undefined; what lies past a sequence's end is not read, and its outputs
  /// are zeros.
  RnnOutput operator()(const Tensor& x, const Tensor& lengths = {},
                       const RnnState& state = {}) const;

 private:
  Scope at_;
  RnnNetOptions options_;
  std::vector<RnnWeights> weights_;  // [layer x direction]
};

}  // namespace tapehead::nn
