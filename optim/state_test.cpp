// Saving and restoring optimizers.
#include <memory>

#include "tapehead/optim/average.h"
#include "tapehead/tests/all_optimizers.h"
#include "tapehead/tests/optim_tools.h"

namespace tapehead::state_test {

using namespace test;
using optim::StateDict;

namespace {

std::vector<nn::Param> parameters(bool matrices = false) {
  const auto make = [&](const std::vector<double>& numbers, DType dtype = f32) {
    const auto size = static_cast<int64_t>(numbers.size());
    Tensor t = from_vector(numbers, matrices ? Shape{1, size} : Shape{size}).to(dtype);
    return t.set_requires_grad();
  };
  return {{"a", make({1, 2, 3})},
          {"b", make({4, 5}, f64)},
          {"c", make({6, 7}, bf16)},
          {"never", make({8})}};
}

void train(optim::Optimizer& opt, const std::vector<nn::Param>& params, int from, int to) {
  for (int i = from; i < to; ++i) {
    give(params[0].value, {0.1 * i, -0.3, 1.0 / (i + 1)});
    give(params[1].value, {0.7, 0.2 * i});
    give(params[2].value, {i % 3 - 1.0, 0.01});
    if (i % 2) params[1].value.set_grad({});
    opt.step();
  }
}

// Options with which an optimizer has all of its state.
TorchOptions with_all_state(const std::string& name) {
  if (name == "SGD") return {{"momentum", {0.9}}, {"dampening", {0.5}}};
  if (name == "RMSprop") return {{"momentum", {0.9}}, {"centered", {1}}};
  if (name == "AdamW") return {{"amsgrad", {1}}};
  if (name == "ASGD") return {{"lambd", {0.1}}, {"t0", {2}}};
  return {};
}

const Tensor& tensor_of(const StateDict& state, const std::string& name) {
  for (const auto& [key, value] : state.tensors)
    if (key == name) return value;
  throw std::out_of_range(name);
}

}  // namespace

TEST_CASE("a restored optimizer goes on bit for bit") {
  for (size_t k = 0; k < 2 * kOptimizers.size(); ++k) {
    const std::string& name = kOptimizers[k / 2].first;
    const bool matrices = k % 2 == 0;
    if (name == "Muon" && !matrices) continue;
    CAPTURE(name);
    CAPTURE(matrices);
    const auto make = [&](const std::vector<nn::Param>& params) {
      return make_optimizer(name, params, with_all_state(name));
    };
    const std::vector<nn::Param> straight = parameters(matrices), resumed = parameters(matrices);
    const auto first = make(straight), before = make(resumed);
    first->set_lr(0.03);
    train(*first, straight, 0, 9);

    before->set_lr(0.03);
    train(*before, resumed, 0, 5);
    const StateDict state = before->save();
    train(*before, resumed, 5, 6);  // the saved state is a copy

    const std::vector<nn::Param> after = parameters(matrices);
    const auto replay = make(after);  // brings the weights to the point of saving
    replay->set_lr(0.03);
    train(*replay, after, 0, 5);
    const auto second = make(after);
    second->load(state);
    CHECK(second->steps() == 5);
    CHECK(second->lr() == 0.03);
    train(*second, after, 5, 9);
    for (size_t i = 0; i < after.size(); ++i)
      CHECK(values(after[i].value) == values(straight[i].value));
  }
}

TEST_CASE("what is in a state") {
  const std::vector<nn::Param> params = parameters();
  optim::Adam opt(params);
  train(opt, params, 0, 3);
  const StateDict state = opt.save();
  std::vector<std::string> names;
  for (const auto& [name, value] : state.tensors) names.push_back(name);
  CHECK(names == std::vector<std::string>{"a.exp_avg", "a.exp_avg_sq", "b.exp_avg", "b.exp_avg_sq",
                                          "c.exp_avg", "c.exp_avg_sq", "c.master"});
  CHECK(tensor_of(state, "b.exp_avg").dtype() == f64);
  CHECK(tensor_of(state, "c.exp_avg").dtype() == f32);
  const std::vector<std::pair<std::string, double>> numbers = {{"steps", 3},   {"lr", 1e-3},
                                                               {"a.steps", 3}, {"b.steps", 2},
                                                               {"c.steps", 3}, {"never.steps", 0}};
  CHECK(state.numbers == numbers);
}

TEST_CASE("a state that does not fit is refused whole, with every difference") {
  const std::vector<nn::Param> params = parameters();
  optim::AdamW opt(params, {});
  train(opt, params, 0, 2);
  const StateDict good = opt.save();

  StateDict other = good;
  other.tensors.erase(other.tensors.begin());  // a.exp_avg
  other.tensors.emplace_back("d.exp_avg", core::full({2}, 0));
  for (auto& [name, value] : other.tensors) {
    if (name == "b.exp_avg") value = core::full({3}, 0, f64);
    if (name == "c.master") value = core::full({2}, 0, bf16);
  }
  other.numbers.erase(other.numbers.begin() + 1);  // lr
  other.numbers.back().second = -1;                // never.steps
  other.numbers.emplace_back("d.steps", 7);
  CHECK(error_of<FormatError>([&] { opt.load(other); }) ==
        "AdamW: the state does not fit: missing lr, a.exp_avg; unexpected d.exp_avg, d.steps; "
        "b.exp_avg is [3] "
        "f64 in the state, [2] f64 here; c.master is [2] bf16 in the state, [2] f32 here; "
        "never.steps is -1, which is not a count; nothing was loaded");

  const StateDict still = opt.save();
  CHECK(still.numbers == good.numbers);
  for (size_t i = 0; i < still.tensors.size(); ++i)
    CHECK(values(still.tensors[i].second) == values(good.tensors[i].second));
}

TEST_CASE("of many differences twenty are named and the rest are counted") {
  std::vector<nn::Param> params;
  std::string twenty;
  for (int i = 10; i < 33; ++i) {
    params.push_back({"p" + std::to_string(i), leaf({1})});
    if (i < 30) twenty += (i > 10 ? ", " : "") + params.back().path + ".momentum_buffer";
    give(params.back().value, {1});
  }
  optim::SGD plain(params), opt(params, {.momentum = 0.5});
  opt.step();
  CHECK(error_of<FormatError>([&] { plain.load(opt.save()); }) ==
        "SGD: the state does not fit: unexpected " + twenty + " and 3 more; nothing was loaded");
}

TEST_CASE("the state follows parameters that are converted") {
  nn::Params model = small_model({"w"});
  optim::SGD opt(model, {.lr = 1.0 / 1024, .momentum = 0.5});
  const auto step = [&] {
    give(model["w"], {1, 2});
    opt.step();
    return values(model["w"])[0];
  };
  step();  // momentum 1
  model.to(f64);
  CHECK(step() == 1 - 2.5 / 1024);  // 1.5
  CHECK(tensor_of(opt.save(), "w.momentum_buffer").dtype() == f64);
  model.to(bf16);  // rounds the weight to 1 - 1 / 256
  step();
  CHECK(values(tensor_of(opt.save(), "w.momentum_buffer")) == std::vector<double>{1.75, 3.5});
  CHECK(tensor_of(opt.save(), "w.master").dtype() == f32);
  model.to(f32);
  step();
  CHECK(opt.save().tensors.size() == 1);
}

TEST_CASE("the state of a parameter that is made later begins with its first step") {
  nn::Params model = small_model({"w"});
  optim::SGD opt(model, {.lr = 1, .momentum = 0.5});
  give(model["w"], {1, 2});
  opt.step();
  const StateDict before = opt.save();
  model.root().param("late", {2}, nn::init::ones());
  CHECK(opt.save().tensors.size() == 1);
  give(model["late"], {1, 2});
  opt.step();
  CHECK(values(model["late"]) == std::vector<double>{0, -1});
  CHECK(values(tensor_of(opt.save(), "late.momentum_buffer")) == std::vector<double>{1, 2});
  CHECK(error_of<FormatError>([&] { opt.load(before); }) ==
        "SGD: the state does not fit: missing late.steps; nothing was loaded");
  CHECK(opt.steps() == 2);
}

TEST_CASE("a state is found under each name of a tied parameter") {
  const auto make = [](const char* first, const char* second) {
    nn::Params params = small_model({first});
    params.root().tie(second, params[first]);
    return params;
  };
  nn::Params a = make("in", "out"), b = make("out", "in");
  optim::SGD one(a, {.momentum = 0.5}), two(b, {.momentum = 0.5});
  optim::Ema average(a, 0.5), other(b, 0.5);
  give(a["in"], {1, 2});
  one.step();
  average.update();
  two.load(one.save());
  other.load(average.save());
  CHECK(values(tensor_of(two.save(), "out.momentum_buffer")) == std::vector<double>{1, 2});
  CHECK(values(other.averages()[0].value) == values(a["in"]));
}

}  // namespace tapehead::state_test
