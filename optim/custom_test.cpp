// Optimizers and schedules that a user writes, by the public headers alone.
#include <cmath>
#include <limits>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/optim/adamw.h"
#include "tapehead/optim/average.h"
#include "tapehead/optim/schedule.h"
#include "tapehead/optim/sgd.h"
#include "tapehead/optim/state_reader.h"
#include "tapehead/tests/optim_tools.h"

using namespace tapehead;
using namespace tapehead::test;

namespace {

struct LionOptions {
  optim::Option<double> lr{"lr", 1e-4, optim::kPositive};
  optim::Option<double> beta1{"beta1", 0.9, optim::kBelowOne};
  optim::Option<double> beta2{"beta2", 0.99, optim::kBelowOne};
  optim::Option<double> weight_decay{"weight_decay", 0, optim::kNotNegative};
};

// Chen et al. 2023
struct Lion : optim::Optimizer {
  explicit Lion(const optim::ParamList& params, const LionOptions& options = {},
                const std::vector<optim::GroupRule<LionOptions>>& groups = {})
      : Optimizer("Lion", params, options, {"m"}, groups) {}
  void update(optim::Parameter& p) override {
    Tensor& m = p.state("m");
    const double lr = p.option("lr");
    p.value.mul_(1 - lr * p.option("weight_decay"));
    p.value.sub_(lr * sign(lerp(p.grad, m, p.option("beta1"))));
    m = lerp(p.grad, m, p.option("beta2"));
  }
};

// AdamW again, in tensors.
struct PlainAdamW : optim::Optimizer {
  explicit PlainAdamW(const optim::ParamList& params, const optim::AdamWOptions& options = {},
                      const std::vector<optim::GroupRule<optim::AdamWOptions>>& groups = {})
      : Optimizer("PlainAdamW", params, options,
                  {"exp_avg", "exp_avg_sq", {"max_exp_avg_sq", "amsgrad"}}, groups) {}
  void update(optim::Parameter& p) override {
    const auto o = p.options<optim::AdamWOptions>();
    const double lr = o.lr, beta1 = p.option("betas"), beta2 = p.option("betas", 1);
    Tensor &m = p.state("exp_avg"), &v = p.state("exp_avg_sq");
    m = lerp(p.grad, m, beta1);
    v = lerp(square(p.grad), v, beta2);
    Tensor second = v;
    if (o.amsgrad) second = p.state("max_exp_avg_sq") = maximum(p.state("max_exp_avg_sq"), v);
    const double correction1 = 1 - std::pow(beta1, p.step),
                 correction2 = 1 - std::pow(beta2, p.step);
    p.value = (1 - lr * o.weight_decay) * p.value -
              lr / correction1 * m / (sqrt(second / correction2) + static_cast<double>(o.eps));
  }
};

// An optimizer of one function.
struct Simple : optim::Optimizer {
  struct Options {
    optim::Option<double> lr{"lr", 1, optim::kPositive};
  };
  std::function<void(optim::Parameter&)> change;

  explicit Simple(const optim::ParamList& params, std::function<void(optim::Parameter&)> f,
                  std::vector<optim::StateSpec> states = {})
      : Optimizer("Simple", params, Options(), std::move(states)), change(std::move(f)) {}
  void update(optim::Parameter& p) override { change(p); }
};

std::vector<nn::Param> parameters() {
  return {{"a", leaf({1, 2, 3})},
          {"b.bias", leaf({4, 5}, f64)},
          {"c", leaf({6, 7}, bf16)},
          {"never", leaf({8})}};
}

void give_all(const std::vector<nn::Param>& params, int i) {
  give(params[0].value, {0.5 * i, -0.3, 1.0 / (i + 1)});
  give(params[1].value, {0.7, 0.25 * i});
  give(params[2].value, {i % 3 - 1.0, 0.125});
}

std::vector<double> all_values(const std::vector<nn::Param>& params) {
  std::vector<double> out;
  for (const nn::Param& p : params)
    for (const double v : values(p.value)) out.push_back(v);
  return out;
}

}  // namespace

