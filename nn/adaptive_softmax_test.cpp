#include "tapehead/nn/adaptive_softmax.h"

#include <doctest/doctest.h>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/tests/expect.h"

using namespace tapehead;
using namespace tapehead::testing;

TEST_CASE(
    "AdaptiveLogSoftmaxWithLoss gives the log-probabilities of its log_prob, which sum to 1") {
  nn::Params params(5);
  const nn::AdaptiveLogSoftmaxWithLoss softmax(params / "out", 8, 12, {3, 7},
                                               {.div_value = 2, .head_bias = true});
  CHECK(params["out.tail.1.0.weight"].shape() == Shape{2, 8});
  CHECK(params["out.tail.1.1.weight"].shape() == Shape{5, 2});
  params.to(f64);
  const Tensor x = sin(arange(40, f64)).reshape({5, 8}), target = tensor({11, 0, 4, 2, 8});
  const Tensor all = softmax.log_prob(x);
  for (const double total : values(sum(exp(all), -1))) CHECK(total == doctest::Approx(1));
  const auto [output, loss] = softmax(x, target);
  CHECK(max(abs(output - gather(all, 1, target.unsqueeze(1)).squeeze(1))).item() < 1e-12);
  CHECK(loss.item() == doctest::Approx(-mean(output).item()));
  CHECK(softmax(x[2], target[2]).output.item() == doctest::Approx(output[2].item()));
  CHECK(softmax.predict(x).to_vector<int64_t>() == argmax(all, -1).to_vector<int64_t>());
}

TEST_CASE("what AdaptiveLogSoftmaxWithLoss refuses") {
  nn::Params params;
  using Softmax = nn::AdaptiveLogSoftmaxWithLoss;
  CHECK(error_of<ValueError>([&] {
          Softmax(params / "a", 8, 12, {3, 12});
        }) == "adaptive_log_softmax: cutoff 12 after 3; cutoffs must increase within 1..11 (in a)");
  CHECK(error_of<ValueError>([&] { Softmax(params / "b", 8, 12, {}); }) ==
        "adaptive_log_softmax: there are no cutoffs (in b)");
  CHECK(error_of<ValueError>([&] {
          Softmax(params / "c", 8, 12, {3, 7});
        }) == "adaptive_log_softmax: cluster 2 has 8 / 16 features; lower div_value = 4 (in c)");
  const Softmax softmax(params / "d", 8, 12, {3});
  CHECK(error_of<IndexError>([&] {
          softmax(zeros({2, 8}), tensor({0, 12}));
        }) == "adaptive_log_softmax: target[1] = 12 is outside 0..11 (in d)");
  CHECK(error_of<ShapeError>([&] {
          softmax(zeros({2, 8}), tensor({0}));
        }) ==
        "adaptive_log_softmax: the input has shape [2, 8], the target [1]; they must be [N, D] and "
        "[N], or [D] and [] (in d)");
  CHECK(error_of<DTypeError>([&] {
          softmax(zeros({2, 8}), zeros({2}));
        }) ==
        "adaptive_log_softmax: the target is f32; classes must be integers; convert with to(i64) "
        "(in d)");
  CHECK(error_of<ShapeError>([&] { softmax.log_prob(zeros({8})); }) ==
        "adaptive_log_softmax: the input has shape [8]; it must be [N, D] (in d)");
}
