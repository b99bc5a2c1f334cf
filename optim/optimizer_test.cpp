// Behaviour common to all optimizers: which parameters a step changes, and errors.
#include "tapehead/optim/optimizer.h"

#include <algorithm>
#include <cmath>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/limits.h"
#include "tapehead/tests/all_optimizers.h"
#include "tapehead/tests/optim_tools.h"

using namespace tapehead;
using namespace tapehead::test;

TEST_CASE("AdamW finds the minimum of a quadratic") {
  nn::Params params = small_model({"w"}, 3);
  optim::AdamW opt(params, {.lr = 0.1, .weight_decay = 0});
  const Tensor target = from_vector(std::vector<float>{3, -2, 0.5});
  for (int i = 0; i < 300; ++i) {
    opt.zero_grad();
    const Tensor off = params["w"] - target;
    sum(off * off).backward();
    opt.step();
  }
  for (int i = 0; i < 3; ++i)
    CHECK(values(params["w"])[static_cast<size_t>(i)] ==
          doctest::Approx(values(target)[static_cast<size_t>(i)]).epsilon(1e-3));
  CHECK(opt.steps() == 300);
}

TEST_CASE("parameters without a gradient, and frozen ones, are left alone") {
  nn::Params params = small_model({"a", "b", "c"});
  optim::SGD opt(params, {.lr = 0.5, .momentum = 0.9});
  params.freeze("c");
  give(params["a"], {1, 1});
  opt.step();
  CHECK(values(params["a"]) == std::vector<double>{0.5, 0.5});
  CHECK(values(params["b"]) == std::vector<double>{1, 1});
  CHECK(values(params["c"]) == std::vector<double>{1, 1});
}

TEST_CASE("a step without gradients does nothing") {
  nn::Params params = small_model({"a"});
  optim::SGD opt(params, {.lr = 0.5, .momentum = 0.9, .weight_decay = 0.5});
  opt.step();
  CHECK(opt.steps() == 0);
  CHECK(values(params["a"]) == std::vector<double>{1, 1});
  CHECK(opt.save().tensors.empty());
}

TEST_CASE("freezing keeps the state for later, and drops the gradient") {
  nn::Params params = small_model({"a", "b"});
  optim::SGD opt(params, {.lr = 1, .momentum = 0.5});
  const auto step = [&] {
    for (const nn::Param& p : params.trainable()) give(p.value, {1, 1});
    opt.step();
  };
  step();  // momentum 1
  params.freeze("b");
  step();
  CHECK(values(params["b"]) == std::vector<double>{0, 0});
  params.unfreeze("b");
  step();  // b: 0.5 * 1 + 1
  CHECK(values(params["b"]) == std::vector<double>{-1.5, -1.5});
  CHECK(values(params["a"]) == std::vector<double>{1 - 1 - 1.5 - 1.75, 1 - 1 - 1.5 - 1.75});
}

TEST_CASE("parameters frozen at first, or made later, are trained") {
  nn::Params params = small_model({"a", "b"});
  params.freeze("b");
  optim::SGD opt(params, {.lr = 1}, {{"*b", {.lr = 0.5}}});
  params.root().param("late_b", {2}, nn::init::ones());
  params.unfreeze("b");
  for (const nn::Param& p : params.trainable()) give(p.value, {1, 1});
  opt.step();
  CHECK(values(params["a"]) == std::vector<double>{0, 0});
  CHECK(values(params["b"]) == std::vector<double>{0.5, 0.5});
  CHECK(values(params["late_b"]) == std::vector<double>{0.5, 0.5});
}

TEST_CASE("buffers are not trained") {
  nn::Params params = small_model({"a"});
  params.root().buffer("seen", from_vector(std::vector<float>{1, 2}));
  optim::SGD opt(params);
  REQUIRE(opt.groups().size() == 1);
  CHECK(opt.groups()[0].parameters == std::vector<std::string>{"a"});
}

TEST_CASE("an optimizer trains a list of parameters of mixed types") {
  const Tensor a = leaf({1, 1}, f64), b = leaf({1, 1}, f32), c = leaf({1, 1}, bf16);
  optim::SGD opt({{"a", a}, {"b", b}, {"c", c}}, {.lr = 0.25});
  for (const Tensor& t : {a, b, c}) give(t, {1, 2});
  opt.step();
  for (const Tensor& t : {a, b, c}) CHECK(values(t) == std::vector<double>{0.75, 0.5});
}

