#include "tapehead/optim/lbfgs.h"

#include <cmath>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/tests/all_optimizers.h"
#include "tapehead/tests/optim_tools.h"

using namespace tapehead;
using namespace tapehead::test;

namespace {

// Minimizes Rosenbrock's function of x and y.
struct Problem {
  Tensor x, y;
  int64_t calls = 0;

  explicit Problem(DType dtype = f64, DType dtype_of_y = f64)
      : x(leaf(kStartX, dtype)), y(leaf(kStartY, dtype_of_y)) {}
  std::vector<nn::Param> params() const { return {{"x", x}, {"y", y}}; }
  Tensor loss() const { return sum(10 * square(y - square(x)) + square(1 - x)); }
  void step(optim::LBFGS& opt) {
    const double before = no_grad([&] { return loss(); }).item();
    const Tensor first = opt.step([&] {
      ++calls;
      opt.zero_grad();
      const Tensor now = loss();
      now.backward();
      return now;
    });
    CHECK(first.item() == before);
  }
  std::vector<double> result() const {
    std::vector<double> out = values(x);
    for (const double v : values(y)) out.push_back(v);
    return out;
  }
};

optim::LBFGSOptions options(const TorchClosureRun& run) {
  return options_of<optim::LBFGSOptions>(run.options);
}

}  // namespace

TEST_CASE("L-BFGS takes PyTorch's steps, and goes on from a saved state") {
  for (size_t row = 0; row < kTorchClosureRuns.size(); ++row) {
    const TorchClosureRun& run = kTorchClosureRuns[row];
    if (run.optimizer != std::string("LBFGS")) continue;
    CAPTURE(row);
    for (const bool resumed : {false, true}) {
      CAPTURE(resumed);
      Problem problem;
      auto opt = std::make_unique<optim::LBFGS>(problem.params(), options(run));
      for (size_t step = 0; step < 6; ++step) {
        CAPTURE(step);
        problem.step(*opt);
        const std::vector<double> got = problem.result();
        for (size_t i = 0; i < got.size(); ++i)
          CHECK(got[i] == doctest::Approx(run.trace[step * got.size() + i]).epsilon(1e-9));
        if (!resumed) continue;
        const optim::StateDict state = opt->save();
        opt = std::make_unique<optim::LBFGS>(problem.params(), options(run));
        opt->load(state);
      }
      CHECK(problem.calls == run.calls);
      CHECK(opt->steps() == 6);
    }
  }
}

TEST_CASE("L-BFGS finds the minimum with parameters of every type") {
  const DType types[][2] = {{f32, f32}, {f32, f64}, {f64, f64}, {bf16, bf16}};
  for (const auto& pair : types) {
    const DType of_x = pair[0], of_y = pair[1];
    CAPTURE(name(of_x));
    CAPTURE(name(of_y));
    Problem problem(of_x, of_y);
    optim::LBFGS opt(problem.params(), {.line_search_fn = optim::LineSearchFn::strong_wolfe});
    const double start = problem.loss().item();
    for (int i = 0; i < 5; ++i) problem.step(opt);
    CHECK(problem.loss().item() < (of_x == bf16 ? start / 10 : 1e-8));
  }
}

TEST_CASE("a change of the parameters that have gradients discards L-BFGS's history") {
  const Tensor a = leaf({3, 1}, f64), b = leaf({2}, f64);
  optim::LBFGS opt({{"a", a}, {"b", b}}, {.max_iter = 3});  // two iterations: three evaluations
  bool with_b = true;
  const auto closure = [&] {
    opt.zero_grad();
    Tensor loss = sum(square(a) * tensor({1.0, 10.0}, f64));
    if (with_b) loss = loss + sum(square(b));
    loss.backward();
    return loss;
  };
  const auto rows = [&](const std::string& wanted) {
    for (const auto& [name, tensor] : opt.save().tensors)
      if (name == wanted) return tensor.size(0);
    return int64_t{-1};
  };
  opt.step(closure);
  CHECK(rows("a.old_dirs") == 1);
  opt.step(closure);
  CHECK(rows("a.old_dirs") == 3);
  with_b = false;
  opt.step(closure);
  CHECK(rows("a.old_dirs") == 5);
  with_b = true;
  opt.step(closure);
  CHECK(rows("a.old_dirs") == 1);
}

TEST_CASE("L-BFGS: errors, and a step at the minimum") {
  nn::Params params = small_model({"w"});
  optim::LBFGS opt(params);
  give(params["w"], {1, 1});
  CHECK(error_of<GraphError>([&] { static_cast<optim::Optimizer&>(opt).step(); }) ==
        "LBFGS: step() without a closure; call step(f), where f computes the loss and its "
        "gradients");
  CHECK(error_of<ValueError>([&] { optim::LBFGS(params, {.max_iter = 0}); }) ==
        "LBFGS: max_iter = 0; it must be above 0");
  int calls = 0;
  const auto flat = [&] {
    ++calls;
    give(params["w"], {0, 0});
    return Tensor(1.5);
  };
  for (int i = 0; i < 2; ++i) CHECK(opt.step(flat).item() == 1.5);
  CHECK(calls == 2);
  CHECK(values(params["w"]) == std::vector<double>{1, 1});
}
