// Values are compared with PyTorch's in tests/parity/vision.cpp.
#include "tapehead/autograd/ops/pixel_shuffle.h"

#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {
namespace {

template <auto F>
Sample shuffled(const Shape& shape, int64_t n) {
  return {.operands = {shape}, .call = [n](const Tensors& t) { return Tensors{F(t[0], n)}; }};
}

}  // namespace

TAPEHEAD_OP_TEST(pixel_shuffle)
    .sample(shuffled<pixel_shuffle>({2, 8, 2, 3}, 2))
    .sample(shuffled<pixel_shuffle>({9, 1, 2}, 3))
    .sample(shuffled<pixel_shuffle>({0, 4, 2, 2}, 2))
    .bad<ShapeError>(
        [] {
          pixel_shuffle(zeros({6, 2, 2}), 2);
        },
        "pixel_shuffle: x is [6, 2, 2]; its 6 channels must be a multiple of "
        "upscale_factor² = 4")
    .bad<ShapeError>(
        [] {
          pixel_shuffle(zeros({4, 4}), 2);
        },
        "pixel_shuffle: x is [4, 4]; expected [..., C, H, W]")
    .bad<ValueError>(
        [] {
          pixel_shuffle(zeros({4, 2, 2}), 0);
        },
        "pixel_shuffle: upscale_factor = 0 is less than 1");
TAPEHEAD_OP_TEST(pixel_unshuffle)
    .sample(shuffled<pixel_unshuffle>({2, 2, 4, 6}, 2))
    .bad<ShapeError>(
        [] {
          pixel_unshuffle(zeros({1, 4, 3}), 2);
        },
        "pixel_unshuffle: x is [1, 4, 3]; its height and width must be multiples of "
        "downscale_factor = 2");
TAPEHEAD_OP_TEST(channel_shuffle)
    .sample(shuffled<channel_shuffle>({2, 6, 2, 2}, 3))
    .sample(shuffled<channel_shuffle>({1, 4, 3}, 2))
    .bad<ShapeError>(
        [] {
          channel_shuffle(zeros({1, 4, 3}), 3);
        },
        "channel_shuffle: x is [1, 4, 3]; its 4 channels must be a multiple of "
        "groups = 3")
    .bad<ValueError>(
        [] {
          channel_shuffle(zeros({1, 4, 3}), 0);
        },
        "channel_shuffle: groups = 0 is less than 1")
    .bad<ShapeError>(
        [] {
          channel_shuffle(zeros({2, 4}), 2);
        },
        "channel_shuffle: x is [2, 4]; expected [B, C, ...] of at least 3 axes");

}  // namespace tapehead::op_tests
