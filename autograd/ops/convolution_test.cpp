// Values of small convolutions are compared with PyTorch's in tests/parity/convolution.cpp.
#include "tapehead/autograd/ops/convolution.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "tapehead/autograd/engine.h"
#include "tapehead/tests/expect.h"
#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {
namespace {

template <auto F, class Options>
Sample conv_sample(const Shape& x, const Shape& w, int64_t bias, const Options& o) {
  Sample s{.operands = {{x}, {w}}, .call = [o](const Tensors& t) {
             return Tensors{F(t[0], t[1], t.size() > 2 ? t[2] : Tensor(), o)};
           }};
  if (bias > 0) s.operands.push_back({Shape{bias}});
  s.reduces = 2 * w.numel();
  return s;
}

}  // namespace

TAPEHEAD_OP_TEST(conv1d)
    .sample(conv_sample<conv1d>({2, 3, 7}, {4, 3, 3}, 4, Conv1dFuncOptions{.padding = kSame}))
    .sample(conv_sample<conv1d>({2, 8}, {6, 1, 3}, 0, Conv1dFuncOptions{.stride = 2, .groups = 2}))
    .sample(conv_sample<conv1d>({0, 2, 5}, {3, 2, 2}, 3, Conv1dFuncOptions{}))
    .bad<ShapeError>(
        [] {
          conv1d(ones({2, 3}), ones({4, 3, 2}));
        },
        "conv1d: x is [2, 3], the weight [4, 3, 2], groups = 1; weight.size(1) must be "
        "the 2 channels of x divided by groups");
TAPEHEAD_OP_TEST(conv2d)
    .sample(conv_sample<conv2d>({2, 3, 5, 4}, {4, 3, 3, 2}, 4,
                                Conv2dFuncOptions{.stride = 2, .padding = {1, 2}}))
    .sample(conv_sample<conv2d>({2, 2, 6, 5}, {6, 1, 2, 3}, 6,
                                Conv2dFuncOptions{.padding = 2, .dilation = {2, 1}, .groups = 2}))
    .sample(conv_sample<conv2d>({3, 4, 5}, {3, 1, 3, 3}, 0,
                                Conv2dFuncOptions{.stride = {1, 2}, .padding = 1, .groups = 3}))
    .sample(conv_sample<conv2d>({1, 1, 5, 5}, {1, 1, 2, 2}, 1, Conv2dFuncOptions{.padding = kSame}))
    .sample(conv_sample<conv2d>({2, 5, 3, 3}, {5, 5, 1, 1}, 5, Conv2dFuncOptions{}))
    .bad<DTypeError>(
        [] {
          conv2d(core::full({1, 1, 2, 2}, 1, i64), ones({1, 1, 1, 1}));
        },
        "conv2d: expected floating tensors, got [1, 1, 2, 2] i64; convert with to(f32)")
    .bad<ShapeError>(
        [] {
          conv2d(ones({2, 3}), ones({1, 3, 1, 1}));
        },
        "conv2d: x is [2, 3]; expected [B, C, H, W] or [C, H, W]")
    .bad<ShapeError>(
        [] {
          conv2d(ones({2, 3, 3}), ones({1, 2, 1}));
        },
        "conv2d: the weight is [1, 2, 1]; expected [O, C / groups, kH, kW], each at "
        "least 1")
    .bad<ShapeError>(
        [] {
          conv2d(ones({2, 3, 3}), ones({3, 1, 1, 1}), {}, {.groups = 2});
        },
        "conv2d: the weight is [3, 1, 1, 1]; its 3 output channels must be a multiple of groups = "
        "2")
    .bad<ShapeError>(
        [] {
          conv2d(ones({2, 3, 3}), ones({4, 2, 1, 1}), ones({2}));
        },
        "conv2d: the bias is [2]; it must be [4]")
    .bad<ShapeError>(
        [] {
          conv2d(ones({1, 2, 3}), ones({1, 1, 5, 1}), {}, {.padding = {1, 0}});
        },
        "conv2d: x is [1, 2, 3]; size(-2) = 2, with 2 of padding, is less than the 5 positions "
        "that "
        "the kernel spans")
    .bad<ValueError>(
        [] {
          conv2d(ones({1, 2, 3}), ones({1, 1, 1, 1}), {}, {.stride = {1, 0}});
        },
        "conv2d: stride = 0 is less than 1")
    .bad<ValueError>(
        [] {
          conv2d(ones({1, 2, 3}), ones({1, 1, 1, 1}), {}, {.groups = 0});
        },
        "conv2d: groups = 0 is less than 1")
    .bad<ValueError>(
        [] {
          conv2d(ones({1, 2, 3}), ones({1, 1, 1, 1}), {}, {.stride = 2, .padding = kSame});
        },
        "conv2d: padding kSame with stride 2; pass the sizes of the padding instead");
