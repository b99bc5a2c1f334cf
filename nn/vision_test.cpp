// Results are compared with PyTorch's in tests/parity/vision.cpp.
#include "tapehead/nn/vision.h"

#include <doctest/doctest.h>

#include "tapehead/core/creation.h"
#include "tapehead/nn/containers.h"
#include "tapehead/nn/conv.h"
#include "tapehead/nn/pooling.h"
#include "tapehead/tests/expect.h"

namespace tapehead::nn {

TEST_CASE("layers that resize and rearrange are parts of a sequence") {
  Params params;
  const Sequential net(
      params / "net",
      {Conv2d{1, 4, 3, {.padding = 1}}, PixelShuffle{2},
       Upsample{{.scale_factor = {0.5}, .mode = InterpolateMode::area}}, PixelUnshuffle{2},
       ChannelShuffle{2}, Unfold{2, {.stride = 2}}, Fold{2, 2}, Unflatten{-1, {2, 1}}});
  CHECK(net(randn({2, 1, 4, 4})).shape() == Shape{2, 4, 2, 2, 1});
}

TEST_CASE("FractionalMaxPool draws windows from the default generator") {
  const FractionalMaxPool3d pool{2, {.output_size = {2, 3, 1}}};
  const Tensor x = randn({1, 4, 6, 8, 3});
  manual_seed(3);
  const auto y = testing::values(pool(x));
  manual_seed(3);
  CHECK(testing::values(FractionalMaxPool3dWithIndices{2, {.output_size = {2, 3, 1}}}(x).values) ==
        y);
}

}  // namespace tapehead::nn
