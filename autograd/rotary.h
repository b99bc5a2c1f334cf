// Rotary position embeddings.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "tapehead/core/tensor.h"

namespace tapehead {

/// How frequencies are changed to read sequences longer than those of the training.
struct RopeScaling {
  enum Kind {
    none,
    linear,  ///< positions are divided by the factor (Chen et al. 2023)
    llama3,  ///< low frequencies are, high ones not, those between smoothly (Llama 3.1)
    yarn     ///< the same by rotations in the original length (Peng et al. 2023)
  };
  Kind kind = none;
  double factor = 1;
  int64_t original_length = 8192;                ///< llama3, yarn: that of the training
  double low_frequency = 1, high_frequency = 4;  ///< llama3: original_length / wavelength
  double beta_fast = 32, beta_slow = 1;          ///< yarn: rotations
  /// yarn: what queries and keys are multiplied by, to sharpen the softmax; 0.1 ln(factor) + 1 when
  /// not given.
  std::optional<double> magnitude = {};
};

struct RopeOptions {
  int64_t width = 0;    ///< how many elements of a head are rotated, from the first on; even
  double base = 10000;  ///< called theta, too
  /// Pairs are (2 i, 2 i + 1), as in the paper and GPT-J; else (i, i + width / 2), as in GPT-NeoX
  /// and Llama.
  bool interleaved = false;
  RopeScaling scaling = {};
};

/// Rotates pair i of a query or key at position p by the angle p base^(-2 i / width), so that their
/// product depends on the distance: Su et al. 2021, "RoFormer". Cheap to copy; safe to share
/// between threads.
class Rope {
 public:
  /// Throws ValueError for a width that is odd or not positive, or a base or factor that is not
  /// positive.
  explicit Rope(const RopeOptions& options);

  /// x [..., T, D], at the positions from `start` on. Throws ShapeError when D is too small.
  Tensor operator()(const Tensor& x, int64_t start = 0) const;
  /// The same at positions i64 [T].
  Tensor operator()(const Tensor& x, const Tensor& positions) const;

  const RopeOptions& options() const;

 private:
  struct Tables;
  std::shared_ptr<Tables> tables_;
};

/// Turns pairs of elements of x [..., T, D] by the angles whose cosines and sines are given, [T, R]
/// with 2 R <= D: (a, b) becomes (a cos - b sin, a sin + b cos). The elements after the first 2 R
/// stay. See Rope.
Tensor rotate_pairs(const Tensor& x, const Tensor& cosines, const Tensor& sines,
                    bool interleaved = false);

}  // namespace tapehead