TAPEHEAD_OP_TEST(conv3d)
    .sample(conv_sample<conv3d>({1, 2, 3, 4, 3}, {3, 2, 2, 3, 2}, 3,
                                Conv3dFuncOptions{.stride = {1, 2, 1}, .padding = 1}))
    .sample(conv_sample<conv3d>({2, 4, 3, 3}, {2, 1, 2, 1, 2}, 0,
                                Conv3dFuncOptions{.padding = kSame, .groups = 2}))
    .bad<ShapeError>(
        [] {
          conv3d(ones({2, 3, 3}), ones({1, 2, 1, 1, 1}));
        },
        "conv3d: x is [2, 3, 3]; expected [B, C, D, H, W] or [C, D, H, W]");
TAPEHEAD_OP_TEST(conv_transpose1d)
    .sample(conv_sample<conv_transpose1d>({2, 3, 4}, {3, 2, 3}, 2,
                                          ConvTranspose1dFuncOptions{
                                              .stride = 2, .padding = 1, .output_padding = 1}))
    .sample(conv_sample<conv_transpose1d>({4, 3}, {4, 2, 2}, 0,
                                          ConvTranspose1dFuncOptions{.groups = 2}))
    .bad<ShapeError>(
        [] {
          conv_transpose1d(ones({2, 3}), ones({4, 2, 3}));
        },
        "conv_transpose1d: x is [2, 3], the weight [4, 2, 3]; weight.size(0) must be "
        "the 2 channels of x")
    .bad<ShapeError>(
        [] {
          conv_transpose1d(ones({3, 3}), ones({3, 2, 3}), {}, {.groups = 2});
        },
        "conv_transpose1d: x is [3, 3]; its 3 channels must be a multiple of groups = 2")
    .bad<ShapeError>(
        [] {
          conv_transpose1d(ones({1, 1}), ones({1, 1, 2}), {}, {.padding = 1});
        },
        "conv_transpose1d: x is [1, 1]; size(-1) = 1 leaves 0 elements of the result, less than 1")
    .bad<ValueError>(
        [] {
          conv_transpose1d(ones({1, 1}), ones({1, 1, 2}), {}, {.output_padding = 1});
        },
        "conv_transpose1d: output_padding = 1 is not less than stride 1 or dilation 1");
TAPEHEAD_OP_TEST(conv_transpose2d)
    .sample(conv_sample<conv_transpose2d>({1, 4, 3, 2}, {4, 3, 3, 2}, 6,
                                          ConvTranspose2dFuncOptions{.stride = {2, 3},
                                                                     .padding = 1,
                                                                     .output_padding = {0, 1},
                                                                     .groups = 2}))
    .sample(conv_sample<conv_transpose2d>({2, 3, 3, 3}, {3, 1, 2, 2}, 0,
                                          ConvTranspose2dFuncOptions{.dilation = 2}))
    .bad<ShapeError>(
        [] {
          conv_transpose2d(ones({2, 3, 3}), ones({2, 0, 1, 1}));
        },
        "conv_transpose2d: the weight is [2, 0, 1, 1]; expected [C, O / groups, kH, "
        "kW], each at least 1");
TAPEHEAD_OP_TEST(conv_transpose3d)
    .sample(conv_sample<conv_transpose3d>({1, 2, 2, 2, 3}, {2, 2, 2, 1, 3}, 2,
                                          ConvTranspose3dFuncOptions{.stride = {1, 2, 2},
                                                                     .padding = {1, 0, 1}}))
    .bad<ShapeError>(
        [] {
          conv_transpose3d(ones({2}), ones({2, 1, 1, 1, 1}));
        },
        "conv_transpose3d: x is [2]; expected [B, C, D, H, W] or [C, D, H, W]");

