// What gradcheck and gradgradcheck compare.
#pragma once

#include <functional>
#include <random>
#include <string>
#include <vector>

#include "tapehead/autograd/gradcheck.h"

namespace tapehead::detail {

/// A function to differentiate, and how messages call its inputs and results.
struct Subject {
  const char* check;
  std::function<std::vector<Tensor>(const std::vector<Tensor>&)> f;
  std::vector<Tensor> inputs;
  std::vector<size_t> varied = {};  // the inputs that are f64
  std::vector<std::string> input_names = {}, result_names = {};
  bool second = false;  // a gradient that is constant has nothing to track
};

/// The place of an element, counted in row-major order, in an f64 tensor of any strides.
double& element(const Tensor& t, int64_t index);
/// Numbers of both signs, none near zero, in f64.
Tensor random_tensor(std::mt19937_64& bits, const Shape& shape);

/// Compares the derivatives of the f64 results by backward with those by differences. Throws
/// GradcheckError.
void compare_derivatives(const Subject& s, const std::vector<Tensor>& results,
                         const GradcheckOptions& options);
/// Compares the gradients of the f64 results with those that create_graph records. Throws
/// GradcheckError.
void compare_recorded(const Subject& s, const std::vector<Tensor>& results);

}  // namespace tapehead::detail
