// The gradient that accumulates at a result of a node during a backward pass.
#pragma once

#include <memory>

#include "tapehead/core/allocator.h"
#include "tapehead/core/tensor.h"

namespace tapehead::detail {

/// The sum of the gradients received so far, and pending products to be added to it. Products with
/// few rows are inefficient, and a sum of products is a single product:
///
///   a1' b1 + a2' b2 + ... = [a1; a2; ...]' [b1; b2; ...]
///
/// so their operands are collected, up to a limit.
class InputBuffer {
 public:
  /// Adds a gradient. May reuse its memory if there are no other references to it.
  void add(Tensor g);
  /// Adds a' b, for a [..., K, M] and b [..., K, N], or defers it. Not while recording.
  /// The gradient is of type `dtype`; a and b have it too, or are bf16 if it is f32.
  void accumulate_matmul(const Tensor& a, const Tensor& b, DType dtype);
  /// Whether a product of K rows, batched or not, should be deferred rather than computed at once.
  static bool worth_holding(int64_t rows, bool batched);
  /// The sum of the gradients received through add(), to be accumulated into in place: of this
  /// shape, initially zeros. Not while recording.
  Tensor& sum_in_place(const Shape& shape, DType dtype);
  /// Returns the sum of everything received; undefined if there is nothing.
  Tensor take();

 private:
  void compute_products();

  // Operands of deferred products, concatenated along axis -2; the first `rows` rows are filled.
  struct Held : Pooled {
    Tensor a, b;
    int64_t rows;
    DType dtype;  // of the gradient
  };

  Tensor sum_;
  std::unique_ptr<Held> held_;  // allocated on use: few ops defer products
};

}  // namespace tapehead::detail
