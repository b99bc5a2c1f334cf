#include "tapehead/optim/clip.h"

#include <cmath>

#include "tapehead/core/parallel.h"
#include "tapehead/optim/sgd.h"
#include "tapehead/tests/optim_tools.h"
#include "tapehead/tests/oracles/optim_runs.h"

using namespace tapehead;
using namespace tapehead::test;

namespace {

// One parameter for each of these gradients.
std::vector<nn::Param> with_gradients(const std::vector<std::vector<double>>& gradients,
                                      DType dtype = f32) {
  std::vector<nn::Param> params;
  for (const auto& g : gradients) {
    params.push_back({std::string("p") + std::to_string(params.size()), leaf(g, dtype)});
    give(params.back().value, g);
  }
  return params;
}

}  // namespace

TEST_CASE("norms and clipped gradients equal PyTorch's") {
  for (const TorchClip& torch : kTorchClips) {
    CAPTURE(torch.norm_type);
    std::vector<std::vector<double>> gradients;
    for (const double g : kGradients[5]) gradients.push_back({g});
    const std::vector<nn::Param> params = with_gradients(gradients, f64);
    const optim::GradNormOptions options{.norm_type = torch.norm_type};
    CHECK(optim::grad_norm(params, options) == doctest::Approx(torch.norm).epsilon(1e-14));
    CHECK(optim::clip_grad_norm_(params, 2.5, options) ==
          doctest::Approx(torch.norm).epsilon(1e-14));
    for (size_t i = 0; i < params.size(); ++i)
      CHECK(params[i].value.grad().item() == doctest::Approx(torch.clipped[i]).epsilon(1e-14));
  }
}

TEST_CASE("gradients within the norm keep their bits") {
  const auto params = with_gradients({{0.3, 0.1}, {0.2}});
  const std::vector<double> before = values(params[0].value.grad());
  const uint32_t version = params[0].value.grad().version();
  CHECK(optim::clip_grad_norm_(params, 1) == doctest::Approx(std::sqrt(0.14)));
  CHECK(values(params[0].value.grad()) == before);
  CHECK(params[0].value.grad().version() == version);
}

TEST_CASE("a model's parameters count when they have a gradient") {
  nn::Params params = small_model({"a", "b", "frozen"});
  params.freeze("frozen");
  CHECK(optim::clip_grad_norm_(params, 1) == 0);
  give(params["a"], {3, 4});
  CHECK(optim::clip_grad_norm_(params, 1) == 5);
  CHECK(values(params["a"].grad())[0] == doctest::Approx(0.6));
}

TEST_CASE("norms are exact for every type, for huge numbers and tiny ones") {
  for (const DType dtype : {f32, f64, bf16, f16}) {
    CAPTURE(name(dtype));
    CHECK(optim::grad_norm(with_gradients({{3, 0}, {4}}, dtype)) == 5);
    CHECK(optim::grad_norm(with_gradients({{3, 0}, {-4}}, dtype), {.norm_type = 1}) == 7);
    CHECK(optim::grad_norm(with_gradients({{3, 0}, {-4}}, dtype), {.norm_type = INFINITY}) == 4);
  }
  CHECK(optim::grad_norm(with_gradients({{3e30, 4e30}})) == doctest::Approx(5e30));
  CHECK(optim::grad_norm(with_gradients({{3e-30, 4e-30}})) == doctest::Approx(5e-30));
}

TEST_CASE("a norm has the same bits on any number of threads") {
  std::vector<nn::Param> params;
  for (const int64_t n : {70000, 3, 40000, 1}) {
    std::vector<float> g(static_cast<size_t>(n));
    for (size_t i = 0; i < g.size(); ++i)
      g[i] = static_cast<float>(std::sin(static_cast<double>(i) + 1) * 1e-3);
    params.push_back({std::to_string(n), core::full({n}, 0)});
    params.back().value.set_requires_grad().set_grad(from_vector(g));
  }
  const int before = num_threads();
  std::vector<double> norms;
  for (const int threads : {1, 2, 3}) {
    set_num_threads(threads);
    norms.push_back(optim::grad_norm(params));
  }
  set_num_threads(before);
  CHECK(norms[0] == norms[1]);
  CHECK(norms[0] == norms[2]);
  double exact = 0;
  for (const nn::Param& p : params)
    for (const double g : values(p.value.grad())) exact += g * g;
  CHECK(norms[0] == doctest::Approx(std::sqrt(exact)).epsilon(1e-12));
}

