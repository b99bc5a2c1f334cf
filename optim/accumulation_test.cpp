// Gradient accumulation over several backward passes.
#include "tapehead/autograd/ops.h"
#include "tapehead/optim/adamw.h"
#include "tapehead/optim/clip.h"
#include "tapehead/tests/optim_tools.h"

using namespace tapehead;
using namespace tapehead::test;

namespace {

// The mean squared error of y = w x over a batch.
Tensor loss_of(const Tensor& w, const std::vector<float>& x, const std::vector<float>& y) {
  const Tensor off = w * from_vector(x) - from_vector(y);
  return sum(off * off) / static_cast<double>(x.size());
}

}  // namespace

TEST_CASE("several backward passes and a scaled step equal one large batch") {
  const Tensor parts = leaf({0.5}, f64), whole = leaf({0.5}, f64);
  optim::AdamW in_parts({{"w", parts}}, {.lr = 0.1}), at_once({{"w", whole}}, {.lr = 0.1});
  for (int step = 0; step < 5; ++step) {
    in_parts.zero_grad();
    for (const float i : {0.f, 1.f, 2.f, 3.f})
      loss_of(parts, {i, i + 1}, {2 * i, 2 * i + 3}).backward();
    in_parts.step({.grad_scale = 1.0 / 4});

    at_once.zero_grad();
    loss_of(whole, {0, 1, 1, 2, 2, 3, 3, 4}, {0, 3, 2, 5, 4, 7, 6, 9}).backward();
    at_once.step();
    CHECK(parts.item() == doctest::Approx(whole.item()).epsilon(1e-12));
  }
}

TEST_CASE("scaled losses add up to the batch's gradient, and are clipped like it") {
  const Tensor parts = leaf({0.5}, f64), whole = leaf({0.5}, f64);
  for (const float i : {1.f, 2.f}) (loss_of(parts, {i}, {3}) / 2).backward();
  loss_of(whole, {1, 2}, {3, 3}).backward();
  CHECK(optim::clip_grad_norm_({{"w", parts}}, 0.5) ==
        doctest::Approx(optim::clip_grad_norm_({{"w", whole}}, 0.5)));
  CHECK(parts.grad().item() == doctest::Approx(whole.grad().item()));
}
