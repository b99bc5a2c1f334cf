// Recurrent networks: RNN, LSTM and GRU, as cells and over sequences.
//
// B batch, T time, C input size, H hidden size, P size of the hidden state (H unless projected).
#pragma once

#include <string_view>
#include <vector>

#include "tapehead/autograd/ops.h"
#include "tapehead/nn/params.h"

namespace tapehead::nn {

/// Parses "tanh", "relu", "lstm" or "gru". Throws ValueError for other names.
RnnCell cell_from(std::string_view name);

/// State of a Cell, [B, H], or of an Rnn, h [num_layers x directions, B, P] and c [..., B, H], with
/// the directions of a layer next to each other, as in PyTorch. c is undefined except for LSTM.
struct RnnState {
  Tensor h, c;  ///< see above
};

struct CellOptions {
  RnnCell cell = RnnCell::lstm;
  bool bias = true;
  Init input_init = {};   ///< of weight_ih; default: uniform in ± 1 / sqrt(H), as in PyTorch
  Init hidden_init = {};  ///< of weight_hh; default: the same
  /// LSTM: added to the initial bias of the forget gate; 1 is common (Jozefowicz et al. 2015).
  double forget_bias = 0;
};

/// One step of a recurrent network. Parameters as in PyTorch: `weight_ih`, `weight_hh`, `bias_ih`,
/// `bias_hh`; the equations are those of recurrent() (autograd/ops/recurrent.h).
/// Example: nn::Cell(at, 4, 16)(randn({8, 4}), {}).h  // shape [8, 16]
class Cell {
 public:
  /// Throws ValueError for hidden_size below 1.
  Cell(const Scope& at, int64_t input_size, int64_t hidden_size, const CellOptions& options = {});
  /// x [B, C] and state [B, H] to the next state; undefined states are zeros. Throws ShapeError.
  RnnState operator()(const Tensor& x, const RnnState& state) const;
  const Scope& scope() const { return at_; }

  RnnWeights weights;  ///< the parameters

 private:
  Scope at_;
  RnnCell cell_;
};

struct RnnOptions {
  RnnCell cell = RnnCell::lstm;
  int64_t num_layers = 1;
  bool bidirectional = false;
  double dropout = 0;  ///< of the input of each layer after the first
  bool bias = true;
  double forget_bias = 0;  ///< as CellOptions::forget_bias
  /// P, below H: LSTM with a projection of the hidden state (Sak et al. 2014); 0: none
  int64_t proj_size = 0;
};

/// The results of an Rnn.
struct RnnOutput {
  Tensor out;      ///< of the last layer, [B, T, P]; [B, T, 2 P] if bidirectional
  RnnState state;  ///< of all layers and directions
};

/// A recurrent network over sequences. Parameters as in PyTorch: `weight_ih_l0`, `weight_hh_l0`,
/// `bias_ih_l0`, `bias_hh_l0`, with proj_size `weight_hr_l0`, and with the suffix `_reverse` those
/// of the backward direction.
/// Example: nn::Rnn(at, 4, 16, {.bidirectional = true})(randn({8, 20, 4})).out
///     // shape [8, 20, 32]
class Rnn {
 public:
  /// Throws ValueError for num_layers or hidden_size below 1, and for a proj_size that is not below
  /// hidden_size or not of an LSTM.
  Rnn(Scope at, int64_t input_size, int64_t hidden_size, const RnnOptions& options = {});
  /// x [B, T, C]; lengths i64 [B], or undefined. Padding past the lengths is not read, and its
  /// outputs are zeros. An undefined state is zeros. Throws ShapeError.
  RnnOutput operator()(const Tensor& x, const Tensor& lengths = {},
                       const RnnState& state = {}) const;
  const Scope& scope() const { return at_; }

  /// Of layer l and direction d at [l x directions + d].
  std::vector<RnnWeights> weights;

 private:
  Scope at_;
  RnnOptions options_;
};

}  // namespace tapehead::nn
