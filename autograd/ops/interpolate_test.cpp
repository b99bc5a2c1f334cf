// Values are compared with PyTorch's in tests/parity/vision.cpp.
#include "tapehead/autograd/ops/interpolate.h"

#include <doctest/doctest.h>

#include "tapehead/tests/expect.h"
#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {
namespace {

using ResizeMode = InterpolateMode;

Sample resized(const Shape& shape, const InterpolateFuncOptions& o) {
  return {.operands = {shape},
          .call = [o](const Tensors& t) { return Tensors{interpolate(t[0], o)}; },
          .reduces = 100};
}
auto resize(const Shape& shape, const InterpolateFuncOptions& o) {
  return [=] { interpolate(zeros(shape), o); };
}

}  // namespace

TAPEHEAD_OP_TEST(interpolate)
    .sample(resized({2, 1, 7}, {.size = {4}}))
    .sample(resized({1, 2, 3, 2, 4}, {.scale_factor = {2, 1.7, 0.6}}))
    .sample(resized({2, 1, 3, 5}, {.size = {7}, .mode = ResizeMode::nearest_exact}))
    .sample(resized({2, 2, 5}, {.scale_factor = {1.5}, .mode = ResizeMode::linear}))
    .sample(resized({1, 2, 4, 5}, {.size = {7, 3}, .mode = ResizeMode::bilinear}))
    .sample(resized({1, 1, 4, 3},
                    {.size = {3, 7}, .mode = ResizeMode::bicubic, .align_corners = true}))
    .sample(resized({1, 1, 3, 2, 4}, {.size = {2, 3, 6}, .mode = ResizeMode::trilinear}))
    .sample(resized({1, 1, 7, 6}, {.size = {3}, .mode = ResizeMode::bicubic, .antialias = true}))
    .sample(resized({2, 2, 5, 4}, {.size = {2, 3}, .mode = ResizeMode::area}))
    .sample(resized({0, 2, 5}, {.size = {3}}))
    .bad<DTypeError>(
        [] {
          interpolate(zeros({1, 1, 2}, i64), {.size = {1}});
        },
        "interpolate: expected a floating tensor, got [1, 1, 2] i64; convert with "
        "to(f32)")
    .bad<ShapeError>(
        resize({2, 3}, {.size = {1}}),
        "interpolate: x is [2, 3]; expected [B, C, L], [B, C, H, W] or [B, C, D, H, W]")
    .bad<ShapeError>(resize({1, 2, 3}, {.size = {1}, .mode = ResizeMode::bilinear}),
                     "interpolate: x is [1, 2, 3]; bilinear resizes the last 2 of 4 axes")
    .bad<ShapeError>(resize({1, 2, 3}, {.size = {1, 2}}),
                     "interpolate: 2 sizes for x [1, 2, 3]; pass one for each of the last 1 axes, "
                     "or one for all")
    .bad<ValueError>(resize({1, 2, 3}, {}), "interpolate: pass either a size or a scale_factor")
    .bad<ValueError>(resize({1, 2, 3}, {.size = {2}, .recompute_scale_factor = true}),
                     "interpolate: recompute_scale_factor needs a scale_factor")
    .bad<ValueError>(resize({1, 2, 3}, {.scale_factor = {0.2}}),
                     "interpolate: size(2) of x [1, 2, 3] would become 0; sizes must be at least 1")
    .bad<ValueError>(resize({1, 2, 3}, {.scale_factor = {1e300}}),
                     "interpolate: size(2) of x [1, 2, 3] would become 3e+300; sizes must be below "
                     "2^53")
    .bad<ValueError>(
        resize({1, 2, 3}, {.scale_factor = {NAN}}),
        "interpolate: size(2) of x [1, 2, 3] would become nan; sizes must be at least 1")
    .bad<ValueError>(resize({1, 2, 3}, {.size = {2}, .align_corners = true}),
                     "interpolate: nearest has no align_corners")
    .bad<ValueError>(resize({1, 2, 3}, {.size = {2}, .antialias = true}),
                     "interpolate: nearest has no antialias; use bilinear, bicubic or lanczos")
    .bad<ValueError>(resize({1, 2, 3, 3}, {.size = {2}, .mode = ResizeMode::lanczos}),
                     "interpolate: lanczos needs antialias = true");

TEST_CASE("interpolate copies elements next to infinities exactly") {
  const Tensor x = testing::tensor_of({1, 1, 3}, {2, INFINITY, 1e-42}, f32);
  const Tensor y = interpolate(x, {.size = {6}});
  const double tiny = x.flatten()[2].item();
  CHECK(testing::values(y) == std::vector<double>{2, 2, INFINITY, INFINITY, tiny, tiny});
}

}  // namespace tapehead::op_tests
