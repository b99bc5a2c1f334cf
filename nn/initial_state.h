// The first state of a decoder.
//
// B batch, S positions of the memory, M channels of the memory, H hidden size.
#pragma once

#include "tapehead/nn/any_layer.h"
#include "tapehead/nn/rnn.h"
#include "tapehead/nn/sequence_attention.h"

namespace tapehead::nn {

/// The first state of a recurrent decoder, from the mean m of the memory, such as the regions of an
/// image (Xu et al. 2015, "Show, attend and tell", sec. 3.1.2): h = tanh(W m + b), and for an LSTM
/// c = tanh(W' m + b'). Parameters: `hidden.weight`, `hidden.bias`, `cell.weight`, `cell.bias`.
/// Example: nn::SequenceAttention a(at / "attention", {.query_dim = 8, .memory_dim = 4});
///     nn::InitialState(at, 4, 8)(a.prepare(randn({2, 5, 4}))).h  // shape [2, 8]
class InitialState {
 public:
  /// M, H and the cell of the decoder. Throws ShapeError for negative sizes.
  InitialState(const Scope& at, int64_t memory_dim, int64_t hidden_size,
               RnnCell cell = RnnCell::lstm);
  /// The state [B, H] for a memory [B, S, M]; positions past its lengths are not read. Throws
  /// ShapeError for another M.
  RnnState operator()(const AttentionMemory& memory) const;

  AnyLayer hidden;  ///< Linear at first, [B, M] to [B, H]
  AnyLayer cell;    ///< Linear at first, [B, M] to [B, H]; empty unless for an LSTM
};

}  // namespace tapehead::nn
