// Every row of the table of ops under autocast, with operands in f32 and bf16 side by side.
#include <doctest/doctest.h>

#include <cstdlib>

#include "tapehead/autograd/autocast.h"
#include "tapehead/autograd/engine.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/tests/op_derive.h"

namespace tapehead::op_tests {
namespace {

// The floating operands alternately in bf16 and f32.
Tensors alternating(const Sample& s, bool in_bf16) {
  Tensors out = to_tensors(s, draw(s), f32);
  for (Tensor& t : out) {
    if (t.dtype() != f32) continue;
    t = t.to(in_bf16 ? bf16 : f32).detach().set_requires_grad();
    in_bf16 = !in_bf16;
  }
  return out;
}

void check_mixed(const Sample& s, bool bf16_first) {
  const Tensors operands = alternating(s, bf16_first);
  Tensors leaves;
  for (const Tensor& t : operands)
    if (t.requires_grad()) leaves.push_back(t);
  const Tensors results = autocast(bf16, [&] { return s.call(operands); });
  Tensor loss = sum(zeros({}));
  for (const Tensor& t : results)
    if (t.requires_grad()) loss = loss + sum(square(t.to(f32)));
  if (!loss.requires_grad()) return;
  const Tensors gradients = grad({loss}, leaves, {.allow_unused = true});
  for (size_t i = 0; i < leaves.size(); ++i)
    if (gradients[i].defined()) CHECK(gradients[i].dtype() == leaves[i].dtype());
}

}  // namespace

TEST_CASE("every row of the table of ops computes f32 and bf16 operands under autocast") {
  const char* only = std::getenv("TAPEHEAD_ONLY_OP");
  for (const OpTest& row : table()) {
    if (only && row.op() != only) continue;
    CAPTURE(row.op());
    for (const Sample& s : row.samples())
      for (const bool bf16_first : {true, false}) {
        CAPTURE(bf16_first);
        if (s.differentiable) CHECK_NOTHROW(check_mixed(s, bf16_first));
      }
  }
}

}  // namespace tapehead::op_tests