TEST_CASE("parameters and gradients with gaps are trained") {
  Tensor wide = from_vector(std::vector<float>{1, 2, 3, 4, 5, 6}, {2, 3});
  Tensor w = wide.transpose(0, 1);
  w.set_requires_grad();
  w.set_grad(from_vector(std::vector<float>{1, 2, 3, 4, 5, 6}, {2, 3}).transpose(0, 1));
  optim::SGD opt({{"w", w}}, {.lr = 1});
  opt.step();
  CHECK(values(w) == std::vector<double>(6, 0));
}

TEST_CASE("0-d and empty parameters are trained") {
  Tensor scalar = core::full({}, 3), nothing = core::full({0, 4}, 0);
  scalar.set_requires_grad().set_grad(core::full({}, 2));
  nothing.set_requires_grad().set_grad(core::full({0, 4}, 0));
  optim::SGD opt({{"scalar", scalar}, {"nothing", nothing}}, {.lr = 0.5});
  opt.step();
  CHECK(scalar.item() == 2);
}

TEST_CASE("large and small tensors get the same bits, wherever they are cut") {
  // Element i of the large tensor must move like a tensor of one element.
  const int64_t n = 3 * (1 << 15) + 1001;
  Tensor large = core::full({n}, 0.5), neighbour = core::full({77}, 0.5);
  std::vector<float> gradient(static_cast<size_t>(n));
  for (int64_t i = 0; i < n; ++i)
    gradient[static_cast<size_t>(i)] = static_cast<float>(std::sin(static_cast<double>(i)));
  large.set_requires_grad();
  neighbour.set_requires_grad();
  optim::AdamW opt({{"neighbour", neighbour}, {"large", large}}, {.lr = 0.1});
  std::vector<nn::Param> singles;
  const int64_t at[] = {
      0, 1, 63, 64, (1 << 15) - 129, (1 << 15) - 128, 1 << 15, 2 * (1 << 15) - 128, n - 2, n - 1};
  for (const int64_t i : at) singles.push_back({std::to_string(i), core::full({1}, 0.5)});
  for (nn::Param& p : singles) p.value.set_requires_grad();
  optim::AdamW alone(singles, {.lr = 0.1});
  for (int step = 0; step < 3; ++step) {
    large.set_grad(from_vector(gradient));
    neighbour.set_grad(core::full({77}, 1));
    opt.step();
    for (size_t k = 0; k < singles.size(); ++k)
      singles[k].value.set_grad(core::full({1}, gradient[static_cast<size_t>(at[k])]));
    alone.step();
  }
  const std::vector<double> got = values(large);
  for (size_t k = 0; k < singles.size(); ++k) {
    CAPTURE(at[k]);
    CHECK(got[static_cast<size_t>(at[k])] ==
          doctest::Approx(singles[k].value.item()).epsilon(1e-6));
  }
}

TEST_CASE("grad_scale counts as multiplied gradients") {
  const Tensor a = leaf({1, 2}), b = leaf({1, 2});
  optim::AdamW scaled({{"a", a}}, {.lr = 0.1, .weight_decay = 0.5}),
      plain({{"b", b}}, {.lr = 0.1, .weight_decay = 0.5});
  for (int i = 0; i < 4; ++i) {
    give(a, {8, -4});
    give(b, {2, -1});
    scaled.step({.grad_scale = 0.25});
    plain.step();
  }
  CHECK(values(a) == values(b));
  CHECK(values(a.grad()) == std::vector<double>{8, -4});
}

TEST_CASE("steps too small for bf16 and f16 add up in the master copy, changes of others hold") {
  for (const DType dtype : {bf16, f16}) {
    CAPTURE(name(dtype));
    const double lr = finfo(dtype).eps / 8;
    const Tensor w = leaf({1, 1}, dtype);
    optim::SGD opt({{"w", w}}, {.lr = lr});
    const auto step = [&] {
      give(w, {1, 1});
      opt.step();
    };
    step();
    no_grad([&] { return w.select(0, 1).fill_(5); });
    for (int i = 0; i < 63; ++i) step();
    CHECK(values(w) == std::vector<double>{1 - 64 * lr, 5 - 64 * lr});  // 5 - 63 lr, rounded
  }
}

TEST_CASE("a step counts as a change in place") {
  nn::Params params = small_model({"w"});
  optim::SGD opt(params);
  const Tensor loss = sum(params["w"] * params["w"]);
  give(params["w"], {1, 1});
  opt.step();
  CHECK(error_of<GraphError>([&] { loss.backward(); }) ==
        "backward: 'w' [2], saved by mul, was changed in place by SGD afterwards; compute a new "
        "tensor instead "
        "of changing it");
}

