// Rotary position embeddings.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "tapehead/core/tensor.h"

namespace tapehead {

/// Changes the frequencies to handle sequences longer than those of training.
struct RopeScaling {
  /// How frequencies are changed.
  enum class Kind {
    none,
    linear,  ///< divides positions by the factor (Chen et al. 2023)
    llama3,  ///< divides low frequencies only, with a smooth transition (Llama 3.1)
    yarn     ///< likewise, by the number of rotations (YaRN, Peng et al. 2023)
  };
  using enum Kind;
  Kind kind = none;                              ///< how frequencies are changed
  double factor = 1;                             ///< by which sequences are longer
  int64_t original_length = 8192;                ///< llama3, yarn: sequence length of training
  double low_frequency = 1, high_frequency = 4;  ///< llama3: in original_length / wavelength
  double beta_fast = 32, beta_slow = 1;          ///< yarn: in rotations within original_length
  /// yarn: factor of queries and keys, which scales the softmax logits; 0.1 ln(factor) + 1 by
  /// default.
  std::optional<double> magnitude = {};
};

struct RopeOptions {
  int64_t dim = 0;      ///< number of elements of a head to rotate, from the first; even
  double base = 10000;  ///< also called theta
  /// If true, element 2 i is paired with 2 i + 1, as in the paper and GPT-J; else element i with i
  /// + dim / 2, as in GPT-NeoX and Llama.
  bool interleaved = false;
  RopeScaling scaling = {};
};

/// Rotary position embedding (RoFormer, Su et al. 2021): rotates pair i of a query or key at
/// position p by the angle p base^(-2 i / dim), so that their dot product depends on the distance
/// only. Cheap to copy, and safe to share between threads.
class Rope {
 public:
  /// Throws ValueError if dim is odd or not positive, or if base or factor is not positive.
  explicit Rope(const RopeOptions& options);

  /// Rotates x [..., T, D] at positions start .. start + T - 1. Throws ShapeError if D is smaller
  /// than dim, and ValueError for a negative start.
  Tensor operator()(const Tensor& x, int64_t start = 0) const;
  /// Rotates x [..., T, D] at the given positions, i64 [T].
  Tensor operator()(const Tensor& x, const Tensor& positions) const;

  const RopeOptions& options() const;

 private:
  struct Tables;
  std::shared_ptr<Tables> tables_;
};

/// Rotates pairs of elements of x [..., T, D] by angles given as cosines and sines [T, R], with 2 R
/// <= D, of floating types: (a, b) becomes (a cos - b sin, a sin + b cos). Elements after the first
/// 2 R are copied. See RopeOptions::interleaved for the pairing. Throws ShapeError and DTypeError.
/// Example: rotate_pairs(tensor({{1.0, 0.0}}), tensor({{0.0}}), tensor({{1.0}}))  // [[0., 1.]]
Tensor rotate_pairs(const Tensor& x, const Tensor& cosines, const Tensor& sines,
                    bool interleaved = false);

}  // namespace tapehead
