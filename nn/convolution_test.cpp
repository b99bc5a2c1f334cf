#include "tapehead/nn/convolution.h"

#include <doctest/doctest.h>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/gradcheck.h"
#include "tapehead/core/creation.h"
#include "tapehead/tests/expect.h"

using namespace tapehead;
using tapehead::testing::error_of;

TEST_CASE("a depthwise convolution is its formula, up to each sequence's length") {
  const std::vector<int64_t> lengths{5, 2, 1};
  for (const int64_t K : {1, 3, 5, 7}) {
    CAPTURE(K);
    nn::Params params(1);
    const nn::DepthwiseConv conv(params / "conv", 2, {.kernel_size = K});
    params.to(f64);
    const NoGradGuard off;
    conv.bias.copy_(from_vector(std::vector<double>{0.5, -2}));
    const Tensor x = randn({3, 5, 2}, f64);
    for (const bool padded : {false, true}) {
      CAPTURE(padded);
      const Tensor y = padded ? conv(x, from_vector(lengths)) : conv(x);
      REQUIRE(y.shape() == x.shape());
      for (int64_t b = 0; b < 3; ++b)
        for (int64_t t = 0; t < 5; ++t)
          for (int64_t c = 0; c < 2; ++c) {
            double wanted = conv.bias[c].item();
            for (int64_t k = 0; k < K; ++k) {
              const int64_t from = t + k - (K - 1) / 2;
              if (from >= 0 && from < (padded ? lengths[size_t(b)] : 5))
                wanted += conv.weight[c][k].item() * x[b][from][c].item();
            }
            CHECK(y[b][t][c].item() == doctest::Approx(wanted).epsilon(1e-12));
          }
    }
  }
}

TEST_CASE("a depthwise convolution has the gradients of its formula") {
  for (const bool bias : {true, false}) {
    CAPTURE(bias);
    nn::Params params(1);
    const nn::DepthwiseConv conv(params / "conv", 3, {.kernel_size = 3, .bias = bias});
    params.to(f64);
    std::vector<Tensor> inputs{randn({2, 4, 3}, f64)};
    for (const nn::Param& p : params.all()) inputs.push_back(p.value);
    const auto f = [&](const std::vector<Tensor>& in) {
      return std::vector{conv(in[0], tensor({4, 2}))};
    };
    gradcheck(f, inputs);
    gradgradcheck(f, inputs);
  }
}

TEST_CASE("a depthwise convolution says what it takes") {
  nn::Params params;
  for (const int64_t kernel : {0, -1, 2})
    CHECK(error_of<ValueError>([&] {
            nn::DepthwiseConv(params / "conv", 4, {.kernel_size = kernel});
          }) == fmt::format("depthwise_conv: 4 channels and a kernel of {}; expected at least 1 "
                            "channel and an odd kernel (in conv)",
                            kernel));
  const nn::DepthwiseConv conv(params / "conv", 4);
  for (const Shape& shape : {Shape{2, 4}, Shape{1, 2, 3}})
    CHECK(error_of<ShapeError>([&] { conv(zeros(shape)); }) ==
          fmt::format("depthwise_conv: x is {}; expected [B, T, 4] (in conv)", shape.str()));
  CHECK(error_of<ShapeError>([&] {
          conv(zeros({2, 3, 4}), tensor({1}));
        }) == "depthwise_conv: lengths are [1]; expected [2], one for each sequence (in conv)");
}
