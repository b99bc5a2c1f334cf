// Derivatives of functions, as in torch.autograd.functional.
#pragma once

#include <functional>
#include <vector>

#include "tapehead/core/tensor.h"

namespace tapehead {

/// A function to differentiate. It is called with tensors that track gradients and are not those
/// that were passed in, and must compute its result from them with differentiable ops.
using FunctionOfTensor = std::function<Tensor(const Tensor& x)>;
using FunctionOfTensors = std::function<std::vector<Tensor>(const std::vector<Tensor>& inputs)>;

struct JacobianOptions {
  /// Records the derivatives, so that they can be differentiated with respect to the inputs that
  /// track gradients, and to what else the function computes with.
  bool create_graph = false;
  /// Throws GraphError for a result that does not depend on an input; otherwise its derivatives are
  /// 0.
  bool strict = false;
};

/// The Jacobian of f at x: dy[i…] / dx[j…] at [i…, j…], of shape [*y.shape, *x.shape]. It takes a
/// backward pass for each element of y.
Tensor jacobian(const FunctionOfTensor& f, const Tensor& x, const JacobianOptions& options = {});
/// The Jacobians of all results with respect to all inputs, at [result][input].
std::vector<std::vector<Tensor>> jacobian(const FunctionOfTensors& f,
                                          const std::vector<Tensor>& inputs,
                                          const JacobianOptions& options = {});
/// The Hessian of a function with one element as its result, of shape [*x.shape, *x.shape]. Throws
/// ShapeError for another result.
Tensor hessian(const FunctionOfTensor& f, const Tensor& x, const JacobianOptions& options = {});
/// The second derivatives with respect to each pair of inputs, at [i][j].
std::vector<std::vector<Tensor>> hessian(const FunctionOfTensors& f,
                                         const std::vector<Tensor>& inputs,
                                         const JacobianOptions& options = {});

/// The result of a function, and a product with its derivatives.
struct DerivativeProduct {
  Tensor output, product;  ///< see above
};

/// The product of a vector v, of the shape of the result, and the Jacobian; of the shape of x. `v`
/// may be undefined for a result with one element. Throws ShapeError for another shape.
DerivativeProduct vjp(const FunctionOfTensor& f, const Tensor& x, const Tensor& v = {},
                      const JacobianOptions& options = {});
/// The product of the Jacobian and a vector v, of the shape of x: the derivative along v, of the
/// shape of the result. Throws ShapeError for another shape. It is computed by differentiating
/// vjp(), which is linear in its vector, so f must be twice differentiable.
DerivativeProduct jvp(const FunctionOfTensor& f, const Tensor& x, const Tensor& v,
                      const JacobianOptions& options = {});
/// The product of the Hessian and a vector v, of the shape of x, for a function with one element as
/// its result. The Hessian is not computed. As it is symmetric, this is also vhp() of PyTorch.
DerivativeProduct hvp(const FunctionOfTensor& f, const Tensor& x, const Tensor& v,
                      const JacobianOptions& options = {});

}  // namespace tapehead
