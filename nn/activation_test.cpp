#include "tapehead/nn/activation.h"

#include <doctest/doctest.h>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/core/creation.h"
#include "tapehead/nn/feed_forward.h"

namespace tapehead::activation_test {

namespace {

Tensor cube(const Tensor& x) { return x * x * x; }

}  // namespace

TEST_CASE("activations are functions, with a name or without") {
  const Tensor x = linspace(-3, 3, 13, f64);
  const struct {
    nn::Activation activation;
    const char* name;
    Tensor wanted;
  } cases[] = {{nn::relu, "relu", relu(x)},
               {nn::gelu, "gelu", gelu(x)},
               {nn::gelu_tanh, "gelu_tanh", gelu_tanh(x)},
               {nn::silu, "silu", silu(x)},
               {nn::tanh, "tanh", tanh(x)},
               {nn::sigmoid, "sigmoid", sigmoid(x)},
               {nn::quick_gelu, "quick_gelu", x * sigmoid(1.702 * x)},
               {nn::relu_squared, "relu_squared", square(relu(x))},
               {cube, "", cube(x)},
               {{"cube", cube}, "cube", cube(x)}};
  for (const auto& c : cases) {
    CAPTURE(c.name);
    CHECK(c.activation.name() == c.name);
    CHECK(c.activation(x).to_vector<double>() == c.wanted.to_vector<double>());
  }
  CHECK_FALSE(static_cast<bool>(nn::Activation()));
  CHECK(static_cast<bool>(nn::Activation(cube)));
}

TEST_CASE("a layer without an activation takes relu") {
  nn::Params params(1);
  const nn::FeedForward open(params / "open", {.embed_dim = 3});
  const nn::FeedForward named(params / "named", {.embed_dim = 3, .activation = nn::relu});
  const NoGradGuard off;
  for (const char* name : {"up.weight", "up.bias", "down.weight", "down.bias"})
    params[std::string("named.") + name].copy_(params[std::string("open.") + name]);
  const Tensor x = randn({4, 3});
  CHECK(open(x).to_vector<float>() == named(x).to_vector<float>());
}

}  // namespace tapehead::activation_test
