// User-defined optimizers: the same results, groups and checkpoints as the built-in ones.
#include <cmath>

#include "tapehead/autograd/ops.h"
#include "tapehead/optim/adamw.h"
#include "tapehead/optim/average.h"
#include "tapehead/optim/lr_scheduler.h"
#include "tapehead/optim/sgd.h"
#include "tapehead/tests/optim_tools.h"
#include "tapehead/tests/user_optimizers.h"

namespace tapehead::custom_test {

using namespace test;

namespace {

// AdamW written with tensor ops.
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

// Updates all parameters at once, as a fused kernel does.
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
  // The states have the same layout, so that each optimizer can load the other's.
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
  optim::LRScheduler schedule(opt, [](int64_t n) { return 1.0 / static_cast<double>(n + 1); });
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

}  // namespace tapehead::custom_test
