// Values are compared with PyTorch's in tests/parity/vision.cpp.
#include "tapehead/autograd/ops/grid_sample.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tapehead/tests/expect.h"
#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {
namespace {

using GridMode = GridSampleMode;

// Fixed points, none of them where the derivative jumps.
std::vector<double> coordinates(int64_t n, double reach) {
  std::vector<double> out;
  for (int64_t i = 0; i < n; ++i)
    out.push_back(reach * std::sin(1.7 * static_cast<double>(i) + 0.61));
  return out;
}

Sample sampled(const Shape& x, const Shape& grid, const GridSampleFuncOptions& o) {
  return {.operands = {x, given(grid, coordinates(grid.numel(), 1.3))},
          .call = [o](const Tensors& t) { return Tensors{grid_sample(t[0], t[1], o)}; },
          .reduces = 64,
          .roundings = 8};
}

auto sample(const Shape& x, const Shape& grid, const GridSampleFuncOptions& o = {}) {
  return [=] { grid_sample(zeros(x), zeros(grid), o); };
}

}  // namespace

TAPEHEAD_OP_TEST(grid_sample)
    .sample(sampled({2, 2, 3, 4}, {2, 2, 3, 2}, {}))
    .sample(sampled({1, 1, 3, 2}, {1, 3, 2, 2}, {.padding_mode = GridSamplePadding::border}))
    .sample(sampled({1, 2, 4, 3}, {1, 2, 3, 2},
                    {.padding_mode = GridSamplePadding::reflection, .align_corners = true}))
    .sample(sampled({1, 2, 4, 3}, {1, 2, 3, 2}, {.mode = GridMode::nearest}))
    .sample(sampled({1, 1, 4, 3}, {1, 2, 2, 2}, {.mode = GridMode::bicubic}))
    .sample(sampled({1, 1, 4, 3}, {1, 2, 2, 2},
                    {.mode = GridMode::bicubic, .padding_mode = GridSamplePadding::reflection}))
    .sample(sampled({1, 2, 2, 3, 2}, {1, 2, 1, 2, 3}, {.align_corners = true}))
    .sample(sampled({1, 1, 2, 3, 2}, {1, 1, 2, 2, 3},
                    {.padding_mode = GridSamplePadding::reflection}))
    .sample(sampled({0, 1, 2, 3}, {0, 2, 2, 2}, {}))
    .bad<DTypeError>(
        [] {
          grid_sample(zeros({1, 1, 2, 2}), zeros({1, 1, 1, 2}, f64));
        },
        "grid_sample: x is [1, 1, 2, 2] f32, the grid [1, 1, 1, 2] f64; convert one to "
        "the other's dtype")
    .bad<ShapeError>(sample({1, 2, 3}, {1, 2, 2}),
                     "grid_sample: x is [1, 2, 3]; expected [N, C, H, W] or [N, C, D, H, W]")
    .bad<ShapeError>(sample({2, 2, 3, 3}, {1, 2, 2, 2}),
                     "grid_sample: x is [2, 2, 3, 3], the grid [1, 2, 2, 2]; the grid must be "
                     "[2, H', W', 2]")
    .bad<ShapeError>(sample({1, 2, 3, 3, 3}, {1, 1, 2, 2, 3}, {.mode = GridMode::bicubic}),
                     "grid_sample: x is [1, 2, 3, 3, 3]; bicubic samples only images")
    .bad<ShapeError>(sample({1, 2, 0, 3}, {1, 2, 2, 2}),
                     "grid_sample: x is [1, 2, 0, 3]; size(2) must not be 0");

TAPEHEAD_OP_TEST(affine_grid)
    .sample({.operands = {{{2, 2, 3}}},
             .call =
                 [](const Tensors& t) {
                   return Tensors{affine_grid(t[0], {2, 1, 3, 2})};
                 },
             .reduces = 12,
             .roundings = 3})
    .sample({.operands = {{{1, 3, 4}}},
             .call =
                 [](const Tensors& t) {
                   return Tensors{affine_grid(t[0], {1, 2, 2, 1, 3}, true)};
                 },
             .reduces = 12,
             .roundings = 3})
    .bad<ShapeError>(
        [] {
          affine_grid(zeros({2, 2, 3}), {1, 1, 2, 2});
        },
        "affine_grid: theta is [2, 2, 3], the size [1, 1, 2, 2]; theta must be "
        "[1, 2, 3]")
    .bad<ShapeError>(
        [] {
          affine_grid(zeros({2, 2, 3}), {2, 2});
        },
        "affine_grid: the size is [2, 2]; expected [N, C, H, W] or [N, C, D, H, W]");

TEST_CASE("grid_sample of points far outside, infinite or NaN") {
  const Tensor x = testing::tensor_of({1, 1, 1, 2}, {1, 3}, f32);
  const Tensor grid = testing::tensor_of({1, 1, 4, 2}, {1e30, 0, -INFINITY, 0, NAN, 0, 0, 0}, f32);
  struct Row {
    GridSampleFuncOptions options;
    std::vector<double> y;  // at the points but NaN
  };
  for (const Row& row : {Row{{}, {0, 0, 2}},
                         {{.padding_mode = GridSamplePadding::border}, {3, 1, 2}},
                         {{.mode = GridMode::nearest}, {0, 0, 1}}}) {
    const auto y = testing::values(grid_sample(x, grid, row.options));
    for (size_t i = 0; i < 3; ++i) {
      CAPTURE(i);
      const double value = y[i < 2 ? i : 3];
      CHECK((value == row.y[i] || (std::isnan(value) && std::isnan(row.y[i]))));
    }
  }
}

}  // namespace tapehead::op_tests