TEST_CASE("a user's optimizer follows its formula, in groups") {
  const std::vector<nn::Param> params = parameters();
  Lion opt(params, {.lr = 0.25, .weight_decay = 0.5},
           {{"*.bias", {.weight_decay = 0}}, {"b*", {.lr = 0.125, .beta1 = 0.5}}});
  for (int i = 0; i < 3; ++i) {
    give_all(params, i);
    opt.step();
  }
  double a = 2, m = 0, b = 5, n = 0;
  for (int i = 0; i < 3; ++i) {
    const double g = -0.3f, c = 0.9 * m + 0.1 * g;
    a = (1 - 0.25 * 0.5) * a - 0.25 * (c > 0 ? 1 : -1);
    m = 0.99 * m + 0.01 * g;
    const double h = 0.25 * i, d = 0.5 * n + 0.5 * h;
    b -= 0.125 * (d > 0 ? 1 : d < 0 ? -1 : 0);
    n = 0.99 * n + 0.01 * h;
  }
  CHECK(values(params[0].value)[1] == doctest::Approx(a).epsilon(1e-6));
  CHECK(values(params[1].value)[1] == doctest::Approx(b).epsilon(1e-12));
  CHECK(values(params[3].value) == std::vector<double>{8});
  CHECK(opt.steps() == 3);
  CHECK(opt.groups()[1].option("beta1") == 0.5);
  CHECK(opt.groups()[1].option("weight_decay") == 0);
  CHECK(opt.groups()[0].options<LionOptions>().weight_decay == 0.5);
}

TEST_CASE("a user's AdamW equals the library's, of every type, amsgrad in one group only") {
  const std::vector<nn::Param> fused = parameters(), plain = parameters();
  const optim::AdamWOptions options = {.lr = 0.1, .betas = {0.8, 0.9}, .weight_decay = 0.1};
  const std::vector<optim::GroupRule<optim::AdamWOptions>> groups = {
      {"*.bias", {.betas = {0.5, 0.75}, .eps = 1e-3, .amsgrad = true}}};
  optim::AdamW one(fused, options, groups);
  PlainAdamW other(plain, options, groups);
  for (int i = 0; i < 6; ++i) {
    give_all(fused, i);
    give_all(plain, i);
    one.step({.grad_scale = 0.5});
    other.step({.grad_scale = 0.5});
  }
  const auto want = all_values(fused), got = all_values(plain);
  for (size_t i = 0; i < want.size(); ++i) {
    CAPTURE(i);
    CHECK(got[i] == doctest::Approx(want[i]).epsilon(1e-6));
  }
  // Their states are alike, so that either goes on from the other's.
  const optim::StateDict state = one.save();
  std::vector<std::string> names;
  for (const auto& [name, tensor] : state.tensors) names.push_back(name);
  CHECK(names == std::vector<std::string>{"a.exp_avg", "a.exp_avg_sq", "b.bias.exp_avg",
                                          "b.bias.exp_avg_sq", "b.bias.max_exp_avg_sq", "c.exp_avg",
                                          "c.exp_avg_sq", "c.master"});
  other.load(state);
  CHECK(other.save().numbers == state.numbers);
  CHECK(error_of<FormatError>([&] { optim::AdamW(parameters(), options).load(state); }) ==
        "AdamW: the state does not fit: unexpected b.bias.max_exp_avg_sq; nothing was loaded");
}