TEST_CASE("zero_grad clears the gradients") {
  nn::Params params = small_model({"a", "b"});
  params.freeze("b");
  optim::SGD opt(params);
  give(params["a"], {1, 1});
  opt.zero_grad();
  CHECK_FALSE(params["a"].grad().defined());
}

// The variance, E[g^2] - E[g]^2, is then 0, or slightly negative by rounding.
TEST_CASE("centered RMSprop with constant gradients stays finite") {
  std::vector<double> gradients;
  for (int k = 1; k < 400; ++k) gradients.push_back(k / 37.0);
  for (const DType dtype : {f32, f64}) {
    CAPTURE(std::string(name(dtype)));
    const Tensor w = leaf(gradients, dtype);
    optim::RMSprop opt({{"w", w}}, {.lr = 1e-9, .alpha = 0.5, .centered = true});
    give(w, gradients);
    for (int i = 0; i < 300; ++i) opt.step();
    CHECK(std::ranges::all_of(values(w), [](double v) { return std::isfinite(v); }));
  }
}

// Overflowing squares mean a huge gradient: dividing by infinity is correct, dividing by eps is
// not.
TEST_CASE("gradients whose squares overflow do not move a parameter") {
  for (const DType dtype : {f32, f64, bf16})
    for (const bool momentum : {false, true})
      for (const bool centered : {false, true}) {
        CAPTURE(name(dtype));
        CAPTURE(centered);
        nn::Params params;
        const Tensor a = (params / "m").param("a", {2}, nn::init::ones()), before = a.clone();
        params.to(dtype);
        optim::RMSprop optimizer(params,
                                 {.lr = 0.1, .momentum = momentum ? 0.9 : 0, .centered = centered});
        const double huge = dtype == f64 ? 1e160 : 1e22;
        for (int step = 0; step < 3; ++step) {
          const Tensor& now = params["m.a"];
          now.set_grad(tensor({1.0, step == 1 ? 1.0 : huge}, f64).to(dtype));
          optimizer.step();
          CHECK(now[1].item() == 1);
          CHECK(now[0].item() < 1);
        }
      }
  for (const bool amsgrad : {false, true}) {
    nn::Params params;
    const Tensor a = (params / "m").param("a", {1}, nn::init::ones());
    optim::Adam optimizer(params, {.lr = 0.1, .amsgrad = amsgrad});
    a.set_grad(tensor({1e22}, f32));
    optimizer.step();
    CHECK(a.item() == 1);
  }
}

TEST_CASE("ASGD averages the parameter after t0") {
  const Tensor w = leaf({1}, f64);
  optim::ASGD opt({{"w", w}}, {.lr = 1, .lambd = 0, .t0 = 2});
  double average = 0;
  for (int step = 1; step <= 6; ++step) {
    give(w, {1.0 / step});
    opt.step();
    const int counted = std::max(1, step - 3);
    average += (w.item() - average) / counted;
    CHECK(values(opt.save().tensors[0].second)[0] == doctest::Approx(average).epsilon(1e-14));
  }
}

TEST_CASE("Adafactor moves a parameter of zeros by its least step") {
  const Tensor w = leaf({0, 0}, f64);
  optim::Adafactor opt({{"w", w}}, {.lr = 0.25});
  give(w, {3, -3});
  opt.step();  // the update is the sign of the gradient
  CHECK(values(w)[0] == doctest::Approx(-1e-3 * 0.25));
  CHECK(values(w)[1] == doctest::Approx(1e-3 * 0.25));
}

TEST_CASE("NaN in a gradient stays in the parameter, centered or not") {
  for (const bool centered : {false, true}) {
    nn::Params params;
    const Tensor a = (params / "m").param("a", {1}, nn::init::ones());
    optim::RMSprop optimizer(params, {.lr = 0.1, .centered = centered});
    for (const double gradient : {std::nan(""), 1.0}) {
      a.set_grad(tensor({gradient}, f32));
      optimizer.step();
      CHECK(std::isnan(a.item()));
    }
  }
}

