// Recurrent layers with PyTorch's names, options and layouts. rnn.h has the same networks with the
// cell as an option, and batch-first only.
//
// B batch, T time, C input size, H hidden size, P size of the hidden state (H unless projected), L
// layers, D directions.
#pragma once

#include <utility>
#include <vector>

#include "tapehead/nn/rnn.h"

namespace tapehead::nn {

/// A recurrent network of PyTorch's layouts. Parameters: see Rnn.
class RecurrentLayer {
 public:
  /// Maps x [T, B, C], or [B, T, C] with batch_first, or one sequence [T, C], to outputs of the
  /// same layout with D P channels; the states are h [L D, B, P] and c [L D, B, H], without B for
  /// one sequence. An undefined state is zeros. `lengths`, i64 [B], take the place of packed
  /// sequences: padding past them is not read, its outputs are zeros, and the final state is that
  /// at the end of each sequence. Throws ShapeError.
  RnnOutput operator()(const Tensor& x, const RnnState& state = {},
                       const Tensor& lengths = {}) const;
  const Scope& scope() const { return rnn_.scope(); }
  /// Of layer l and direction d at [l D + d].
  const std::vector<RnnWeights>& weights() const { return rnn_.weights; }
  std::vector<RnnWeights>& weights() { return rnn_.weights; }

 protected:
  RecurrentLayer(Scope at, int64_t input_size, int64_t hidden_size, const RnnOptions& options,
                 bool batch_first)
      : rnn_(std::move(at), input_size, hidden_size, options), batch_first_(batch_first) {}

 private:
  Rnn rnn_;
  bool batch_first_;
};

struct LSTMOptions {
  int64_t num_layers = 1;
  bool bias = true;
  bool batch_first = false;  ///< [B, T, C] instead of [T, B, C]
  double dropout = 0;        ///< of the input of each layer after the first
  bool bidirectional = false;
  int64_t proj_size = 0;  ///< P, below H; 0: no projection
};
/// Hochreiter and Schmidhuber 1997. Throws ValueError as Rnn.
/// Example: nn::LSTM(at, 4, 16, {.batch_first = true})(randn({8, 20, 4})).out  // shape [8, 20, 16]
class LSTM : public RecurrentLayer {
 public:
  LSTM(Scope at, int64_t input_size, int64_t hidden_size, const LSTMOptions& options = {});
  LSTM(int64_t input_size, int64_t hidden_size, const LSTMOptions& options = {})
      : LSTM(Scope(), input_size, hidden_size, options) {}
};

struct GRUOptions {
  int64_t num_layers = 1;
  bool bias = true;
  bool batch_first = false;  ///< [B, T, C] instead of [T, B, C]
  double dropout = 0;        ///< of the input of each layer after the first
  bool bidirectional = false;
};
/// Cho et al. 2014. Throws ValueError as Rnn.
/// Example: nn::GRU(at, 4, 16)(randn({20, 8, 4})).state.h  // shape [1, 8, 16]
class GRU : public RecurrentLayer {
 public:
  GRU(Scope at, int64_t input_size, int64_t hidden_size, const GRUOptions& options = {});
  GRU(int64_t input_size, int64_t hidden_size, const GRUOptions& options = {})
      : GRU(Scope(), input_size, hidden_size, options) {}
};

struct RNNOptions {
  int64_t num_layers = 1;
  RnnCell nonlinearity = RnnCell::tanh;  ///< or RnnCell::relu
  bool bias = true;
  bool batch_first = false;  ///< [B, T, C] instead of [T, B, C]
  double dropout = 0;        ///< of the input of each layer after the first
  bool bidirectional = false;
};
/// h' = nonlinearity(w_ih x + b_ih + w_hh h + b_hh) (Elman 1990). Throws ValueError as Rnn, and for
/// another nonlinearity.
/// Example: nn::RNN(at, 4, 16, {.num_layers = 2})(randn({20, 8, 4})).state.h  // shape [2, 8, 16]
class RNN : public RecurrentLayer {
 public:
  RNN(const Scope& at, int64_t input_size, int64_t hidden_size, const RNNOptions& options = {});
  RNN(int64_t input_size, int64_t hidden_size, const RNNOptions& options = {})
      : RNN(Scope(), input_size, hidden_size, options) {}
};

struct LSTMCellOptions {
  bool bias = true;
};
/// One step of an LSTM: x [B, C] and states [B, H], or x [C] and states [H], to the next states.
/// Example: nn::LSTMCell(at, 4, 16)(randn({8, 4})).c  // shape [8, 16]
class LSTMCell {
 public:
  LSTMCell(const Scope& at, int64_t input_size, int64_t hidden_size,
           const LSTMCellOptions& options = {})
      : cell(at, input_size, hidden_size, {.cell = RnnCell::lstm, .bias = options.bias}) {}
  LSTMCell(int64_t input_size, int64_t hidden_size, const LSTMCellOptions& options = {})
      : LSTMCell(Scope(), input_size, hidden_size, options) {}
  RnnState operator()(const Tensor& x, const RnnState& state = {}) const;
  const Scope& scope() const { return cell.scope(); }

  Cell cell;
};

struct GRUCellOptions {
  bool bias = true;
};
/// One step of a GRU: x [B, C] and h [B, H], or x [C] and h [H], to the next h.
/// Example: nn::GRUCell(at, 4, 16)(randn({8, 4}))  // shape [8, 16]
class GRUCell {
 public:
  GRUCell(const Scope& at, int64_t input_size, int64_t hidden_size,
          const GRUCellOptions& options = {})
      : cell(at, input_size, hidden_size, {.cell = RnnCell::gru, .bias = options.bias}) {}
  GRUCell(int64_t input_size, int64_t hidden_size, const GRUCellOptions& options = {})
      : GRUCell(Scope(), input_size, hidden_size, options) {}
  Tensor operator()(const Tensor& x, const Tensor& h = {}) const;
  const Scope& scope() const { return cell.scope(); }

  Cell cell;
};

struct RNNCellOptions {
  bool bias = true;
  RnnCell nonlinearity = RnnCell::tanh;  ///< or RnnCell::relu
};
/// One step of an RNN: x [B, C] and h [B, H], or x [C] and h [H], to the next h.
/// Example: nn::RNNCell(at, 4, 16)(randn({8, 4}))  // shape [8, 16]
class RNNCell {
 public:
  /// Throws ValueError for another nonlinearity.
  RNNCell(const Scope& at, int64_t input_size, int64_t hidden_size,
          const RNNCellOptions& options = {});
  RNNCell(int64_t input_size, int64_t hidden_size, const RNNCellOptions& options = {})
      : RNNCell(Scope(), input_size, hidden_size, options) {}
  Tensor operator()(const Tensor& x, const Tensor& h = {}) const;
  const Scope& scope() const { return cell.scope(); }

  Cell cell;
};

}  // namespace tapehead::nn
