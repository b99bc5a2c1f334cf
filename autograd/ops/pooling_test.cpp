// Values and indices are compared with PyTorch's in tests/parity/pooling.cpp.
#include "tapehead/autograd/ops/pooling.h"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <vector>

#include "tapehead/tests/expect.h"
#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {
namespace {

template <class F>
Sample sample_of(const Operand& x, F f) {
  return {.operands = {x},
          .call = [f](const Tensors& t) { return Tensors{f(t[0])}; },
          .reduces = x.shape.numel(),
          .may_repeat = false};
}

const Shape kLines{2, 3, 9}, kPlanes{2, 2, 6, 5}, kVolumes{2, 4, 3, 3};

}  // namespace

TAPEHEAD_OP_TEST(max_pool1d)
    .sample(sample_of(kLines,
                      [](const Tensor& x) {
                        return max_pool1d(x, 3, {.stride = 2, .padding = 1});
                      }))
    .bad<ShapeError>(
        [] {
          max_pool1d(ones({2, 2, 2, 2}), 2);
        },
        "max_pool1d: x is [2, 2, 2, 2]; expected [B, C, L] or [C, L]");
TAPEHEAD_OP_TEST(max_pool2d)
    .sample(sample_of(kPlanes, [](const Tensor& x) { return max_pool2d(x, 2); }))
    .sample(sample_of({{0, 2, 4, 4}}, [](const Tensor& x) { return max_pool2d(x, 2); }))
    .bad<DTypeError>(
        [] {
          max_pool2d(core::full({1, 2, 2}, 1, i64), 2);
        },
        "max_pool2d: expected a floating tensor, got [1, 2, 2] i64; convert with "
        "to(f32)")
    .bad<ShapeError>(
        [] {
          max_pool2d(ones({1, 2, 3}), 3);
        },
        "max_pool2d: x is [1, 2, 3]; size(-2) = 2, with 0 of padding, is less than "
        "the 3 positions that the kernel spans")
    .bad<ShapeError>(
        [] {
          max_pool2d(ones({1, 2, 0}), 1);
        },
        "max_pool2d: x is [1, 2, 0]; size(-1) must not be 0")
    .bad<ValueError>(
        [] {
          max_pool2d(ones({1, 2, 3}), {2, 0});
        },
        "max_pool2d: kernel_size = 0 is less than 1")
    .bad<ValueError>(
        [] {
          max_pool2d(ones({1, 4, 3}), 2, {.stride = {1, 0}});
        },
        "max_pool2d: stride = 0 is less than 1")
    .bad<ValueError>(
        [] {
          max_pool2d(ones({1, 4, 3}), 2, {.padding = 2});
        },
        "max_pool2d: padding = 2 is more than half of the 2 positions that the kernel "
        "spans");
TAPEHEAD_OP_TEST(max_pool3d).sample(sample_of(kVolumes, [](const Tensor& x) {
  return max_pool3d(x, 2, {.stride = 1, .dilation = {2, 1, 1}});
}));
TAPEHEAD_OP_TEST(max_pool1d_with_indices).sample(sample_of(kLines, [](const Tensor& x) {
  return max_pool1d_with_indices(x, 2, {.ceil_mode = true}).values;
}));
TAPEHEAD_OP_TEST(max_pool2d_with_indices).sample(sample_of(kPlanes, [](const Tensor& x) {
  return max_pool2d_with_indices(x, 3, {.stride = {2, 1}, .padding = 1}).values;
}));
TAPEHEAD_OP_TEST(max_pool3d_with_indices).sample(sample_of(kVolumes, [](const Tensor& x) {
  return max_pool3d_with_indices(x, 2, {.padding = 1}).values;
}));

TAPEHEAD_OP_TEST(adaptive_max_pool1d).sample(sample_of(kLines, [](const Tensor& x) {
  return adaptive_max_pool1d(x, 4);
}));
TAPEHEAD_OP_TEST(adaptive_max_pool2d)
    .sample(sample_of(kPlanes,
                      [](const Tensor& x) {
                        return adaptive_max_pool2d(x, {4, 2});
                      }))
    .sample(sample_of(kPlanes,
                      [](const Tensor& x) {
                        return adaptive_max_pool2d(x, {3, 1});
                      }))
    .bad<ValueError>(
        [] {
          adaptive_max_pool2d(ones({1, 2, 2}), {0, 1});
        },
        "adaptive_max_pool2d: output_size = 0 is less than 1");
TAPEHEAD_OP_TEST(adaptive_max_pool3d).sample(sample_of(kVolumes, [](const Tensor& x) {
  return adaptive_max_pool3d(x, {std::nullopt, 2, 1});
}));
TAPEHEAD_OP_TEST(adaptive_max_pool1d_with_indices).sample(sample_of(kLines, [](const Tensor& x) {
  return adaptive_max_pool1d_with_indices(x, 12).values;
}));
TAPEHEAD_OP_TEST(adaptive_max_pool2d_with_indices).sample(sample_of(kPlanes, [](const Tensor& x) {
  return adaptive_max_pool2d_with_indices(x, {4, std::nullopt}).values;
}));
TAPEHEAD_OP_TEST(adaptive_max_pool3d_with_indices).sample(sample_of(kVolumes, [](const Tensor& x) {
  return adaptive_max_pool3d_with_indices(x, 2).values;
}));