// y = sum over the positions of the kernel of a product with a shifted and strided part of x.
static Tensor plain_conv2d(const Tensor& x, const Tensor& w, const Conv2dFuncOptions& o) {
  const auto& p = o.padding.sizes();
  const Tensor padded = pad(x, {p[1], p[1], p[0], p[0]});
  const auto outputs = [&](int axis, int i) {
    return (padded.size(axis) - o.dilation[i] * (w.size(axis) - 1) - 1) / o.stride[i] + 1;
  };
  const int64_t H = outputs(2, 0), W = outputs(3, 1), G = o.groups, O = w.size(0);
  Tensor y = core::full({x.size(0), O, H, W}, 0, x.dtype());
  for (int64_t i = 0; i < w.size(2); ++i)
    for (int64_t j = 0; j < w.size(3); ++j) {
      const int64_t top = i * o.dilation[0], left = j * o.dilation[1];
      const Tensor part = padded.slice(2, top, top + (H - 1) * o.stride[0] + 1, o.stride[0])
                              .slice(3, left, left + (W - 1) * o.stride[1] + 1, o.stride[1]);
      const Tensor factors = w.select(3, j).select(2, i).reshape({1, G, O / G, w.size(1)});
      y = y + matmul(factors, part.reshape({x.size(0), G, w.size(1), H * W}))
                  .reshape({x.size(0), O, H, W});
    }
  return y;
}

TEST_CASE("convolutions of more channels and positions than a block has") {
  struct Row {
    Shape x, w;
    Conv2dFuncOptions options;
  };
  for (const Row& row :
       {Row{{2, 5, 37, 41}, {35, 5, 3, 3}, {.padding = 1}},
        {{1, 70, 60, 62}, {3, 70, 3, 1}, {.stride = {2, 1}}},
        {{1, 3, 1, 9000}, {6, 3, 1, 5}, {.stride = {1, 2}, .padding = {0, 3}}},
        {{1, 400, 2, 300}, {2, 400, 2, 2}, {.padding = 1, .dilation = {1, 3}}},
        {{3, 40, 9, 9}, {40, 1, 3, 3}, {.stride = 2, .padding = 1, .groups = 40}},
        {{2, 40, 6, 19}, {80, 20, 1, 1}, {.groups = 2}},
        {{1, 2, 70, 90}, {2, 1, 3, 3}, {.stride = 3, .padding = 4, .groups = 2}},
        // Winograd's algorithm, if the vectors are not longer than half of the columns
        {{3, 32, 16, 33}, {40, 32, 3, 3}, {.padding = 1}},
        {{2, 35, 3, 35}, {32, 35, 3, 3}, {}},
        {{1, 32, 31, 66}, {33, 32, 3, 3}, {.padding = 2}},
        {{1, 32, 1, 40}, {32, 32, 3, 3}, {.padding = {1, 0}}}}) {
    const auto leaf = [](const Shape& shape) {
      Generator generator{7};
      return randn(shape, f64, generator).to(f32).to(f64).set_requires_grad();
    };
    const Tensor x = leaf(row.x), w = leaf(row.w);
    CAPTURE(row.x.str());
    const Tensor wanted = plain_conv2d(x, w, row.options), dy = leaf(wanted.shape()).detach();
    const auto expected = grad({wanted}, {x, w}, {.gradients = {dy}});
    for (const DType dtype : {f64, f32}) {
      CAPTURE(name(dtype));
      const Tensor y = conv2d(x.to(dtype), w.to(dtype), {}, row.options);
      const auto got = grad({y}, {x, w}, {.gradients = {dy.to(dtype)}});
      const auto error = [](const Tensor& a, const Tensor& b) {
        return (max(abs(a.to(f64) - b)) / max(abs(b))).item();
      };
      const double bound = dtype == f64 ? 1e-13 : 1e-5;
      CHECK(error(y, wanted) < bound);
      const Tensor bias = leaf({w.size(0)}).detach(), shift = bias.reshape({1, w.size(0), 1, 1});
      CHECK(error(conv2d(x.to(dtype), w.to(dtype), bias.to(dtype), row.options), wanted + shift) <
            bound);
      CHECK(error(got[0], expected[0]) < bound);
      CHECK(error(got[1], expected[1]) < bound);
    }
  }
}

TEST_CASE("an infinite element of x reaches the results that see it, and no gradient of others") {
  Tensor x = core::full({1, 1, 3, 5}, 1);
  x.select(2, 1).select(2, 4).fill_(INFINITY);
  const Tensor w = core::full({1, 1, 2, 2}, 1).set_requires_grad();
  const Tensor y = conv2d(x, w), dy = core::full(y.shape(), 1);
  CHECK(testing::values(y) == testing::Doubles{4, 4, 4, INFINITY, 4, 4, 4, INFINITY});
  CHECK(testing::values(grad({y}, {w}, {.gradients = {dy}})[0]) ==
        testing::Doubles{8, INFINITY, 8, INFINITY});
}

}  // namespace tapehead::op_tests
