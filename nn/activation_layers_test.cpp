// Values of the layers with options are compared with PyTorch's in tests/parity/layers.cpp.
#include "tapehead/nn/activation_layers.h"

#include <doctest/doctest.h>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/nn/containers.h"
#include "tapehead/nn/padding.h"
#include "tapehead/tests/expect.h"

namespace tapehead::activation_layers_test {

using testing::error_of;
using testing::values;

TEST_CASE("activations are layers of Sequential") {
  const nn::Params params(3);
  const nn::Sequential net(params / "net", {nn::ReLU{}, nn::Softplus{.beta = 2}, nn::PReLU{{2}},
                                            nn::ZeroPad1d{1}, nn::Softmin{-1}, nn::RReLU{}});
  params.eval();
  const Tensor x = randn({3, 2, 4});
  const Tensor y = softmin(pad(prelu(softplus(relu(x), 2), full({2}, 0.25)), {1, 1}), -1);
  CHECK(values(net(x)) == values(y));
  CHECK(params.all().size() == 1);
  CHECK(params["net.2.weight"].shape() == Shape{2});
}

TEST_CASE("RReLU draws slopes in training") {
  const nn::Params params(3);
  const nn::RReLU layer(params / "r", {.lower = 0.5, .upper = 0.75});
  const Tensor y = layer(-ones({100}));
  CHECK(amin(y).item() > -0.75);
  CHECK(amax(y).item() <= -0.5);
  CHECK(amax(y).item() - amin(y).item() > 0.1);
  params.eval();
  CHECK(values(layer(-ones({2}))) == std::vector<double>{-0.625, -0.625});
}

TEST_CASE("activation layers: errors") {
  CHECK(error_of<ValueError>([] { nn::GELU{.approximate = "sigmoid"}(ones({2})); }) ==
        "gelu: approximate = 'sigmoid'; pass none or tanh");
  CHECK(error_of<ShapeError>([] {
          nn::Softmax2d{}(ones({2, 3}));
        }) == "softmax2d: x is [2, 3]; expected [B, C, H, W] or [C, H, W]");
  const nn::Params params;
  const nn::PReLU slopes(params / "slopes", {.num_parameters = 3});
  CHECK(error_of<ShapeError>([&] { slopes(ones({2, 4})); }).ends_with("(in slopes)"));
}

TEST_CASE("padding layers") {
  const Tensor x = arange(6, f64).reshape({1, 2, 3});
  const std::pair<Tensor, Tensor> pairs[] = {
      {nn::ReflectionPad1d{2}(x), pad(x, {2, 2}, {.mode = PadMode::reflect})},
      {nn::ReflectionPad2d{1, 2, 0, 1}(x), pad(x, {1, 2, 0, 1}, {.mode = PadMode::reflect})},
      {nn::ReplicationPad2d{{1, 0, 3, -1}}(x), pad(x, {1, 0, 3, -1}, {.mode = PadMode::replicate})},
      {nn::CircularPad1d{1, 2}(x), pad(x, {1, 2}, {.mode = PadMode::circular})},
      {nn::ConstantPad2d{{1, 2, 0, 1}, 3.5}(x), pad(x, {1, 2, 0, 1}, 3.5)},
      {nn::ConstantPad3d{1, -1}(x), pad(x, {1, 1, 1, 1, 1, 1}, -1)},
      {nn::ZeroPad2d{1}(x), pad(x, {1, 1, 1, 1})}};
  for (const auto& [is, want] : pairs) {
    CHECK(is.shape() == want.shape());
    CHECK(values(is) == values(want));
  }
}

}  // namespace tapehead::activation_layers_test
