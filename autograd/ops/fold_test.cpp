// Values are compared with PyTorch's in tests/parity/vision.cpp.
#include "tapehead/autograd/ops/fold.h"

#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {
namespace {

Sample image_of(const Shape& shape, const ExpandingArray<2>& size, const ExpandingArray<2>& kernel,
                const FoldFuncOptions& o) {
  return {.operands = {shape},
          .call = [=](const Tensors& t) { return Tensors{fold(t[0], size, kernel, o)}; },
          .reduces = 9};
}

}  // namespace

TAPEHEAD_OP_TEST(fold)
    .sample(image_of({2, 8, 6}, {3, 4}, 2, {}))
    .sample(image_of({6, 4}, {4, 5}, {3, 2}, {.dilation = {1, 2}, .padding = 1, .stride = 3}))
    .bad<ShapeError>(
        [] {
          fold(zeros({1, 4, 3}), 3, 2);
        },
        "fold: x is [1, 4, 3]; size(-2) must be a multiple of the 4 elements of a "
        "window, and size(-1) the number of windows, 2 x 2 = 4")
    .bad<ShapeError>([] { fold(zeros({4}), 3, 2); },
                     "fold: x is [4]; expected [B, C K, L] or [C K, L]");

}  // namespace tapehead::op_tests