TAPEHEAD_OP_TEST(avg_pool1d).sample(sample_of(kLines, [](const Tensor& x) {
  return avg_pool1d(x, 2, {.stride = 1, .padding = 1});
}));
TAPEHEAD_OP_TEST(avg_pool2d)
    .sample(sample_of(
        kPlanes,
        [](const Tensor& x) {
          return avg_pool2d(
              x, 3, {.stride = 2, .padding = 1, .ceil_mode = true, .count_include_pad = false});
        }))
    .sample(sample_of({{1, 2, 4, 70}}, [](const Tensor& x) { return avg_pool2d(x, 2); }))
    .sample(sample_of(kPlanes,
                      [](const Tensor& x) {
                        return avg_pool2d(x, {6, 5});
                      }))
    .bad<ValueError>(
        [] {
          avg_pool2d(ones({1, 2, 2}), 1, {.divisor_override = 0});
        },
        "avg_pool2d: divisor_override = 0; it must not be 0");
TAPEHEAD_OP_TEST(avg_pool3d).sample(sample_of(kVolumes, [](const Tensor& x) {
  return avg_pool3d(x, {2, 3, 2}, {.stride = 1, .divisor_override = 5});
}));
TAPEHEAD_OP_TEST(adaptive_avg_pool1d).sample(sample_of(kLines, [](const Tensor& x) {
  return adaptive_avg_pool1d(x, 4);
}));
TAPEHEAD_OP_TEST(adaptive_avg_pool2d)
    .sample(sample_of(kPlanes,
                      [](const Tensor& x) {
                        return adaptive_avg_pool2d(x, {1, 3});
                      }))
    .sample(sample_of(kPlanes, [](const Tensor& x) { return adaptive_avg_pool2d(x, 1); }));
TAPEHEAD_OP_TEST(adaptive_avg_pool3d).sample(sample_of(kVolumes, [](const Tensor& x) {
  return adaptive_avg_pool3d(x, {3, std::nullopt, 2});
}));
TAPEHEAD_OP_TEST(lp_pool1d)
    .sample(sample_of({kLines, 0.5, 2}, [](const Tensor& x) { return lp_pool1d(x, 3, 2); }))
    .bad<ValueError>(
        [] {
          lp_pool1d(ones({1, 2}), 0, 2);
        },
        "lp_pool1d: norm_type = 0; it must not be 0");
TAPEHEAD_OP_TEST(lp_pool2d).sample(sample_of({kPlanes, 0.5, 2}, [](const Tensor& x) {
  return lp_pool2d(x, 2, {2, 3}, {.stride = 2, .ceil_mode = true});
}));
TAPEHEAD_OP_TEST(lp_pool3d).sample(sample_of({{1, 2, 3, 4}, 0.5, 2}, [](const Tensor& x) {
  return lp_pool3d(x, 3, {1, 2, 2}, {.stride = {1, 1, 2}});
}));

TAPEHEAD_OP_TEST(max_unpool1d)
    .sample(sample_of({{1, 1, 3}},
                      [](const Tensor& x) {
                        const Tensor at = testing::tensor_of(x.shape(), {1, 4, 2}, i64);
                        return max_unpool1d(x, at, 2);
                      }))
    .bad<ShapeError>(
        [] {
          max_unpool1d(ones({1, 2}), core::full({1, 3}, 0, i64), 2);
        },
        "max_unpool1d: x is [1, 2], the indices [1, 3]; the shapes must be equal")
    .bad<DTypeError>(
        [] {
          max_unpool1d(ones({1, 2}), ones({1, 2}), 2);
        },
        "max_unpool1d: expected indices of i64, got [1, 2] f32")
    .bad<IndexError>(
        [] {
          max_unpool1d(ones({1, 2}), core::full({1, 2}, 4, i64), 2);
        },
        "max_unpool1d: indices.flatten()[0] = 4 is outside 0..3")
    .bad<ValueError>(
        [] {
          max_unpool1d(ones({1, 2}), core::full({1, 2}, 0, i64), 2, {.output_size = 6});
        },
        "max_unpool1d: output_size 6 of axis -1; expected more than 2 and less than 6");
TAPEHEAD_OP_TEST(max_unpool2d).sample(sample_of({{2, 1, 1, 2}}, [](const Tensor& x) {
  const Tensor at = testing::tensor_of(x.shape(), {5, 0, 3, 8}, i64);
  return max_unpool2d(x, at, 2, {.stride = 3, .output_size = {3, 4}});
}));
TAPEHEAD_OP_TEST(max_unpool3d).sample(sample_of({{1, 1, 1, 2}}, [](const Tensor& x) {
  return max_unpool3d(x, testing::tensor_of(x.shape(), {5, 15}, i64), 2);
}));

