// Rows of ops whose results under autocast are compared with those without it.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "tapehead/autograd/autocast.h"
#include "tapehead/autograd/engine.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/random.h"
#include "tapehead/tests/expect.h"

namespace tapehead::testing {

using Tensors = std::vector<Tensor>;

struct AutocastRow {
  std::string name;
  std::vector<Shape> shapes;  // of the operands, which are random numbers
  std::function<Tensor(const Tensors&)> f;
};

inline Tensors random_leaves(const AutocastRow& row, DType dtype = f32) {
  manual_seed(5);
  Tensors out;
  for (const Shape& shape : row.shapes)
    out.push_back(randn(shape).to(dtype).detach().set_requires_grad());
  return out;
}

inline Tensors to_type(const Tensors& list, DType dtype) {
  Tensors out;
  for (const Tensor& t : list) out.push_back(t.detach().to(dtype).set_requires_grad());
  return out;
}

/// The gradients of a sum of different multiples of the result's elements.
inline Tensors gradients(const Tensor& result, const Tensors& inputs) {
  const Tensor weights = arange(result.numel()).to(f32).reshape(result.shape()) / 7 + 1;
  return grad({sum(result.to(f32) * weights)}, inputs);
}

/// The largest difference, in units of the largest magnitude.
inline double relative_difference(const Tensor& a, const Tensor& b) {
  double largest = 0;
  for (const double x : values(b)) largest = std::max(largest, std::abs(x));
  return difference(a, b) / largest;
}

/// A result and gradients with autocast, and those of f on operands in `type` without it.
struct AutocastResults {
  Tensor y, expected;
  Tensors grads, expected_grads;
};
inline AutocastResults compare(const AutocastRow& row, const Tensors& inputs, DType type) {
  AutocastResults out;
  out.y = autocast(bf16, [&] { return row.f(inputs); });
  out.grads = gradients(out.y, inputs);
  const Tensors plain = to_type(inputs, type);
  out.expected = row.f(plain);
  out.expected_grads = gradients(out.expected, plain);
  return out;
}

}  // namespace tapehead::testing
