#include "tapehead/optim/average.h"

#include <fmt/format.h>

#include <cmath>
#include <functional>

#include "tapehead/core/detail/elementwise.h"
#include "tapehead/optim/sgd.h"
#include "tapehead/tests/optim_tools.h"
#include "tapehead/tests/scratch.h"

using namespace tapehead;
using namespace tapehead::test;

namespace {

void set(const nn::Params& params, const char* path, double value) {
  core::copy_into(params[path], Tensor(value));
}

double average_of(const optim::WeightAverage& average, size_t i) {
  return values(average.averages()[i].value)[0];
}

}  // namespace

TEST_CASE("an exponential average, plain") {
  nn::Params params = small_model({"w"});
  optim::Ema ema(params, {.decay = 0.75, .bias_correction = false});
  CHECK(average_of(ema, 0) == 1);
  double want = 1;
  for (const double w : {3.0, 5.0, -2.0}) {
    set(params, "w", w);
    ema.update();
    want = 0.75 * want + 0.25 * w;
    CHECK(average_of(ema, 0) == doctest::Approx(want).epsilon(1e-6));
  }
  CHECK(ema.updates() == 3);
}

TEST_CASE("bias correction leaves the first weights out") {
  nn::Params params = small_model({"w"});
  set(params, "w", 1e6);
  optim::Ema ema(params, 0.75);
  double sum = 0, total = 0;
  for (const double w : {3.0, 5.0, -2.0, 7.0}) {
    set(params, "w", w);
    ema.update();
    sum = 0.75 * sum + 0.25 * w;
    total = 0.75 * total + 0.25;
    CHECK(average_of(ema, 0) == doctest::Approx(sum / total).epsilon(1e-6));
  }
}

TEST_CASE("the average of constant weights is those weights") {
  nn::Params params = small_model({"w"});
  set(params, "w", 0.1);
  optim::Ema ema(params, {.decay = 0.999, .bias_correction = false});
  for (int i = 0; i < 1000; ++i) ema.update();
  CHECK(values(ema.averages()[0].value) == values(params["w"]));
}

TEST_CASE("the plain mean of all updates") {
  nn::Params params = small_model({"w"});
  optim::Swa swa(params);
  for (const double w : {3.0, 5.0, -2.0}) {
    set(params, "w", w);
    swa.update();
  }
  CHECK(average_of(swa, 0) == doctest::Approx(2));
}

TEST_CASE("swap puts the averages into the model until it goes out of scope") {
  nn::Params params = small_model({"a", "b"}, 3);
  params.root().buffer("steps", from_vector(std::vector<int64_t>{7}));
  optim::Ema ema(params, 0.5);
  set(params, "a", 5);
  ema.update();
  set(params, "a", 9);
  {
    auto swapped = ema.swap();
    CHECK(values(params["a"]) == std::vector<double>{5, 5, 5});
  }
  CHECK(values(params["a"]) == std::vector<double>{9, 9, 9});
  ema.update();
  ema.copy_to_model();
  CHECK(values(params["a"])[0] == doctest::Approx(5 / 3.0 + 9 * 2 / 3.0));
}

TEST_CASE("in the scope of a swap, updates, steps and loads are errors") {
  nn::Params params = small_model({"a", "b"}, 3);
  optim::SGD opt(params, {.lr = 1}), by_hand(params.trainable(), {.lr = 1});
  optim::Ema ema(params, 0.5);
  optim::Swa other(params);
  set(params, "a", 5);
  ema.update();
  set(params, "a", 9);
  const optim::StateDict average = ema.save(), state = opt.save();
  const std::vector<NamedTensor> file{{"a", core::full({3}, 7)}, {"b", core::full({3}, 7)}};
  give(params["a"], {1, 1, 1});
  const std::string has =
      ": the model has the averages of Ema in place of its weights; end the scope of swap() "
      "before ";
  {
    auto swapped = ema.swap();
    const struct {
      std::string op, call;
      std::function<void()> f;
    } refused[] = {{"Ema", "update()", [&] { ema.update(); }},
                   {"Swa", "update()", [&] { other.update(); }},
                   {"Ema", "another", [&] { auto again = ema.swap(); }},
                   {"Swa", "another", [&] { auto again = other.swap(); }},
                   {"Swa", "making another average", [&] { optim::Swa third(params); }},
                   {"Ema", "copy_to_model()", [&] { ema.copy_to_model(); }},
                   {"Ema", "load()", [&] { ema.load(average); }},
                   {"SGD", "step()", [&] { opt.step(); }},
                   {"SGD", "step()", [&] { by_hand.step(); }},
                   {"SGD", "load()", [&] { opt.load(state); }},
                   {"load", "load()", [&] { params.load(file, "file", {}); }},
                   {"load", "load()", [&] { params.check(file, "file", {}); }}};
    for (const auto& row : refused) {
      CAPTURE(row.call);
      CHECK(error_of<GraphError>(row.f) == fmt::format("{}{}{}", row.op, has, row.call));
    }
    CHECK(values(params["a"]) == std::vector<double>{5, 5, 5});
    CHECK(ema.save().numbers == average.numbers);
    CHECK(opt.save().numbers == state.numbers);
  }
  CHECK(values(params["a"]) == std::vector<double>{9, 9, 9});
  opt.step();
  ema.update();
  CHECK(values(params["a"]) == std::vector<double>{8, 8, 8});
  params.load(file, "file", {});
  CHECK(values(params["a"]) == std::vector<double>{7, 7, 7});
}

