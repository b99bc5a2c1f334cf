#include "tapehead/nn/conv.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/nn/channel_dropout.h"
#include "tapehead/nn/containers.h"
#include "tapehead/nn/pooling.h"
#include "tapehead/tests/expect.h"

using namespace tapehead;
using namespace tapehead::testing;

TEST_CASE("a convolution layer pads with zeros, or with elements of its input") {
  const Tensor x = tensor_of({1, 1, 4}, {1, 2, 3, 4});
  struct Row {
    PadMode mode;
    Doubles padded;
  };
  for (const Row& row : {Row{PadMode::constant, {0, 1, 2, 3, 4, 0}},
                         {PadMode::reflect, {2, 1, 2, 3, 4, 3}},
                         {PadMode::replicate, {1, 1, 2, 3, 4, 4}},
                         {PadMode::circular, {4, 1, 2, 3, 4, 1}}}) {
    nn::Params params(3);
    const nn::Conv1d layer(params / "c", 1, 2, 3, {.padding = 1, .padding_mode = row.mode});
    CHECK(values(layer(x)) ==
          values(conv1d(tensor_of({1, 1, 6}, row.padded), layer.weight, layer.bias)));
  }
  nn::Params params(3);
  const nn::Conv1d same(params / "same", 1, 1, 4,
                        {.padding = kSame, .dilation = 2, .padding_mode = PadMode::circular});
  CHECK(same(ones({1, 7})).shape() == Shape{1, 7});
}

TEST_CASE("parameters of convolution layers have PyTorch's shapes and bounds") {
  nn::Params params(3);
  const nn::Conv2d conv(params / "conv", 4, 6, {3, 2}, {.groups = 2});
  const nn::ConvTranspose2d transposed(params / "up", 4, 6, {3, 2}, {.stride = 3, .groups = 2});
  CHECK(params["conv.weight"].shape() == Shape{6, 2, 3, 2});
  CHECK(params["up.weight"].shape() == Shape{4, 3, 3, 2});
  CHECK(params["up.bias"].shape() == Shape{6});
  CHECK(max(abs(conv.weight)).item() <= 1 / std::sqrt(12.0));
  CHECK(max(abs(transposed.bias)).item() <= 1 / std::sqrt(18.0));
  CHECK(!nn::Conv1d(params / "plain", 1, 1, 1, {.bias = false}).bias.defined());
  const Tensor x = randn({2, 4, 5, 3});
  CHECK(transposed(x).shape() == Shape{2, 6, 15, 8});
  CHECK(transposed(x, {17, 10}).shape() == Shape{2, 6, 17, 10});
  CHECK(error_of<ValueError>([&] {
          transposed(x, {15, 11});
        }) == "conv_transpose: output_size 11 of axis -1; expected 8 to 10 (in up)");
  CHECK(error_of<ValueError>([&] { nn::Conv2d(params / "bad", 3, 4, 1, {.groups = 2}); }) ==
        "conv: in_channels = 3 and out_channels = 4 must be positive multiples of groups = 2 (in "
        "bad)");
  CHECK(error_of<ShapeError>([&] {
          conv(ones({3, 4, 4}));
        }) ==
        "conv2d: x is [3, 4, 4], the weight [6, 2, 3, 2], groups = 2; weight.size(1) must be the 3 "
        "channels of x divided by groups (in conv)");
}

TEST_CASE("convolution, pooling and dropout layers in a container") {
  nn::Params params(3);
  const nn::Sequential net(
      params / "net",
      {nn::Conv2d{1, 4, 3, {.padding = 1}}, nn::MaxPool2d{2}, nn::AvgPool2d{{2, 1}, {.stride = 1}},
       nn::Dropout2d{0.5}, nn::AlphaDropout{0.1}, nn::LPPool2d{2, 2}, nn::AdaptiveMaxPool2d{2},
       nn::AdaptiveAvgPool2d{1}, nn::Flatten{}});
  params.eval();
  CHECK(net(randn({2, 1, 16, 16})).shape() == Shape{2, 4});
  const Tensor x = tensor_of({1, 1, 4}, {3, 1, 2, 5});
  const auto [values_, indices] = nn::MaxPool1dWithIndices{2}(x);
  CHECK(values(nn::MaxUnpool1d{2}(values_, indices)) == Doubles{3, 0, 0, 5});
  CHECK(error_of<ValueError>([&] { nn::Dropout2d(params / "drop", 2); }) ==
        "dropout: p = 2 is outside 0..1 (in drop)");
}
