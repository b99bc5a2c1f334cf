// Common interface of networks that read a sequence step by step: the Neural Turing Machine (ntm.h)
// and the Differentiable Neural Computer (dnc.h), which have an external memory, and an LSTM as a
// baseline.
//
// B batch, T time, C input size, R read heads, H write heads, N slots of the memory, V vocabulary.
#pragma once

#include <functional>
#include <optional>

#include "tapehead/nn/any_layer.h"
#include "tapehead/nn/memory/answer.h"
#include "tapehead/nn/rnn.h"

namespace tapehead::nn {

struct MachineOptions {
  /// i64 [B]: return only the output after the last step of each sequence; padding is not read.
  Tensor lengths = {};
  bool weights = false;  ///< return the heads' weights
};

/// The results of a run.
struct MachineOutput {
  Tensor out;  ///< [B, T, out]; [B, out] with lengths
  /// Weights of the read and write heads, [B, T, R, N] and [B, T, H, N], if requested and the
  /// machine has a memory. Not differentiable.
  Tensor read_weights, write_weights;
};

/// Runs a machine over x [B, T, C] from its initial state. Throws ShapeError, and IndexError for a
/// length outside 1..T.
using Machine = std::function<MachineOutput(const Tensor& x, const MachineOptions& options)>;

/// The controller of a machine: an LSTM, or a stateless layer h = tanh(W x + b). Parameters: those
/// of Cell, or of Linear.
/// Example: nn::Controller(at, 4, 8, true)(randn({2, 4}), {}).h  // shape [2, 8]
class Controller {
 public:
  Controller(const Scope& at, int64_t input_size, int64_t hidden_size, bool lstm);
  /// One step for x [B, in]; undefined states are zeros. The output is h.
  RnnState operator()(const Tensor& x, const RnnState& state) const;

  std::optional<Cell> cell;  ///< the LSTM, or none
  AnyLayer layer;  ///< W x + b: Linear at first, [B, in] to [B, H]; empty if there is a cell
};

struct LstmConfig {
  int64_t input_size = 0, output_size = 0;
  int64_t hidden_size = 256;
  int64_t num_layers = 1;
};

/// A machine without external memory: an LSTM with the output y = W h + b. Parameters: `rnn`,
/// `out`.
/// Example: nn::Lstm(at, {.input_size = 4, .output_size = 3, .hidden_size = 8})(randn({2, 6, 4}))
///     // shape [2, 6, 3]
class Lstm {
 public:
  Lstm(Scope at, const LstmConfig& config);
  MachineOutput operator()(const Tensor& x, const MachineOptions& options = {}) const;

  Rnn rnn;
  AnyLayer out;  ///< W: Linear at first, [..., H] to [..., out]

 private:
  Scope at_;
  int64_t in_;
};

/// Answers questions by running a machine over the words of the story and the question. Parameters:
/// `embedding.weight`, `machine`.
/// Example: nn::StoryReader(at, 9, 8, [](const nn::Scope& here, int64_t in, int64_t out) { return
///     nn::Lstm(here, {.input_size = in, .output_size = out}); })(stories).logits  // shape [2, 9]
class StoryReader {
 public:
  /// Creates the machine at a scope.
  using Make = std::function<Machine(const Scope& at, int64_t in, int64_t out)>;
  /// Words are embedded in `embed_dim` channels.
  StoryReader(const Scope& at, int64_t vocab_size, int64_t embed_dim, const Make& make);
  /// Reads `words` and `lengths` of the batch; logits are [B, V].
  StoryOutput operator()(const data::StoryBatch& batch) const;

  AnyLayer embedding;  ///< Embedding at first, ids [B, T] to [B, T, C]
  Machine machine;
};

}  // namespace tapehead::nn
