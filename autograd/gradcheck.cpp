#include "tapehead/autograd/gradcheck.h"

#include <fmt/format.h>

#include <cstring>
#include <random>

#include "tapehead/autograd/detail/derivatives.h"
#include "tapehead/autograd/engine.h"
#include "tapehead/autograd/grad_mode.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

using detail::Subject;
using Tensors = std::vector<Tensor>;

bool elements_share_memory(const Tensor& t) {
  for (int axis = 0; axis < t.dim(); ++axis)
    if (t.shape()[axis] > 1 && t.strides()[axis] == 0) return true;
  return false;
}

// Makes the inputs tracked leaves: the caller's own if they are leaves already, otherwise copies.
void take_inputs(Subject& s, const Tensors& inputs) {
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Tensor& x = inputs[i];
    s.inputs.push_back(x);
    s.input_names.push_back(fmt::format("input {} ({})", i, core::describe(x)));
    if (!x.defined() || !is_floating(x.dtype())) continue;
    if (x.dtype() != f64)
      throw GradcheckError(fmt::format(
          "{}: {} is not f64, which finite differences require; convert it with to(f64)", s.check,
          s.input_names.back()));
    if (!x.requires_grad() || !x.is_leaf()) s.inputs[i] = x.detach().clone().set_requires_grad();
    else if (elements_share_memory(x))
      throw GradcheckError(
          fmt::format("{}: {} is an expanded view, whose elements share memory; clone() it first",
                      s.check, s.input_names.back()));
    s.varied.push_back(i);
  }
  if (s.varied.empty())
    throw GradcheckError(fmt::format("{}: none of the {} inputs is f64; there is nothing to check",
                                     s.check, inputs.size()));
}

bool same_bits(const Tensor& a, const Tensor& b) {
  if (a.shape() != b.shape() || a.dtype() != b.dtype()) return false;
  const std::vector<double> x = a.to_vector<double>(), y = b.to_vector<double>();
  return x.empty() || std::memcmp(x.data(), y.data(), x.size() * sizeof(double)) == 0;
}

// Runs the function twice and returns the differentiable results.
Tensors results_of(Subject& s) {
  const auto once = [&] {
    const AutoGradMode on(true);
    return s.f(s.inputs);
  };
  const Tensors all = once(), again = once();
  Tensors results;
  for (size_t r = 0; r < all.size(); ++r) {
    const std::string name =
        s.second ? s.result_names[r] : fmt::format("result {} ({})", r, core::describe(all[r]));
    if (r >= again.size() || !same_bits(all[r], again[r]))
      throw GradcheckError(
          fmt::format("{}: {} is not the same when the function is called again with the same "
                      "inputs; seed its random "
                      "numbers inside the function",
                      s.check, name));
    if (!is_floating(all[r].dtype())) continue;
    if (all[r].dtype() != f64)
      throw GradcheckError(fmt::format(
          "{}: {} is not f64, which finite differences require; compute in f64", s.check, name));
    if (!s.second && !all[r].requires_grad())
      throw GradcheckError(
          fmt::format("{}: {} is not tracked; compute it from the inputs with recorded ops, "
                      "without detach() or NoGradGuard",
                      s.check, name));
    results.push_back(all[r]);
    if (!s.second) s.result_names.push_back(name);
  }
  if (results.empty())
    throw GradcheckError(fmt::format(
        "{}: the function returns no floating result; there is nothing to check", s.check));
  return results;
}

}  // namespace

CheckedFunction::Tensors CheckedFunction::operator()(const Tensors& inputs) const {
  if (takes_ != 0 && takes_ != inputs.size())
    throw GradcheckError(fmt::format("gradcheck: the function takes {} tensor{} and {} {} given",
                                     takes_, takes_ == 1 ? "" : "s", inputs.size(),
                                     inputs.size() == 1 ? "was" : "were"));
  return call_(inputs);
}

void gradcheck(const CheckedFunction& f, const Tensors& inputs, const GradcheckOptions& options) {
  Subject s{.check = "gradcheck", .f = f, .inputs = {}};
  take_inputs(s, inputs);
  const Tensors results = results_of(s);
  detail::compare_derivatives(s, results, options);
  detail::compare_recorded(s, results);
}

void gradgradcheck(const CheckedFunction& f, const Tensors& inputs,
                   const GradcheckOptions& options) {
  Subject first{.check = "gradgradcheck", .f = f, .inputs = {}};
  take_inputs(first, inputs);
  const Tensors results = results_of(first);
  // The second derivative is that of the recorded gradient, whose formula may differ from the fused
  // one.
  detail::compare_recorded(first, results);

  Subject s = first;
  s.second = true;
  s.result_names.clear();
  std::mt19937_64 bits(2);
  for (size_t r = 0; r < results.size(); ++r) {
    s.varied.push_back(s.inputs.size());
    s.inputs.push_back(detail::random_tensor(bits, results[r].shape()).set_requires_grad());
    s.input_names.push_back("the gradient of " + first.result_names[r]);
  }
  for (const size_t v : first.varied)
    s.result_names.push_back("the gradient of " + first.input_names[v]);
  const size_t count = inputs.size();
  s.f = [f, count, varied = first.varied](const Tensors& x) {
    const Tensors given(x.begin(), x.begin() + static_cast<ptrdiff_t>(count));
    Tensors outputs, wanted;
    for (const Tensor& y : f(given))
      if (y.dtype() == f64) outputs.push_back(y);
    for (const size_t v : varied) wanted.push_back(given[v]);
    Tensors grads = grad(outputs, wanted,
                         {.gradients = {x.begin() + static_cast<ptrdiff_t>(count), x.end()},
                          .create_graph = true,
                          .allow_unused = true});
    for (size_t i = 0; i < grads.size(); ++i)
      if (!grads[i].defined()) grads[i] = core::full(wanted[i].shape(), 0, f64);
    return grads;
  };
  detail::compare_derivatives(s, results_of(s), options);
}

}  // namespace tapehead
