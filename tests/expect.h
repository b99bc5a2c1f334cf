// Helpers shared by unit tests.
#pragma once

#include <functional>
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

}  // namespace tapehead::testing