TEST_CASE("gradients with gaps are clipped in their place") {
  Tensor w = core::full({3, 2}, 0);
  w.set_requires_grad();
  const Tensor stored = from_vector(std::vector<float>{1, 2, 3, 4, 5, 6}, {2, 3});
  w.set_grad(stored.transpose(0, 1));
  optim::clip_grad_value_({{"w", w}}, 4);
  CHECK(values(stored) == std::vector<double>{1, 2, 3, 4, 4, 4});
  optim::clip_grad_norm_({{"w", w}}, 1, {.norm_type = INFINITY});
  CHECK(values(stored)[0] == doctest::Approx(0.25));
}

TEST_CASE("clip_grad_value_ limits every element") {
  for (const DType dtype : {f32, f64, bf16, f16}) {
    const auto params = with_gradients({{-3, 0.5, NAN}, {2}}, dtype);
    optim::clip_grad_value_(params, 1);
    const auto got = values(params[0].value.grad());
    CHECK(got[0] == -1);
    CHECK(got[1] == 0.5);
    CHECK(std::isnan(got[2]));
    CHECK(params[1].value.grad().item() == 1);
  }
}

TEST_CASE("grad_scale with clip_factor equals clip_grad_norm_") {
  CHECK(optim::clip_factor(0.5, 1) == 1);
  CHECK(optim::clip_factor(4, 1) == doctest::Approx(0.25));
  CHECK(optim::clip_factor(INFINITY, 1) == 0);
  CHECK(optim::clip_factor(INFINITY, INFINITY) != 1);
  const auto one = with_gradients({{3, 4}}), two = with_gradients({{3, 4}});
  optim::SGD a(one, {.lr = 0.5}), b(two, {.lr = 0.5});
  optim::clip_grad_norm_(one, 1);
  a.step();
  b.step({.grad_scale = optim::clip_factor(optim::grad_norm(two), 1)});
  for (size_t i = 0; i < 2; ++i)
    CHECK(values(one[0].value)[i] == doctest::Approx(values(two[0].value)[i]).epsilon(1e-6));
}

TEST_CASE("norms that are not finite") {
  const auto params = with_gradients({{1, 2}, {NAN}, {INFINITY, 1}, {3}});
  CHECK(std::isnan(optim::grad_norm(params)));
  CHECK(std::isnan(optim::grad_norm(params, {.norm_type = INFINITY})));
  CHECK(std::isinf(optim::grad_norm(with_gradients({{INFINITY}, {1}}))));
  CHECK(error_of<ValueError>(
            [&] { optim::clip_grad_norm_(params, 1, {.error_if_nonfinite = true}); }) ==
        "clip_grad_norm_: the norm of the gradients is nan, because of p1, p2; lower the learning "
        "rate, or look "
        "for the op with DetectAnomalyGuard");
  CHECK(values(params[0].value.grad()) == std::vector<double>{1, 2});
  CHECK(std::isnan(optim::clip_grad_norm_(params, 1)));
  CHECK(std::isnan(values(params[0].value.grad())[0]));
  const auto five = with_gradients({{NAN}, {NAN}, {NAN}, {NAN}, {NAN}});
  CHECK(error_of<ValueError>([&] { optim::grad_norm(five, {.error_if_nonfinite = true}); }) ==
        "grad_norm: the norm of the gradients is nan, because of p0, p1, p2 and 2 more; lower the "
        "learning rate, "
        "or look for the op with DetectAnomalyGuard");
}

TEST_CASE("clipping: errors") {
  const auto params = with_gradients({{1}});
  CHECK(error_of<ValueError>([&] { optim::clip_grad_norm_(params, 0); }) ==
        "clip_grad_norm_: max_norm = 0; it must be above 0");
  CHECK(error_of<ValueError>([&] { optim::clip_factor(1, NAN); }) ==
        "clip_factor: max_norm = nan; it must be above 0");
  CHECK(error_of<ValueError>([&] { optim::clip_grad_norm_(params, 1, {.norm_type = 3}); }) ==
        "clip_grad_norm_: norm_type = 3; it must be 1, 2 or infinity");
  CHECK(error_of<ValueError>([&] { optim::clip_grad_value_(params, -1); }) ==
        "clip_grad_value_: clip_value = -1; it must be 0 or more");
}
