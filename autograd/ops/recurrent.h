// Recurrent networks of floating tensors; others throw DTypeError, sizes that do not fit
// ShapeError.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead {

/// Plain cells with tanh or relu, LSTM, and GRU.
enum class RnnCell { tanh, relu, lstm, gru };

/// The weights of a recurrent layer in PyTorch's layout: w_ih [G H, C], w_hh [G H, P], and biases
/// [G H], which may be undefined. Gates are in the order i f g o (LSTM, G = 4) or r z n (GRU, G =
/// 3); plain cells have G = 1. An LSTM may have a projection of its hidden state, w_hr [P, H] (Sak
/// et al. 2014); else P = H.
struct RnnWeights {
  Tensor w_ih, w_hh, b_ih, b_hh, w_hr = {};
};

struct RecurrentOptions {
  /// i64 [B]: steps at or beyond a sequence's length are not read; there the state is kept, and the
  /// output is 0.
  Tensor lengths = {};
  bool reverse = false;  ///< run from the last step to the first
};

/// The results of a recurrent layer.
struct RnnResult {
  Tensor out;  ///< [B, T, P]
  Tensor h;    ///< [B, P]: the final hidden state
  Tensor c;    ///< [B, H]: the final cell state, for LSTM only
};

/// One layer of a recurrent network in one direction, over x [B, T, C], from the initial states h0
/// [B, P] and c0 [B, H] (zeros if undefined). bf16 and f16 are computed in f32. LSTM: Hochreiter
/// and Schmidhuber 1997, with forget gates (Gers et al. 2000). GRU: Cho et al. 2014, with the reset
/// gate applied after the product, as in cuDNN and PyTorch.
/// Example: recurrent(RnnCell::gru, randn({8, 20, 4}), {randn({48, 4}), randn({48, 16}), {}, {}})
///     // shape [8, 20, 16]
RnnResult recurrent(RnnCell cell, const Tensor& x, const RnnWeights& weights, const Tensor& h0 = {},
                    const Tensor& c0 = {}, const RecurrentOptions& options = {});

}  // namespace tapehead
