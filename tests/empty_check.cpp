#include "tapehead/tests/empty_check.h"

#include <doctest/doctest.h>

#include "tapehead/autograd/engine.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"

namespace tapehead::testing {
namespace {

using Tensors = std::vector<Tensor>;

// Ignores undefined and untracked tensors.
Tensor sum_of_squares(const Tensors& all) {
  Tensor total = zeros({});
  for (const Tensor& t : all)
    if (t.defined() && t.requires_grad()) total = total + sum(square(t));
  return total;
}

void check_gradients(const Tensors& grads, const Tensors& inputs) {
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!grads[i].defined()) continue;
    CHECK(grads[i].shape() == inputs[i].shape());
    CHECK(grads[i].dtype() == inputs[i].dtype());
    CHECK(all(isfinite(grads[i])).item() == 1);
  }
}

}  // namespace

void check_derivatives(const Tensors& results, const Tensors& inputs) {
  const Tensor loss = sum_of_squares(results);
  REQUIRE(loss.requires_grad());
  for (const bool record : {false, true}) {
    const Tensors grads =
        grad({loss}, inputs, {.retain_graph = true, .create_graph = record, .allow_unused = true});
    check_gradients(grads, inputs);
    const Tensor norm = sum_of_squares(grads);
    if (norm.requires_grad())
      check_gradients(grad({norm}, inputs, {.retain_graph = true, .allow_unused = true}), inputs);
  }
}

void check(const EmptyCall& call, DType dtype) {
  INFO(std::string(call.name));
  manual_seed(1);
  Tensors x;
  for (const Shape& shape : call.shapes) x.push_back(randn(shape).to(dtype).set_requires_grad());
  check_derivatives(call.call(x), x);
}

}  // namespace tapehead::testing
