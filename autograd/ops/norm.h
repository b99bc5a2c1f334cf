// Normalisation of floating tensors; others throw DTypeError. ShapeError is thrown for weights
// that do not fit.
#pragma once

#include <initializer_list>

#include "tapehead/core/tensor.h"

namespace tapehead {

/// (x - mean) / sqrt(var + eps) * weight + bias, over the last axes of x, which must have the shape
/// of weight; over the last axis if there is no weight. The variance is biased. Ba, Kiros and
/// Hinton 2016.
/// Example: layer_norm(tensor({{1.0, 3.0}, {0.0, 10.0}}))  // [[-1., 1.], [-1., 1.]]
Tensor layer_norm(const Tensor& x, const Tensor& weight = {}, const Tensor& bias = {},
                  double eps = 1e-5);
/// Normalises over the last axes of x, whose sizes must be `normalized`.
Tensor layer_norm(const Tensor& x, const Shape& normalized, const Tensor& weight = {},
                  const Tensor& bias = {}, double eps = 1e-5);
inline Tensor layer_norm(const Tensor& x, std::initializer_list<int64_t> normalized,
                         const Tensor& weight = {}, const Tensor& bias = {}, double eps = 1e-5) {
  return layer_norm(x, Shape(normalized), weight, bias, eps);
}
/// x / sqrt(mean(x²) + eps) * weight, over the same axes as layer_norm(). Zhang and Sennrich 2019.
/// Example: rms_norm(tensor({{3.0, 3.0}, {0.0, 10.0}}))  // [[1.0000, 1.0000], [0.0000, 1.4142]]
Tensor rms_norm(const Tensor& x, const Tensor& weight = {}, double eps = 1e-6);

}  // namespace tapehead