TEST_CASE("a model is saved with its averages in the scope of a swap") {
  const Scratch scratch;
  nn::Params params = small_model({"a"}), again = small_model({"a"});
  optim::Ema ema(params, 0.5);
  set(params, "a", 5);
  ema.update();
  set(params, "a", 9);
  {
    auto swapped = ema.swap();
    params.save(scratch / "m.safetensors");
  }
  again.load(scratch / "m.safetensors");
  CHECK(values(again["a"])[0] == 5);
}

TEST_CASE("bf16 and f16 weights are averaged in f32, and restored exactly after a swap") {
  for (const DType dtype : {bf16, f16}) {
    nn::Params params = small_model({"w"});
    params.to(dtype);
    optim::Ema ema(params, {.decay = 0.999, .bias_correction = false});
    optim::SGD opt(params, {.lr = 1.0 / 1024});
    for (int i = 0; i < 64; ++i) {
      give(params["w"], {1, 1});
      opt.step();
      ema.update();
      auto swapped = ema.swap();
    }
    CHECK(ema.averages()[0].value.dtype() == f32);
    CHECK(average_of(ema, 0) < 1);
    CHECK(average_of(ema, 0) > 0.99);
    CHECK(values(params["w"])[0] == 1 - 64.0 / 1024);  // the optimizer's master copy is unaffected
  }
}

TEST_CASE("the average follows parameters that are converted") {
  nn::Params params = small_model({"w"});
  optim::Ema ema(params, {.decay = 0.5, .bias_correction = false});
  params.to(f64);
  set(params, "w", 3);
  ema.update();
  CHECK(ema.averages()[0].value.dtype() == f64);
  CHECK(average_of(ema, 0) == 2);
}

TEST_CASE("a restored average goes on where it stopped") {
  nn::Params params = small_model({"a", "b"});
  optim::Ema ema(params, 0.9);
  set(params, "a", 3);
  ema.update();
  const optim::StateDict state = ema.save();
  nn::Params params2 = small_model({"a", "b"});
  optim::Ema other(params2, 0.9);
  other.load(state);
  for (const nn::Params& p : {params, params2}) set(p, "a", 4);
  ema.update();
  other.update();
  CHECK(average_of(other, 0) == average_of(ema, 0));
  CHECK(other.updates() == 2);

  nn::Params smaller = small_model({"a"}, 3);
  optim::Ema unfit(smaller, 0.9);
  CHECK(error_of<FormatError>([&] { unfit.load(state); }) ==
        "Ema: the state does not fit: unexpected b; a is [2] f32 in the state, [3] f32 here; "
        "nothing was loaded");
  CHECK(unfit.updates() == 0);
}

TEST_CASE("averages: errors") {
  CHECK(error_of<ValueError>([&] { optim::Swa{nn::Params(1)}; }) ==
        "Swa: there are no parameters; make the layers before the average");
  nn::Params params = small_model({"a"});
  CHECK(error_of<ValueError>([&] { optim::Ema(params, 1); }) ==
        "Ema: decay = 1; it must be at least 0 and below 1");
  optim::Ema ema(params);
  params.root().param("late", {1}, nn::init::ones());
  CHECK(error_of<GraphError>([&] { ema.update(); }) ==
        "Ema: 'late' was made after the average; make the average after all layers");
}
