// Values and indices are compared with PyTorch's in tests/parity/vision.cpp.
#include "tapehead/autograd/ops/fractional_max_pool.h"

#include <doctest/doctest.h>

#include "tapehead/tests/expect.h"
#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {
namespace {

// Two calls draw the same windows.
template <auto F, class Options>
Sample random_windows(const Shape& shape, const Options& o) {
  return {.operands = {shape},
          .call =
              [o](const Tensors& t) {
                Generator generator{1, 2};
                if constexpr (requires { F(t[0], 2, o, generator).values; })
                  return Tensors{F(t[0], 2, o, generator).values};
                else return Tensors{F(t[0], 2, o, generator)};
              },
          .may_repeat = false};
}

const FractionalMaxPool2dFuncOptions kRatio{.output_ratio = 0.6};

}  // namespace

TAPEHEAD_OP_TEST(fractional_max_pool2d)
    .sample(random_windows<fractional_max_pool2d>({2, 2, 5, 6}, kRatio))
    .sample(random_windows<fractional_max_pool2d>(
        {2, 4, 5}, FractionalMaxPool2dFuncOptions{.output_size = {1, 4}}))
    .bad<ValueError>(
        [] {
          fractional_max_pool2d(ones({1, 3, 3}), 2, {});
        },
        "fractional_max_pool2d: pass either an output_size or an output_ratio")
    .bad<ValueError>(
        [] {
          fractional_max_pool2d(ones({1, 3, 3}), 2, {.output_ratio = 1});
        },
        "fractional_max_pool2d: output_ratio = 1 is outside 0..1")
    .bad<ValueError>(
        [] {
          fractional_max_pool2d(ones({1, 3, 3}), 2, {.output_size = 0});
        },
        "fractional_max_pool2d: output_size = 0 is less than 1")
    .bad<ValueError>(
        [] {
          fractional_max_pool2d(ones({1, 3, 3}), 0, kRatio);
        },
        "fractional_max_pool2d: kernel_size = 0 is less than 1")
    .bad<ShapeError>(
        [] {
          fractional_max_pool2d(ones({1, 4, 3}), 2, {.output_size = 3});
        },
        "fractional_max_pool2d: x is [1, 4, 3]; size(-1) = 3 has no 3 windows of 2 "
        "positions that start at different ones")
    .bad<ShapeError>(
        [] {
          fractional_max_pool2d(ones({1, 3, 3}), 2,
                                {.output_ratio = 0.5, .random_samples = ones({1, 2})});
        },
        "fractional_max_pool2d: random_samples are [1, 2], for x [1, 3, 3]; expected [1, 1, 2]");
TAPEHEAD_OP_TEST(fractional_max_pool3d)
    .sample(random_windows<fractional_max_pool3d>({1, 2, 4, 3, 5}, FractionalMaxPool3dFuncOptions{
                                                                       .output_size = {2, 2, 3}}));
TAPEHEAD_OP_TEST(fractional_max_pool2d_with_indices)
    .sample(random_windows<fractional_max_pool2d_with_indices>({2, 2, 5, 6}, kRatio));
TAPEHEAD_OP_TEST(fractional_max_pool3d_with_indices)
    .sample(random_windows<fractional_max_pool3d_with_indices>(
        {2, 4, 4, 4}, FractionalMaxPool3dFuncOptions{.output_ratio = 0.5}));

TEST_CASE("fractional windows differ between planes and draws, and follow the generator") {
  const Tensor x =
      arange(0, 400).reshape({1, 400}).expand({64, 400}).to(f32).reshape({64, 1, 1, 400});
  const auto draw = [&](Generator& generator) {
    return testing::values(fractional_max_pool2d(x, {1, 2}, {.output_size = {1, 150}}, generator));
  };
  Generator a{7, 0}, b{7, 0};
  const auto first = draw(a);
  CHECK(first == draw(b));
  CHECK(first != draw(b));
  bool differ = false;
  for (size_t i = 0; i < 150; ++i) differ |= first[i] != first[150 + i];
  CHECK(differ);
  for (size_t row = 0; row < 64; ++row) CHECK(first[row * 150 + 149] == 399);
}

}  // namespace tapehead::op_tests
