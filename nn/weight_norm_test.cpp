// Values are compared with PyTorch's in tests/parity/weight_norm.cpp.
#include "tapehead/nn/weight_norm.h"

#include <doctest/doctest.h>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/nn/activation_layers.h"
#include "tapehead/nn/containers.h"
#include "tapehead/nn/conv.h"
#include "tapehead/nn/linear.h"
#include "tapehead/nn/recurrent_layers.h"
#include "tapehead/tests/expect.h"

namespace tapehead::weight_norm_test {

using testing::difference;
using testing::error_of;
using testing::values;

namespace {

std::vector<std::string> paths_of(const nn::Params& params) {
  std::vector<std::string> paths;
  for (const nn::Param& p : params.all()) paths.push_back(p.path);
  return paths;
}

}  // namespace

TEST_CASE("weight_norm keeps the output of a layer, and can be removed") {
  const nn::Params params(1);
  const nn::Conv1d conv(params / "conv", 2, 3, 2);
  const Tensor x = randn({2, 2, 5}), y = conv(x);
  const auto normed = nn::weight_norm(conv);
  CHECK(paths_of(params) ==
        std::vector<std::string>{"conv.weight_v", "conv.bias", "conv.weight_g"});
  CHECK(normed.weight().g.shape() == Shape{3, 1, 1});
  CHECK(difference(normed(x), y) < 1e-6);
  sum(square(normed(x))).backward();
  for (const nn::Param& p : params.all()) CHECK(p.value.grad().defined());
  {
    const NoGradGuard no_grad;
    params["conv.weight_g"].copy_(2 * params["conv.weight_g"]);
  }
  const Tensor twice = normed(x);
  CHECK(difference(twice, y) > 0.01);
  const nn::Conv1d plain = nn::remove_weight_norm(normed);
  CHECK(paths_of(params) == std::vector<std::string>{"conv.weight", "conv.bias"});
  CHECK(plain.weight.is_same(params["conv.weight"]));
  CHECK(plain.weight.name() == "conv.weight");
  CHECK(difference(plain(x), twice) < 1e-6);
}

TEST_CASE("layers with derived weights are parts of Sequential") {
  const nn::Params params(1);
  const nn::Sequential net(params / "net",
                           {nn::weight_norm(nn::Linear{3, 4}, {.axis = std::nullopt}),
                            nn::ReLU{},
                            {"last", nn::spectral_norm(nn::Linear{4, 2})}});
  CHECK(paths_of(params) == std::vector<std::string>{"net.0.weight_v", "net.0.bias",
                                                     "net.0.weight_g", "net.last.weight_orig",
                                                     "net.last.bias", "net.last.weight_u",
                                                     "net.last.weight_v"});
  const Tensor& v = params["net.0.weight_v"];
  CHECK(params["net.0.weight_g"].item() == doctest::Approx(linalg_norm(v).item()));
  CHECK(net(ones({2, 3})).shape() == Shape{2, 2});
  CHECK(error_of<GraphError>([] {
          nn::weight_norm(nn::Linear(3, 4))(ones({2, 3}));
        }).starts_with("this layer was constructed without a scope"));
}

TEST_CASE("spectral_norm divides by the largest singular value") {
  const nn::Params params(1);
  const auto layer = nn::spectral_norm(nn::Linear(params / "a", 5, 4, {.bias = false}),
                                       {.n_power_iterations = 50});
  params.to(f64);
  const Tensor eye = tapehead::eye(5, f64);
  const double sigma = linalg_svd(params["a.weight_orig"])[1][0].item();
  CHECK(difference(layer(eye).transpose(0, 1), params["a.weight_orig"] / sigma) < 1e-9);
  const std::vector<double> u = values(params["a.weight_u"]);
  params.eval();
  layer(eye);
  CHECK(values(params["a.weight_u"]) == u);
  const nn::Linear plain = nn::remove_spectral_norm(layer);
  CHECK(paths_of(params) == std::vector<std::string>{"a.weight"});
  CHECK(difference(plain(eye), layer(eye)) < 1e-9);
}

TEST_CASE("weight_norm of a parameter by name") {
  const nn::Params params(1);
  const nn::LSTM lstm(params / "lstm", 3, 4);
  const Tensor x = randn({5, 2, 3});
  const nn::RnnOutput before = lstm(x);
  const auto normed = nn::weight_norm(lstm, {.name = "weight_hh_l0"},
                                      [](nn::LSTM& l) -> Tensor& { return l.weights()[0].w_hh; });
  CHECK(params["lstm.weight_hh_l0_g"].shape() == Shape{16, 1});
  CHECK(difference(normed(x).out, before.out) < 1e-6);
}

TEST_CASE("derived weights: errors") {
  const nn::Params params(1);
  const nn::Linear layer(params / "a", 2, 3);
  CHECK(error_of<IndexError>([&] { nn::weight_norm(layer, {.name = "weigth"}); }) ==
        "params: no parameter 'a.weigth'; did you mean 'a.weight'?");
  CHECK(error_of<ValueError>([&] { nn::spectral_norm(layer, {.n_power_iterations = 0}); }) ==
        "spectral_norm: n_power_iterations = 0; at least 1");
  CHECK(error_of<IndexError>([&] { nn::weight_norm(layer, {.axis = 2}); }) ==
        "weight_norm: axis = 2 of a parameter [3, 2]");
}

TEST_CASE("parameters are renamed and removed with their further names") {
  const nn::Params params(1);
  const nn::Scope at = params / "a";
  const Tensor first = at.param("x", {1}, nn::init::zeros());
  const Tensor second = at.param("y", {2}, nn::init::ones());
  at.tie("z", first);
  CHECK(at.rename("z", "w").is_same(first));
  CHECK(params["a.w"].is_same(first));
  CHECK_FALSE(params.contains("a.z"));
  at.remove("w");
  CHECK(paths_of(params) == std::vector<std::string>{"a.y"});
  CHECK_FALSE(params.contains("a.x"));
  CHECK(params["a.y"].is_same(second));
  CHECK(error_of<ValueError>([&] { at.rename("y", "y"); }) ==
        "params: 'a.y' exists already; give this layer another name");
  CHECK(error_of<IndexError>([&] { at.remove("x"); }) ==
        "params: no parameter 'a.x'; did you mean 'a.y'?");
}

}  // namespace tapehead::weight_norm_test