TEST_CASE("the maximum of a window with NaN or infinities, and its index") {
  const double inf = INFINITY, nan = NAN;
  struct Row {
    std::vector<double> x, values, indices;
  };
  for (const Row& row :
       {Row{{1, 3, 3, 0, 2, 1}, {3, 3, 2, 1}, {1, 1, 4, 5}},
        {{-inf, -inf, -inf, -inf, -inf, -inf}, {-inf, -inf, -inf, -inf}, {0, 1, 3, 5}},
        {{nan, 1, nan, 2, inf, -inf}, {nan, nan, inf, -inf}, {0, 2, 4, 5}}})
    for (const DType dtype : {f32, f64, bf16}) {
      const Tensor x = testing::tensor_of({1, 6}, row.x, dtype);
      const auto [values, indices] =
          max_pool1d_with_indices(x, 3, {.stride = 2, .padding = 1, .ceil_mode = true});
      CAPTURE(x.str());
      for (size_t i = 0; i < 4; ++i) {
        const double value = testing::values(values)[i];
        CHECK((value == row.values[i] || (std::isnan(value) && std::isnan(row.values[i]))));
        CHECK(testing::values(indices)[i] == row.indices[i]);
      }
    }
}

TEST_CASE("the maximum of a long window, and its index") {
  const double inf = INFINITY, nan = NAN;
  for (const auto& [first, second, value, index] : {std::array{3.0, 2.0, 3.0, 7.0},
                                                    {2, 2, 2, 7},
                                                    {nan, 5, nan, 7},
                                                    {5, nan, nan, 31},
                                                    {nan, nan, nan, 31},
                                                    {inf, -inf, inf, 7},
                                                    {-inf, -inf, 1, 0}})
    for (const int64_t n : {33, 40, 100}) {
      const Tensor x = core::full({2, n}, 1);
      x.data<float>()[n + 7] = static_cast<float>(first);
      x.data<float>()[n + 31] = static_cast<float>(second);
      const auto [values, indices] = adaptive_max_pool1d_with_indices(x, 1);
      CAPTURE(x.str());
      CHECK(testing::values(values)[0] == 1);
      CHECK(testing::values(indices) == std::vector<double>{0, index});
      const double got = testing::values(values)[1];
      CHECK((got == value || (std::isnan(got) && std::isnan(value))));
    }
  const auto [values, indices] =
      adaptive_max_pool1d_with_indices(core::full({1, 30}, -INFINITY), 2);
  CHECK(testing::values(values) == std::vector<double>{-inf, -inf});
  CHECK(testing::values(indices) == std::vector<double>{0, 15});
}

TEST_CASE("adaptive maxima of planes") {
  const Tensor x = randn({2, 90, 300});
  for (const auto& [height, width] : {std::array{9, 5}, {1, 3}, {45, 100}, {3, 1}}) {
    const auto [values, indices] = adaptive_max_pool2d_with_indices(x, {height, width});
    const Tensor windows = x.reshape({2, height, 90 / height, width, 300 / width});
    CHECK(testing::values(values) == testing::values(amax(windows, {2, 4})));
    CHECK(testing::values(gather(x.reshape({2, -1}), 1, indices.reshape({2, -1}))) ==
          testing::values(values));
  }
}

// Several blocks, vectors of results and their ends.
TEST_CASE("maxima of large planes are found at their indices") {
  const Tensor x = randn({2, 90, 300});
  for (const MaxPool2dFuncOptions& o : {MaxPool2dFuncOptions{},
                                        {.stride = {1, 3}, .padding = 1, .dilation = {2, 1}},
                                        {.stride = 1}}) {
    const auto [values, indices] = max_pool2d_with_indices(x, {2, 3}, o);
    CHECK(testing::values(gather(x.reshape({2, -1}), 1, indices.reshape({2, -1}))) ==
          testing::values(values));
    const Tensor p = pad(x, {o.padding[1], o.padding[1], o.padding[0], o.padding[0]}, -INFINITY);
    const int64_t down = o.stride[0].value_or(2), right = o.stride[1].value_or(3);
    Tensor wanted = core::full(values.shape(), -INFINITY);
    for (int64_t i = 0; i < 2; ++i)
      for (int64_t j = 0; j < 3; ++j) {
        const int64_t top = i * o.dilation[0], left = j * o.dilation[1];
        wanted =
            maximum(wanted, p.slice(1, top, top + (values.size(1) - 1) * down + 1, down)
                                .slice(2, left, left + (values.size(2) - 1) * right + 1, right));
      }
    CHECK(testing::values(wanted) == testing::values(values));
    CHECK(testing::values(max_pool2d(x, {2, 3}, o)) == testing::values(values));
  }
}

}  // namespace tapehead::op_tests