TEST_CASE("optimizers: errors") {
  using nn::Param;
  using optim::Adam, optim::AdamW, optim::RMSprop, optim::SGD;
  const nn::Params p = small_model({"fc", "out"});
  struct Row {
    std::function<void()> call;
    const char* text;
  };
  const Row rows[] = {
      {[&] { SGD(p, {.lr = 0}); }, "SGD: lr = 0; it must be above 0"},
      {[&] { AdamW(p, {.lr = -1e-3}); }, "AdamW: lr = -0.001; it must be above 0"},
      {[&] { Adam(p, {.lr = NAN}); }, "Adam: lr = nan; it must be above 0"},
      {[&] { SGD(p, {.momentum = -0.5}); }, "SGD: momentum = -0.5; it must be 0 or more"},
      {[&] { SGD(p, {.dampening = INFINITY}); }, "SGD: dampening = inf; it must be finite"},
      {[&] { SGD(p, {.nesterov = true}); },
       "SGD: nesterov is on; it needs momentum above 0 and dampening = 0"},
      {[&] { SGD(p, {.weight_decay = -1}); }, "SGD: weight_decay = -1; it must be 0 or more"},
      {[&] {
         Adam(p, {.betas = {0.9, 1}});
       },
       "Adam: betas = {0.9, 1}; each must be at least 0 and below 1"},
      {[&] {
         AdamW(p, {.betas = {-0.1, 0.9}});
       },
       "AdamW: betas = {-0.1, 0.9}; each must be at least 0 and below 1"},
      {[&] { Adam(p, {.eps = -1}); }, "Adam: eps = -1; it must be 0 or more"},
      {[&] { RMSprop(p, {.alpha = 1}); }, "RMSprop: alpha = 1; it must be at least 0 and below 1"},
      {[&] { RMSprop(p, {.eps = -1}); }, "RMSprop: eps = -1; it must be 0 or more"},
      {[&] { RMSprop(p, {.momentum = -1}); }, "RMSprop: momentum = -1; it must be 0 or more"},
      {[&] { optim::Adadelta(p, {.rho = 1}); },
       "Adadelta: rho = 1; it must be at least 0 and below 1"},
      {[&] { optim::Adafactor(p, {.beta2_decay = 0.5}); },
       "Adafactor: beta2_decay = 0.5; it must be 0 or less"},
      {[&] { optim::Adafactor(p, {.d = 0.5}); }, "Adafactor: d = 0.5; it must be 1 or more"},
      {[&] {
         optim::Muon(p, {.ns_coefficients = {1, NAN, 2}});
       },
       "Muon: ns_coefficients = {1, nan, 2}; each must be finite"},
      {[&] { optim::Muon(p, {.ns_steps = 100}); },
       "Muon: ns_steps = 100; it must be at least 0 and below 100"},
      {[&] { optim::NAdam(p, {.momentum_decay = -1}); },
       "NAdam: momentum_decay = -1; it must be 0 or more"},
      {[&] {
         optim::Rprop(p, {.etas = {0.5, 0.75}});
       },
       "Rprop: etas = {0.5, 0.75}; the first must be below 1 and the second above 1"},
      {[&] {
         optim::Rprop(p, {.step_sizes = {2, 1}});
       },
       "Rprop: step_sizes = {2, 1}; they must be in ascending order"},
      {[&] { AdamW(p).set_lr(-1); }, "AdamW: lr = -1; it must be 0 or more"},
      {[&] { AdamW{nn::Params(1)}; },
       "AdamW: there are no parameters; make the layers before the optimizer"},
      {[&] { SGD(std::vector<Param>{}); },
       "SGD: there are no parameters; make the layers before the optimizer"},
      {[&] {
         SGD({{"a", p["fc"]}, {"b", p["fc"]}}, {});
       },
       "SGD: 'a' and 'b' are one tensor; give each parameter once, under its own name"},
      {[&] {
         SGD({{"a", p["fc"]}, {"a", p["out"]}}, {});
       },
       "SGD: 'a' and 'a' are one name; give each parameter once, under its own name"},
  };
  for (const Row& row : rows) CHECK(error_of<ValueError>(row.call) == row.text);

  const char* matrices =
      "Muon: 'fc' is [2]; it trains matrices only, give other parameters to another optimizer";
  CHECK(error_of<ShapeError>([&] { optim::Muon{p}; }) == matrices);
  CHECK(error_of<DTypeError>([&] {
          SGD({{"ids", from_vector(std::vector<int64_t>{1, 2})}}, {});
        }) == "SGD: 'ids' is [2] i64; only f32, f64, bf16 and f16 can be trained");
  SGD opt(p);
  give(p["out"], {1, 1});
  CHECK(error_of<ValueError>([&] { opt.step({.grad_scale = NAN}); }) ==
        "SGD: grad_scale = nan; it must be finite");
  CHECK(values(p["out"]) == std::vector<double>{1, 1});
}
