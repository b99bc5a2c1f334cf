// Helpers shared by unit tests.
#pragma once

#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "tapehead/core/error.h"
#include "tapehead/core/tensor.h"

namespace tapehead::testing {

/// The message of the E that `f` throws; "no error" if it throws nothing. Other exceptions
/// propagate.
template <class E>
std::string error_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const E& error) {
    return error.what();
  }
  return "no error";
}

/// A tensor with the given elements, in row-major order.
inline Tensor tensor_of(const Shape& shape, const std::vector<double>& numbers, DType dtype = f32) {
  Tensor t = core::empty(shape, f64);
  for (size_t i = 0; i < numbers.size(); ++i) t.data<double>()[i] = numbers[i];
  return t.to(dtype);
}

inline std::vector<double> values(const Tensor& t) { return t.to_vector<double>(); }

using Doubles = std::vector<double>;

/// Like tensor_of(), with a gradient to be computed.
inline Tensor leaf(const Shape& shape, const Doubles& numbers, DType dtype = f64) {
  return tensor_of(shape, numbers, dtype).set_requires_grad();
}

/// The largest difference between a tensor's elements and numbers; NaN if one is, infinity if there
/// are not as many.
inline double difference(const Tensor& t, const Doubles& numbers) {
  const Doubles x = values(t);
  if (x.size() != numbers.size()) return std::numeric_limits<double>::infinity();
  double most = 0;
  for (size_t i = 0; i < x.size() && !std::isnan(most); ++i)
    if (const double d = std::abs(x[i] - numbers[i]); !(d <= most)) most = d;
  return most;
}
/// That of two tensors; infinity if their shapes differ.
inline double difference(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() ? difference(a, values(b))
                                : std::numeric_limits<double>::infinity();
}

}  // namespace tapehead::testing
