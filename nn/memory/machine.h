// Machines: networks that read a sequence step by step. The Neural Turing Machine (ntm.h) and the
// Differentiable Neural Computer (dnc.h) have a memory besides, the LSTM here has none; they are
// run, and answer questions about stories, in the same way.
//
// B batch, T time, C channels in, R read heads, H write heads, N slots of the memory, V vocabulary.
#pragma once

#include <functional>
#include <optional>

#include "tapehead/nn/linear.h"
#include "tapehead/nn/memory/answer.h"
#include "tapehead/nn/rnn.h"

namespace tapehead::nn {

struct MachineOptions {
  /// i64 [B]: the output is wanted after the last step of each alone; what follows is not read.
  Tensor lengths = {};
  bool weights = false;  ///< keep where the heads looked
};

struct MachineRun {
  Tensor out;  ///< [B, T, out]; with lengths [B, out]
  /// Where the heads read and wrote, [B, T, R, N] and [B, T, H, N]: on request, of machines with a
  /// memory. Not differentiable.
  Tensor read_weights, write_weights;
};

/// x [B, T, C] to what the machine makes of it, from its first state on. Throws ShapeError, and
/// IndexError for a length outside 1..T.
using Machine = std::function<MachineRun(const Tensor& x, const MachineOptions& options)>;

/// What steers a machine's heads: an LSTM, or one layer h = tanh(W x + b) without a state.
class Controller {
 public:
  Controller(const Scope& at, int64_t in, int64_t hidden, bool lstm);
  /// x [B, in]. Undefined states are zeros; h is the controller's output.
  RnnState operator()(const Tensor& x, const RnnState& state) const;

 private:
  std::optional<Cell> cell_;
  std::optional<Linear> layer_;
};

struct LstmConfig {
  int64_t in = 0, out = 0;
  int64_t hidden = 256;
  int64_t layers = 1;
};

/// The machine without a memory: an LSTM, and y = W h + b.
class Lstm {
 public:
  Lstm(Scope at, const LstmConfig& config);
  MachineRun operator()(const Tensor& x, const MachineOptions& options = {}) const;

 private:
  Scope at_;
  int64_t in_;
  Rnn rnn_;
  Linear out_;
};

/// Answers from a machine's output after the last word of story and question.
class StoryReader {
 public:
  /// Makes the machine at its place.
  using Make = std::function<Machine(const Scope& at, int64_t in, int64_t out)>;
  /// Words of V are embedded in `width` channels.
  StoryReader(const Scope& at, int64_t vocab, int64_t width, const Make& make);
  /// Answered::logits is [B, V]; of the story it reads `words` and `lengths`.
  Answered operator()(const data::StoryBatch& batch) const;

 private:
  Embedding embedding_;
  Machine machine_;
};

}  // namespace tapehead::nn
