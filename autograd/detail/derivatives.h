// The comparisons made by gradcheck and gradgradcheck.
#pragma once

#include <functional>
#include <random>
#include <string>
#include <vector>

#include "tapehead/autograd/gradcheck.h"

namespace tapehead::detail {

/// A function to differentiate, and the names of its inputs and results in messages.
struct Subject {
  const char* check;
  std::function<std::vector<Tensor>(const std::vector<Tensor>&)> f;
  std::vector<Tensor> inputs;
  std::vector<size_t> varied = {};  // indices of the f64 inputs
  std::vector<std::string> input_names = {}, result_names = {};
  bool second = false;  // second derivatives: results may be untracked, if constant
};

/// An element of an f64 tensor of any strides, by its row-major index.
double& element(const Tensor& t, int64_t index);
/// Random f64 numbers of both signs, bounded away from zero.
Tensor random_tensor(std::mt19937_64& bits, const Shape& shape);

/// Compares the derivatives of the f64 results from backward with finite differences. Throws
/// GradcheckError.
void compare_derivatives(const Subject& s, const std::vector<Tensor>& results,
                         const GradcheckOptions& options);
/// Compares the gradients of the f64 results with those recorded by create_graph. Throws
/// GradcheckError.
void compare_recorded(const Subject& s, const std::vector<Tensor>& results);

}  // namespace tapehead::detail
