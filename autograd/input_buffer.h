// What arrives at a node's result during a backward pass.
#pragma once

#include <memory>

#include "tapehead/core/allocator.h"
#include "tapehead/core/tensor.h"

namespace tapehead::detail {

/// The sum of the gradients so far, and products that will be added to it. A product of few rows
/// uses a machine badly, and the sum of products is one product:
///
///   a1' b1 + a2' b2 + ... = [a1; a2; ...]' [b1; b2; ...]
///
/// so their operands are collected, up to a bound.
class InputBuffer {
 public:
  /// Adds a gradient, which it may keep and change when nobody else holds it.
  void add(Tensor g);
  /// Adds a' b, of a [..., K, M] and b [..., K, N], or holds on to it. Not while recording.
  void accumulate_matmul(const Tensor& a, const Tensor& b);
  /// Whether a product of K rows, one of a batch or not, is better held than computed at once.
  static bool worth_holding(int64_t rows, bool batched);
  /// The sum of what was added with add() as something to add to in place: of this shape, zeros at
  /// first. Not while recording.
  Tensor& sum_in_place(const Shape& shape, DType dtype);
  /// The sum of all; undefined when nothing arrived.
  Tensor take();

 private:
  void compute_products();

  // Operands of products that wait, their rows along axis -2, of which the first `rows` are filled.
  struct Held : Pooled {
    Tensor a, b;
    int64_t rows;
  };

  Tensor sum_;
  std::unique_ptr<Held> held_;  // every recorded op has InputBuffer, few hold products
};

}  // namespace tapehead::detail
