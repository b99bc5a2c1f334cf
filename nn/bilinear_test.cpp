// Values are compared with PyTorch's in tests/parity/products.cpp.
#include "tapehead/nn/bilinear.h"

#include <doctest/doctest.h>

#include "tapehead/core/creation.h"
#include "tapehead/tests/expect.h"

using namespace tapehead;

TEST_CASE("the parameters of Bilinear are within 1 / sqrt(in1)") {
  nn::Params params(5);
  const nn::Bilinear layer(params / "pair", 4, 9, 16);
  for (const Tensor& p : {layer.weight, layer.bias}) {
    const double largest = amax(abs(p)).item();
    CHECK(largest <= 0.5);
    CHECK(largest > 0.4);
  }
  CHECK_FALSE(nn::Bilinear(params / "plain", 4, 9, 16, {.bias = false}).bias.defined());
}

TEST_CASE("errors of Bilinear name the layer") {
  nn::Params params;
  const nn::Bilinear layer(params / "pair", 2, 3, 4);
  CHECK(testing::error_of<ShapeError>([&] {
          layer(ones({5, 3}), ones({5, 3}));
        }) ==
        "bilinear: x1 is [5, 3], x2 is [5, 3], weight is [4, 2, 3]; expected [..., I], [..., J] "
        "and [K, I, J] (in pair)");
}
