// Shared by the decoders of CTC.
//
// B sequences, T frames, C symbols including the blank.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "tapehead/core/tensor.h"

namespace tapehead::nn::detail {

/// The log of probability 0.
inline constexpr double kImpossible = -std::numeric_limits<double>::infinity();

/// log(exp(a) + exp(b))
inline double log_add(double a, double b) {
  if (a < b) std::swap(a, b);
  return b == kImpossible ? a : a + std::log1p(std::exp(b - a));
}

/// Log-probabilities of the symbols in each frame of a batch.
class LogProbs {
 public:
  /// Of log_probs [B, T, C] and lengths i64 [B], or undefined. Throws ShapeError, DTypeError and
  /// IndexError, which start with `op`.
  LogProbs(const char* op, const Tensor& log_probs, const Tensor& lengths, int64_t blank);
  int64_t batch() const { return x_.size(0); }
  int64_t classes() const { return x_.size(2); }
  int64_t frames(int64_t b) const { return frames_[static_cast<size_t>(b)]; }
  /// Reads the frame, [C]. Throws ValueError if it has a NaN.
  void read(int64_t b, int64_t t, std::vector<double>& frame) const;

 private:
  const char* op_;
  Tensor x_;  // f32 or f64
  std::vector<int64_t> frames_;
};

/// The symbol or blank of each frame in the most probable alignment of targets, which are valid, to
/// sequence b; empty if none is possible.
std::vector<int64_t> best_alignment(const LogProbs& x, int64_t b,
                                    const std::vector<int64_t>& targets, int64_t blank);

}  // namespace tapehead::nn::detail
