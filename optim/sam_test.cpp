#include "tapehead/optim/sam.h"

#include "tapehead/autograd/ops.h"
#include "tapehead/optim/sgd.h"
#include "tapehead/tests/optim_tools.h"
#include "tapehead/tests/oracles/optim_runs.h"

using namespace tapehead;
using namespace tapehead::test;

namespace {

Tensor rosenbrock(const Tensor& x, const Tensor& y) {
  return sum(10 * square(y - square(x)) + square(1 - x));
}

}  // namespace

TEST_CASE("SAM follows the recorded runs of its formula") {
  for (const TorchClosureRun& run : kTorchClosureRuns) {
    if (run.optimizer != std::string("SAM")) continue;
    CAPTURE(run.options[0].second[0]);
    const Tensor x = leaf(kStartX, f64), y = leaf(kStartY, f64);
    optim::SGD base({{"x", x}, {"y", y}}, {.lr = 0.002, .momentum = 0.9});
    optim::SAM sam(base,
                   {.rho = run.options[0].second[0], .adaptive = run.options[1].second[0] != 0});
    int64_t calls = 0;
    std::vector<double> trace;
    const auto closure = [&] {
      ++calls;
      base.zero_grad();
      const Tensor loss = rosenbrock(x, y);
      loss.backward();
      return loss;
    };
    for (int step = 0; step < 6; ++step) {
      const double before = rosenbrock(x, y).item();
      CHECK(sam.step(closure).item() == before);
      for (const Tensor& t : {x, y})
        for (const double v : values(t)) trace.push_back(v);
    }
    CHECK(calls == run.calls);
    REQUIRE(trace.size() == run.trace.size());
    for (size_t i = 0; i < trace.size(); ++i)
      CHECK(trace[i] == doctest::Approx(run.trace[i]).epsilon(1e-12));
  }
}

TEST_CASE("the two steps of SAM, which restore the weights of every type exactly") {
  for (const DType dtype : {f32, f64, bf16}) {
    CAPTURE(name(dtype));
    const Tensor a = leaf({1, -2}, dtype), b = leaf({0.3}, dtype);
    Tensor frozen = leaf({5}, dtype);
    frozen.set_requires_grad(false);
    const std::vector<double> before = values(b);
    optim::SGD base({{"a", a}, {"b", b}, {"frozen", frozen}}, {.lr = 0.5});
    optim::SAM sam(base, {.rho = 0.5});
    give(a, {0, 4});
    give(b, {3});
    CHECK(sam.first_step() == 5);
    CHECK(values(a)[0] == 1);
    CHECK(values(a)[1] == doctest::Approx(-1.6).epsilon(dtype == bf16 ? 1e-2 : 1e-6));
    give(a, {1, 0});
    give(b, {0});
    sam.second_step({.grad_scale = 2});
    CHECK(values(a) == std::vector<double>{0, -2});
    CHECK(values(b) == before);
    CHECK(base.steps() == 1);
  }
}

TEST_CASE("SAM without gradients, and errors") {
  nn::Params params = small_model({"w"});
  optim::SGD base(params, {.lr = 1});
  optim::SAM sam(base);
  CHECK(sam.first_step() == 0);
  sam.second_step();
  give(params["w"], {0, 0});
  CHECK(sam.first_step() == 0);
  CHECK(values(params["w"]) == std::vector<double>{1, 1});
  CHECK(error_of<GraphError>([&] { sam.first_step(); }) ==
        "SAM: the weights are perturbed already; call second_step() after first_step()");
  sam.second_step();
  CHECK(error_of<GraphError>([&] { sam.second_step(); }) ==
        "SAM: second_step() without a first_step(); call first_step() before");
  CHECK(error_of<ValueError>([&] { optim::SAM(base, {.rho = -1}); }) ==
        "SAM: rho = -1; it must be 0 or more");
  // A closure that fails at the perturbed weights leaves the original ones.
  int calls = 0;
  const auto fails = [&] {
    give(params["w"], {3, 4});
    if (++calls == 2) throw ValueError("no data");
    return Tensor(0);
  };
  CHECK(error_of<ValueError>([&] { sam.step(fails); }) == "no data");
  CHECK(values(params["w"]) == std::vector<double>{1, 1});
  CHECK(sam.first_step() == 5);
}
