// Anomaly mode. Its own program, compiled with debug information (TAPEHEAD_HAS_LINES) and without,
// because the messages differ.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "tapehead/autograd/anomaly.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <thread>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/engine.h"
#include "tapehead/autograd/gradcheck.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/tests/expect.h"

using namespace tapehead;
using namespace tapehead::testing;

// The forward is fine; the backward divides 0 by 0 where x is 0.
struct BadRoot : CustomOp {
  Tensor forward(const Tensor& x) { return save(x) * 1; }
  Tensor backward(const Tensor& dy) const { return dy * saved(0) / saved(0); }
};

#ifdef __clang__
#define TAPEHEAD_APART __attribute__((noinline))
#else
#define TAPEHEAD_APART __attribute__((noinline, noclone, noipa))
#endif

struct Model {
  TAPEHEAD_APART Tensor operator()(const Tensor& x) const;
};
const int kModelLine = __LINE__ + 2;
Tensor Model::operator()(const Tensor& x) const {
  Tensor y = apply<BadRoot>(x);
  return y;
}

// The backward is fine too, but not its derivative.
struct Twice : CustomOp {
  Tensor forward(const Tensor& x) { return save(x) * 2; }
  Tensor backward(const Tensor& dy) const { return dy * apply<BadRoot>(saved(0)); }
};

const int kTwiceLine = __LINE__ + 2;
TAPEHEAD_APART Tensor call_twice(const Tensor& x) {
  Tensor y = apply<Twice>(x);
  return y;
}

const int kDivideLine = __LINE__ + 2;
TAPEHEAD_APART Tensor divide(const Tensor& a, const Tensor& b) {
  Tensor y = a / b;
  return y;
}

namespace {

#ifdef TAPEHEAD_HAS_LINES
bool has_lines() {
  static const bool has = std::system("command -v addr2line >/dev/null 2>&1") == 0;
  return has;
}
#else
bool has_lines() { return false; }
#endif

std::string at(const std::string& function, int line) {
  return has_lines() ? "by " + function + " at anomaly_test.cpp:" + std::to_string(line)
                     : "by " + function;
}

Tensor leaf(const Doubles& numbers) {
  return tensor_of({static_cast<int64_t>(numbers.size())}, numbers).set_requires_grad();
}

}  // namespace

TEST_CASE("the op that makes a NaN is named, with the place that called it") {
  const DetectAnomalyGuard on;
  const Tensor a = leaf({1, 0, 3}), b = leaf({2, 0, 1});
  const std::string said = error_of<GraphError>([&] { sum(divide(a, b)); });
  const std::string wanted =
      "div: the result [3] has a NaN at [1]; its operands have none; called " +
      at("divide", kDivideLine);
  CHECK(said.substr(0, wanted.size()) == wanted);
  if (has_lines()) CHECK(said == wanted);
}

TEST_CASE("anomaly mode names the operand that contained the NaN") {
  const Tensor data = tensor_of({2}, {1, std::nan("")}).set_name("batch");
  const DetectAnomalyGuard on;
  CHECK(error_of<GraphError>([&] {
          divide(leaf({1, 1}), data);
        })
            .starts_with(
                "div: the result [2] has a NaN at [1]; operand 1 ('batch' [2] f32) has one at "
                "[1] already; called by divide"));
}

TEST_CASE("the op whose backward makes a NaN is named, with the place that called its forward") {
  const Tensor x = leaf({1, 0});
  Tensor loss;
  {
    const DetectAnomalyGuard on;
    loss = sum(Model()(x) * 2);
  }
  const DetectAnomalyGuard on;
  const std::string said = error_of<GraphError>([&] { loss.backward(); });
  const std::string wanted =
      "backward: BadRoot gave operand 0 a gradient [2] with a NaN at [1]; the op was called " +
      at("Model::operator()", kModelLine);
  CHECK(said.substr(0, wanted.size()) == wanted);
}

TEST_CASE("a graph from outside of anomaly mode is watched, but its lines are unknown") {
  const Tensor loss = sum(Model()(leaf({0})));
  const DetectAnomalyGuard on;
  CHECK(error_of<GraphError>([&] { loss.backward(); }) ==
        "backward: BadRoot gave operand 0 a gradient [1] with a NaN at [0]; call the op in "
        "DetectAnomalyGuard "
        "too to see where");
}

TEST_CASE("a second derivative is traced to the call of the first op") {
  const Tensor x = leaf({1, 0});
  const DetectAnomalyGuard on;
  const Tensor dx = grad({sum(call_twice(x))}, {x}, {.create_graph = true})[0];
  CHECK(error_of<GraphError>([&] { sum(dx).backward(); })
            .starts_with(
                "backward: BadRoot gave operand 0 a gradient [2] with a NaN at [1]; the op was "
                "called " +
                at("call_twice", kTwiceLine)));
}

TEST_CASE("anomaly mode checks the gradient passed to backward") {
  const Tensor y = leaf({1, 2}) * 2;
  const Tensor gradient = tensor_of({2}, {1, std::nan("")});
  const DetectAnomalyGuard on;
  CHECK(error_of<GraphError>([&] { y.backward({.gradient = gradient}); }) ==
        "backward: the gradient [2] passed in has a NaN at [1]; pass one without");
}

TEST_CASE("anomaly mode changes nothing else, and ends with its scope and thread") {
  const Tensor x = leaf({1, 2});
  const auto f = [](const Tensor& t) { return tanh(t) / exp(t); };
  {
    const DetectAnomalyGuard on;
    sum(f(x)).backward();
    gradgradcheck(f, {tensor_of({2}, {1, 2}, f64)});
    bool quiet = false;
    std::thread([&] { quiet = std::isnan(divide(leaf({0}), leaf({0})).item()); }).join();
    CHECK(quiet);
    {
      const DetectAnomalyGuard off(false);
      CHECK(std::isnan(divide(leaf({0}), leaf({0})).item()));
    }
  }
  const Tensor watched = x.grad();
  x.set_grad({});
  sum(f(x)).backward();
  CHECK(values(watched) == values(x.grad()));
  CHECK(std::isnan(divide(leaf({0}), leaf({0})).item()));
}
