// Helpers for the tests of optim: parameters with given values, and expected errors.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tapehead/core/creation.h"
#include "tapehead/nn/params.h"
#include "tapehead/tests/expect.h"

namespace tapehead::test {

/// A leaf that tracks gradients.
inline Tensor leaf(const std::vector<double>& values, DType dtype = f32) {
  Tensor t = from_vector(values).to(dtype);
  return t.set_requires_grad();
}

/// Sets the gradient of a parameter.
inline void give(const Tensor& parameter, const std::vector<double>& gradient) {
  parameter.set_grad(from_vector(gradient).to(parameter.dtype()).reshape(parameter.shape()));
}

using testing::error_of;
using testing::values;

/// A model with a few parameters, all initialised to 1.
inline nn::Params small_model(const std::vector<std::string>& names = {"a", "b"},
                              int64_t size = 2) {
  nn::Params params(1);
  for (const std::string& name : names) params.root().param(name, {size}, nn::init::ones());
  return params;
}

}  // namespace tapehead::test
