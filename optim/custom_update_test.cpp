// User-defined optimizers: what update() may do with values and state, and the arguments it
// receives.
#include <limits>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/tests/optim_tools.h"
#include "tapehead/tests/user_optimizers.h"

using namespace tapehead;
using namespace tapehead::test;

TEST_CASE("steps too small for bf16 add up in a user's optimizer, and changes of others hold") {
  const Tensor w = leaf({1, 1}, bf16);
  Simple opt({{"w", w}}, [](optim::Parameter& p) {
    CHECK(p.value.dtype() == f32);
    CHECK(p.grad.dtype() == f32);
    p.value.sub_(p.grad / 1024);
  });
  for (int i = 0; i < 64; ++i) {
    give(w, {1, 1});
    opt.step();
    if (i == 0) no_grad([&] { return w.select(0, 1).fill_(5); });
  }
  CHECK(values(w) == std::vector<double>{1 - 64.0 / 1024, 5 - 2.0 / 32});
}

TEST_CASE("a parameter with gaps is changed in place or assigned") {
  for (const bool assigned : {false, true}) {
    CAPTURE(assigned);
    Tensor wide = from_vector(std::vector<float>{1, 2, 3, 4, 5, 6}, {2, 3});
    Tensor w = wide.transpose(0, 1);
    w.set_requires_grad();
    w.set_grad(w.detach().clone());
    Simple opt({{"w", w}}, [&](optim::Parameter& p) {
      if (assigned) p.value = p.value - p.grad;
      else p.value.sub_(p.grad);
    });
    opt.step();
    CHECK(values(w) == std::vector<double>(6, 0));
    CHECK(values(wide) == std::vector<double>(6, 0));
  }
}

TEST_CASE("what decays in a user's optimizer becomes 0, not denormal") {
  for (const DType dtype : {f32, f64, bf16, f16}) {
    CAPTURE(name(dtype));
    const double tiny = 1.5 * (dtype == f64 ? std::numeric_limits<double>::min()
                                            : std::numeric_limits<float>::min());
    const Tensor w = leaf({tiny, 1}, dtype);
    Simple opt({{"w", w}},
               [&](optim::Parameter& p) {
                 if (p.step == 1) p.state("m").fill_(tiny);
                 else p.state("m").mul_(0.5);
                 p.value.mul_(0.5);
               },
               {"m"});
    for (int i = 0; i < 2; ++i) {
      give(w, {1, 1});
      opt.step();
    }
    CHECK(values(w) == std::vector<double>{0, 0.25});
    CHECK(values(opt.save().tensors[0].second) == std::vector<double>{0, 0});
  }
}

TEST_CASE("a state may have a shape of its own, and never is somebody else's memory") {
  const Tensor w = leaf({1, 2, 3});
  const auto change = [](optim::Parameter& p) {
    Tensor& total = p.state("total");
    total = p.step == 1 ? sum(p.grad) : total + sum(p.grad);
    p.state("last") = p.grad;
  };
  const std::vector<optim::StateSpec> states = {{"total", "", true}, "last"};
  Simple opt({{"w", w}}, change, states), resumed({{"w", w}}, change, states);
  give(w, {1, 2, 3});
  opt.step();
  resumed.load(opt.save());
  no_grad([&] { w.grad().fill_(7); });
  for (Simple* each : {&opt, &resumed}) {
    const optim::StateDict state = each->save();
    CHECK(values(state.tensors[0].second) == std::vector<double>{6});
    CHECK(state.tensors[0].second.dim() == 0);
    CHECK(values(state.tensors[1].second) == std::vector<double>{1, 2, 3});
  }
  resumed.step();
  CHECK(values(resumed.save().tensors[0].second) == std::vector<double>{27});
}

TEST_CASE("errors of a user's optimizer") {
  const Tensor w = leaf({1, 2});
  const auto told = [&](const std::function<void(optim::Parameter&)>& change,
                        std::vector<optim::StateSpec> states = {"m"}) {
    Simple opt({{"w", w}}, change, std::move(states));
    give(w, {1, 1});
    return error_of<ValueError>([&] { opt.step(); });
  };
  CHECK(told([](optim::Parameter& p) { p.option("beta"); }) ==
        "Simple: no option 'beta'; the options are lr");
  CHECK(told([](optim::Parameter& p) { p.option("lr", 1); }) ==
        "Simple: no option 'lr[1]'; the options are lr");
  CHECK(told([](optim::Parameter& p) { p.state("v"); }) ==
        "Simple: 'w' has no state 'v'; it has m");
  CHECK(told([](optim::Parameter& p) { p.state("v"); }, {}) ==
        "Simple: 'w' has no state 'v'; name it when the optimizer is made");
  CHECK(told([](optim::Parameter& p) { p.value = zeros({3}); }) ==
        "Simple: update() gave 'w' the value [3] f32; it must stay [2] f32");
  CHECK(told([](optim::Parameter& p) { p.value = Tensor(); }) ==
        "Simple: update() gave 'w' the value undefined; it must stay [2] f32");
  CHECK(told([](optim::Parameter& p) { p.state("m") = zeros({2}, f64); }) ==
        "Simple: update() left the state 'm' of 'w' as [2] f64; it must be [2] f32");
  CHECK(told([](optim::Parameter&) {}, {{"m", "", true}}) ==
        "Simple: update() left the state 'm' of 'w' as undefined; it must be f32");
  CHECK(values(w) == std::vector<double>{1, 2});

  struct Neither : optim::Optimizer {
    explicit Neither(const optim::ParamList& params)
        : Optimizer("Neither", params, LionOptions()) {}
  };
  Neither neither({{"w", w}});
  CHECK(error_of<GraphError>([&] { neither.step(); }) ==
        "Neither: it overrides neither update() nor update_all()");

  struct NoRate : optim::Optimizer {
    struct Options {
      optim::Option<double> rate{"rate", 1};
    };
    explicit NoRate(const optim::ParamList& params) : Optimizer("NoRate", params, Options()) {}
  };
  CHECK(error_of<ValueError>([&] { NoRate({{"w", w}}); }) == "NoRate: it has no option 'lr'");
  CHECK(error_of<ValueError>([&] {
          Simple({{"w", w}}, [](auto&) {}, {"a", "b", "c", "d", "e", "f", "g"});
        }) == "Simple: 7 state tensors; there can be 6");
  CHECK(error_of<ValueError>([&] {
          Lion({{"w", w}}, {.beta2 = 1});
        }) == "Lion: beta2 = 1; it must be at least 0 and below 1");
  CHECK(error_of<ValueError>([&] {
          Lion({{"w", w}}, {}, {{"w", {.weight_decay = -1}}});
        }) == "Lion: weight_decay of 'w' = -1; it must be 0 or more");
}