TEST_CASE("a user's optimizer is restored bit for bit") {
  const std::vector<nn::Param> straight = parameters(), stopped = parameters();
  Lion whole(straight, {.lr = 0.25}), before(stopped, {.lr = 0.25});
  const auto train = [](Lion& opt, const std::vector<nn::Param>& params, int from, int to) {
    for (int i = from; i < to; ++i) {
      give_all(params, i);
      opt.step();
    }
  };
  train(whole, straight, 0, 9);
  train(before, stopped, 0, 5);
  Lion after(stopped, {.lr = 0.25});
  after.load(before.save());
  train(after, stopped, 5, 9);
  CHECK(all_values(stopped) == all_values(straight));
  optim::StateDict broken = after.save();
  broken.tensors.erase(broken.tensors.begin());
  CHECK(error_of<FormatError>([&] { after.load(broken); }) ==
        "Lion: the state does not fit: missing a.m; nothing was loaded");
}

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
  for (const DType dtype : {f32, f64, bf16}) {
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

namespace {

// One pass over all parameters, as a fused kernel makes it.
struct FusedSgd : optim::Optimizer {
  explicit FusedSgd(const optim::ParamList& params, const optim::SGDOptions& options,
                    const std::vector<optim::GroupRule<optim::SGDOptions>>& groups = {})
      : Optimizer("FusedSgd", params, options, {{"momentum_buffer", "momentum"}}, groups) {}
  void update_all(optim::Step& step) override {
    step.run([&](size_t i, const optim::Piece& piece) {
      REQUIRE(step.dtype(i) == f32);
      const auto lr = static_cast<float>(step.group(i).option("lr")),
                 momentum = static_cast<float>(step.group(i).option("momentum")),
                 scale = static_cast<float>(step.grad_scale());
      auto* w = reinterpret_cast<float*>(piece.param);
      const auto* g = reinterpret_cast<const float*>(piece.grad);
      auto* v = reinterpret_cast<float*>(piece.state[0]);
      for (int64_t k = 0; k < piece.n; ++k) {
        float d = scale * g[k];
        if (v) d = v[k] = momentum * v[k] + d;
        w[k] -= lr * d;
      }
    });
  }
};

}  // namespace

TEST_CASE("a user's fused pass goes over every parameter, as the library's") {
  const auto make = [] {
    nn::Params params(3);
    params.root().param("large", {3, 1 << 15}, nn::init::normal(1));
    params.root().param("small", {5}, nn::init::normal(1));
    for (const nn::Param& p : params.all()) p.value.set_grad(sin(p.value.detach() * 100));
    return params;
  };
  const nn::Params a = make(), b = make();
  const optim::SGDOptions options = {.lr = 0.25, .momentum = 0.5};
  const std::vector<optim::GroupRule<optim::SGDOptions>> groups = {{"small", {.momentum = 0}}};
  FusedSgd user(a, options, groups);
  optim::SGD ours(b, options, groups);
  for (int i = 0; i < 3; ++i) {
    user.step({.grad_scale = 0.5});
    ours.step({.grad_scale = 0.5});
  }
  CHECK(user.save().tensors.size() == 1);
  for (const nn::Param& p : a.all()) CHECK(max(abs(p.value - b[p.path])).item() < 1e-6);
}

TEST_CASE("schedules, averages and lists of parameters work with a user's optimizer") {
  nn::Params params = small_model({"w"});
  Lion opt(params, {.lr = 0.5});
  optim::Schedule schedule(opt, [](int64_t n) { return 1.0 / static_cast<double>(n + 1); });
  optim::Ema ema(params, 0.5);
  const auto step = [&] {
    give(params["w"], {1, -1});
    opt.step();
    ema.update();
    schedule.step();
  };
  step();
  step();
  CHECK(values(params["w"]) == std::vector<double>{1 - 0.5 - 0.25, 1 + 0.5 + 0.25});
  const auto swapped = ema.swap();
  CHECK(error_of<GraphError>([&] { opt.step(); }) ==
        "Lion: the model has the averages of Ema in place of its weights; end the scope of swap() "
        "before step()");
}

TEST_CASE("what a user's optimizer is told") {
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

namespace {

// Halves the learning rate whenever a loss is more than twice the one before.
struct Careful : optim::Schedule {
  explicit Careful(optim::Optimizer& opt) : Schedule(opt, optim::curve::Linear{.steps = 8}) {}
  void observe(double loss) {
    if (last > 0 && loss > 2 * last) set_scale(scale() / 2);
    last = loss;
  }
  optim::StateDict save() const override {
    return {
        .numbers = {{"steps", static_cast<double>(steps())}, {"scale", scale()}, {"last", last}}};
  }
  void load(const optim::StateDict& state) override {
    optim::StateReader reader("Careful", state);
    const int64_t steps = reader.count("steps");
    const double scale = reader.number("scale"), loss = reader.number("last");
    reader.finish();
    restore(steps, scale);
    last = loss;
  }
  double last = 0;
};

}  // namespace

TEST_CASE("a user's schedule moves the learning rate, and its state is saved and restored") {
  nn::Params params = small_model({"w"});
  optim::SGD opt(params, {.lr = 0.5}), other(params, {.lr = 0.5});
  Careful schedule(opt), resumed(other);
  const double losses[] = {1, 3, 2, 5, 5};
  const auto follow = [&](Careful& s, size_t from) {
    std::vector<double> rates;
    for (size_t i = from; i < 5; ++i) {
      s.observe(losses[i]);
      s.step();
      rates.push_back(s.lr());
    }
    return rates;
  };
  for (size_t i = 0; i < 2; ++i) {
    schedule.observe(losses[i]);
    schedule.step();
  }
  CHECK(opt.lr() == 0.5 * 0.75 / 2);
  resumed.load(schedule.save());
  CHECK(other.lr() == opt.lr());
  const auto rates = follow(schedule, 2);
  CHECK(rates == std::vector<double>{0.25 * 5 / 8, 0.125 * 4 / 8, 0.125 * 3 / 8});
  CHECK(follow(resumed, 2) == rates);
  CHECK(error_of<FormatError>([&] {
          resumed.load({.numbers = {{"steps", 1}, {"best", 2}}});
        }) ==
        "Careful: the state does not fit: missing scale, last; unexpected best; nothing was "
        "loaded");
}

TEST_CASE("a schedule may step by rules of its own") {
  struct Twice : optim::Schedule {
    explicit Twice(optim::Optimizer& opt)
        : Schedule(opt, [](int64_t n) { return std::pow(0.5, n); }) {}
    void step() override { restore(steps() + 2, 1); }
  };
  nn::Params params = small_model({"w"});
  optim::SGD opt(params, {.lr = 1});
  Twice schedule(opt);
  static_cast<optim::Schedule&>(schedule).step();
  CHECK(opt.lr() == 0.25);
  CHECK(schedule.steps() == 2);
}
