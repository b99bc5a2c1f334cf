#include "tapehead/nn/eval_guard.h"

#include <doctest/doctest.h>

#include <stdexcept>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/nn/linear.h"
#include "tapehead/nn/norm.h"

namespace tapehead::eval_guard_test {

TEST_CASE("EvalGuard: evaluation mode without gradients, then each layer's own mode again") {
  const nn::Params params(1);
  const nn::Linear linear(params / "linear", 3, 3);
  const nn::Dropout first(params / "first", 0.5), frozen(params / "frozen", 0.5);
  params.eval("frozen");
  const auto training = [&] {
    return std::pair((params / "first").training(), (params / "frozen").training());
  };
  const Tensor x = ones({100, 3});
  const auto evaluates = [&] {
    CHECK(training() == std::pair(false, false));
    CHECK_FALSE(linear(x).requires_grad());
    CHECK(sum(frozen(first(x))).item() == 300);
  };
  const auto trains = [&] {
    CHECK(training() == std::pair(true, false));
    CHECK(linear(x).requires_grad());
    CHECK(sum(first(x) == 0).item() > 60);
  };
  {
    const nn::EvalGuard eval(params);
    evaluates();
    {
      const nn::EvalGuard again(params);
      evaluates();
    }
    evaluates();
  }
  trains();
  CHECK_THROWS_AS(
      [&] {
        const nn::EvalGuard eval(params);
        throw std::runtime_error("no such file");
      }(),
      std::runtime_error);
  trains();
  {
    const NoGradGuard off;
    { const nn::EvalGuard eval(params); }
    CHECK_FALSE(linear(x).requires_grad());
  }
}

}  // namespace tapehead::eval_guard_test
