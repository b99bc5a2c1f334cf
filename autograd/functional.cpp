#include "tapehead/autograd/functional.h"

#include <fmt/format.h>

#include "tapehead/autograd/detail/mapping.h"
#include "tapehead/autograd/engine.h"
#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

using Tensors = std::vector<Tensor>;

// What the function computes with. With create_graph the derivatives depend on x, if it is tracked.
Tensor tracked_copy(const char* op, const Tensor& x, bool create_graph) {
  if (!is_floating(x.dtype()))
    throw DTypeError(
        fmt::format("{}: {} is not floating; integers have no derivatives", op, core::describe(x)));
  const Tensor copy = detail::copy_for_each(x);
  if (create_graph && x.requires_grad()) return copy.view(x.shape());
  return detail::tracked_leaf(copy.detach());
}

Tensors tracked_copies(const char* op, const Tensors& inputs, bool create_graph) {
  Tensors copies;
  for (const Tensor& x : inputs) copies.push_back(tracked_copy(op, x, create_graph));
  return copies;
}

// grad() of one output; zeros for inputs that it does not depend on.
Tensors grads_of(const char* op, const Tensor& y, const Tensors& inputs, const Tensor& dy,
                 const JacobianOptions& o) {
  Tensors dx(inputs.size());
  if (y.requires_grad())
    dx = grad({y}, inputs,
              {.gradients = {dy},
               .retain_graph = true,
               .create_graph = o.create_graph,
               .allow_unused = true});
  for (size_t i = 0; i < dx.size(); ++i) {
    if (dx[i].defined()) continue;
    if (o.strict)
      throw GraphError(
          fmt::format("{}: the result does not depend on input {}; without `strict` "
                      "its derivatives are 0",
                      op, i));
    dx[i] = zeros(inputs[i].shape(), inputs[i].dtype());
  }
  return dx;
}

void check_shape(const char* op, const char* of, const Tensor& v, const Shape& shape) {
  if (v.shape() != shape)
    throw ShapeError(fmt::format("{}: v has shape {}, the {} {}; they must be equal", op,
                                 v.shape().str(), of, shape.str()));
}

void check_one_element(const char* op, const Tensor& y) {
  if (y.numel() != 1)
    throw ShapeError(fmt::format("{}: the function returned {}; it must have one element", op,
                                 core::describe(y)));
}

Shape joined(const Shape& a, const Shape& b) {
  Shape both = a;
  for (const int64_t size : b) both.push_back(size);
  return both;
}

// The Jacobians of y with respect to each input.
Tensors jacobians(const char* op, const Tensor& y, const Tensors& inputs,
                  const JacobianOptions& o) {
  std::vector<Tensors> rows(inputs.size());
  for (int64_t i = 0; i < y.numel(); ++i) {
    const Tensor dy = zeros({y.numel()}, y.dtype());
    dy.select(0, i).fill_(1);
    const Tensors dx = grads_of(op, y, inputs, dy.view(y.shape()), o);
    for (size_t k = 0; k < dx.size(); ++k) rows[k].push_back(dx[k]);
  }
  Tensors out;
  for (size_t k = 0; k < inputs.size(); ++k) {
    const Shape shape = joined(y.shape(), inputs[k].shape());
    out.push_back(rows[k].empty() ? zeros(shape, inputs[k].dtype())
                                  : stack(rows[k]).reshape(shape));
  }
  return out;
}

// Calls the function with recording on.
template <class F, class X>
auto call(const F& f, const X& x) {
  const AutoGradMode on(true);
  return f(x);
}

FunctionOfTensors many(const FunctionOfTensor& f) {
  return [&f](const Tensors& x) { return Tensors{f(x[0])}; };
}

// Without create_graph, results are not attached to the graph of the copies.
Tensor result(const Tensor& t, const JacobianOptions& o) { return o.create_graph ? t : t.detach(); }

}  // namespace

std::vector<Tensors> jacobian(const FunctionOfTensors& f, const Tensors& inputs,
                              const JacobianOptions& options) {
  const Tensors x = tracked_copies("jacobian", inputs, options.create_graph);
  std::vector<Tensors> all;
  for (const Tensor& y : call(f, x)) all.push_back(jacobians("jacobian", y, x, options));
  return all;
}

Tensor jacobian(const FunctionOfTensor& f, const Tensor& x, const JacobianOptions& options) {
  return jacobian(many(f), {x}, options)[0][0];
}

std::vector<Tensors> hessian(const FunctionOfTensors& f, const Tensors& inputs,
                             const JacobianOptions& options) {
  const Tensors x = tracked_copies("hessian", inputs, options.create_graph);
  const Tensors y = call(f, x);
  if (y.size() != 1)
    throw ShapeError(
        fmt::format("hessian: the function returned {} tensors; it must return one", y.size()));
  check_one_element("hessian", y[0]);
  const JacobianOptions first{.create_graph = true, .strict = options.strict};
  const AutoGradMode on(true);
  const Tensor one = ones(y[0].shape(), y[0].dtype());
  std::vector<Tensors> all;
  for (const Tensor& dx : grads_of("hessian", y[0], x, one, first))
    all.push_back(jacobians("hessian", dx, x, options));
  return all;
}

Tensor hessian(const FunctionOfTensor& f, const Tensor& x, const JacobianOptions& options) {
  return hessian(many(f), {x}, options)[0][0];
}

DerivativeProduct vjp(const FunctionOfTensor& f, const Tensor& x, const Tensor& v,
                      const JacobianOptions& options) {
  const Tensor in = tracked_copy("vjp", x, options.create_graph);
  const Tensor y = call(f, in);
  if (v.defined()) check_shape("vjp", "result", v, y.shape());
  else check_one_element("vjp", y);
  const Tensor dy = v.defined() ? v : ones(y.shape(), y.dtype());
  return {result(y, options), grads_of("vjp", y, {in}, dy, options)[0]};
}

DerivativeProduct jvp(const FunctionOfTensor& f, const Tensor& x, const Tensor& v,
                      const JacobianOptions& options) {
  check_shape("jvp", "input", v, x.shape());
  const Tensor in = tracked_copy("jvp", x, options.create_graph);
  const Tensor y = call(f, in);
  const AutoGradMode on(true);
  // J^T u is linear in u, so that its gradient with respect to u along v is J v, for any u.
  const Tensor u = tracked_copy("jvp", zeros(y.shape(), y.dtype()), false);
  const JacobianOptions first{.create_graph = true, .strict = options.strict};
  const Tensor dx = grads_of("jvp", y, {in}, u, first)[0];
  return {result(y, options), grads_of("jvp", dx, {u}, v, options)[0]};
}

DerivativeProduct hvp(const FunctionOfTensor& f, const Tensor& x, const Tensor& v,
                      const JacobianOptions& options) {
  check_shape("hvp", "input", v, x.shape());
  const Tensor in = tracked_copy("hvp", x, options.create_graph);
  const Tensor y = call(f, in);
  check_one_element("hvp", y);
  const AutoGradMode on(true);
  const JacobianOptions first{.create_graph = true, .strict = options.strict};
  const Tensor dx = grads_of("hvp", y, {in}, ones(y.shape(), y.dtype()), first)[0];
  return {result(y, options), grads_of("hvp", dx, {in}, v, options)[0]};
}

}  // namespace tapehead
