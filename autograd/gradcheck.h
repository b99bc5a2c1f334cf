// Numerical proof of gradients.
#pragma once

#include <functional>
#include <vector>

#include "tapehead/core/tensor.h"

namespace tapehead {

struct GradcheckOptions {
  double eps = 1e-6;   ///< the step of the central difference
  double atol = 1e-5;  ///< |analytical - numerical| <= atol + rtol |numerical|
  double rtol = 1e-3;
};

/// Compares the gradients of `f` at `inputs` with central differences, element by element. Inputs should be
/// f64. Throws GradcheckError that names the worst element: input, position, both values.
void gradcheck(const std::function<std::vector<Tensor>(const std::vector<Tensor>&)>& f,
               const std::vector<Tensor>& inputs, const GradcheckOptions& options = {});
void gradcheck(const std::function<Tensor(const Tensor&)>& f, const std::vector<Tensor>& inputs,
               const GradcheckOptions& options = {});

/// The same for the gradients of the gradients.
void gradgradcheck(const std::function<std::vector<Tensor>(const std::vector<Tensor>&)>& f,
                   const std::vector<Tensor>& inputs, const GradcheckOptions& options = {});
void gradgradcheck(const std::function<Tensor(const Tensor&)>& f, const std::vector<Tensor>& inputs,
                   const GradcheckOptions& options = {});

}  // namespace tapehead
