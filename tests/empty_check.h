// Helpers for tests of empty tensors.
#pragma once

#include <functional>
#include <vector>

#include "tapehead/core/tensor.h"

namespace tapehead::testing {

/// Checks that the sum of the results has gradients, with and without create_graph, and second
/// derivatives, and that they are finite and have the shapes of the inputs.
void check_derivatives(const std::vector<Tensor>& results, const std::vector<Tensor>& inputs);

/// A call of an op with tracked operands of the given shapes.
struct EmptyCall {
  const char* name;
  std::vector<Shape> shapes;
  std::function<std::vector<Tensor>(const std::vector<Tensor>&)> call;
};
void check(const EmptyCall& call, DType dtype);

}  // namespace tapehead::testing
