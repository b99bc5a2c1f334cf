// The first layers of encoders of speech, which shorten sequences of frames.
//
// B sequences, T frames, F features, C channels, H hidden size, O size of the output.
#pragma once

#include <vector>

#include "tapehead/nn/conv.h"
#include "tapehead/nn/linear.h"
#include "tapehead/nn/rnn.h"

namespace tapehead::nn {

/// The output of an encoder of frames.
struct EncodedFrames {
  Tensor out;      ///< [B, T', C]; zeros past the lengths
  Tensor lengths;  ///< i64 [B], or undefined if no lengths were given
};

struct PyramidalLstmOptions {
  int64_t hidden_size = 256;  ///< H, of each direction
  int64_t num_layers = 3;     ///< each halves the number of frames
  int64_t base_layers = 1;    ///< bidirectional LSTM layers below, which do not
  double dropout = 0;         ///< of the input of each layer after the first, in training
};

/// The listener of Listen, Attend and Spell (Chan et al. 2016, 3.1): bidirectional LSTM layers,
/// each of which reads pairs of frames of the layer below, joined. A last frame without a partner
/// is joined with zeros, so that T frames become ceil(T / 2). Parameters: `base` and `layers.0` …,
/// those of Rnn.
/// Example: nn::PyramidalLstm(at, 40, {.hidden_size = 32})(randn({8, 100, 40})).out
///     // shape [8, 13, 64]
class PyramidalLstm {
 public:
  /// Throws ValueError for num_layers or hidden_size below 1, and for base_layers below 0.
  PyramidalLstm(Scope at, int64_t input_size, const PyramidalLstmOptions& options = {});
  /// x [B, T, F] to [B, T', 2 H]. Frames past `lengths`, i64 [B], are not read. Throws ShapeError
  /// for another shape, and IndexError for lengths outside 0..T.
  EncodedFrames operator()(const Tensor& x, const Tensor& lengths = {}) const;
  /// T' of T frames.
  int64_t output_length(int64_t frames) const;
  const Scope& scope() const { return at_; }

  std::vector<Rnn> base;    ///< one, or none if base_layers is 0
  std::vector<Rnn> layers;  ///< num_layers

 private:
  Scope at_;
  int64_t input_size_;
  double dropout_;
};

/// Two convolutions of stride 2 over time and features, each followed by relu, and a linear layer
/// over channels and features, as Conv2dSubsampling of ESPnet (Watanabe et al. 2018): kernels of 3
/// x 3 without padding, so that T frames become ((T - 1) / 2 - 1) / 2, rounded down at each
/// division. Parameters: `conv1`, `conv2`, `out`.
/// Example: nn::ConvSubsampling(at, 40, 64, 256)(randn({8, 100, 40})).out  // shape [8, 24, 256]
class ConvSubsampling {
 public:
  static constexpr int64_t kLeast = 7;  ///< the least number of frames, and of features

  /// F, C and O. Throws ValueError for fewer than kLeast features, and for other sizes below 1.
  ConvSubsampling(Scope at, int64_t input_size, int64_t channels, int64_t output_size);
  /// x [B, T, F] to [B, T', O]. Frames past `lengths`, i64 [B], are not read. Throws ShapeError for
  /// another shape, IndexError for lengths above T, and ValueError, naming the sequence, for fewer
  /// than kLeast frames.
  EncodedFrames operator()(const Tensor& x, const Tensor& lengths = {}) const;
  /// T' of T frames, 0 for fewer than kLeast.
  static int64_t output_length(int64_t frames);
  const Scope& scope() const { return at_; }

  Conv2d conv1, conv2;
  Linear out;

 private:
  Scope at_;
  int64_t input_size_;
};

}  // namespace tapehead::nn
