#include "tapehead/autograd/ops/fft.h"

#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {
namespace {

using Transform = Tensor (*)(const Tensor&, std::optional<int64_t>, int64_t, std::string_view);
using Transforms = Tensor (*)(const Tensor&, const Shape&, const Shape&, std::string_view);

// Values are compared with PyTorch's in tests/parity/fft.cpp.
Sample transform_of(Transform f, const Shape& shape, std::optional<int64_t> n = {},
                    int64_t axis = -1, const char* norm = "ortho") {
  return {.operands = {shape},
          .call = [=](const Tensors& x) { return Tensors{f(x[0], n, axis, norm)}; },
          .reduces = shape.numel()};
}
Sample transforms_of(Transforms f, const Shape& shape, const Shape& sizes, const Shape& axes) {
  return {.operands = {shape},
          .call = [=](const Tensors& x) { return Tensors{f(x[0], sizes, axes, "ortho")}; },
          .reduces = shape.numel()};
}

// The sum that defines the transform of x [B, N, 2].
Arrays sums(Arrays& in) {
  Array& x = in[0];
  Array out(x.shape);
  const int64_t n = x.shape[1];
  for (int64_t b = 0; b < x.shape[0]; ++b)
    for (int64_t k = 0; k < n; ++k)
      for (int64_t j = 0; j < n; ++j) {
        const double angle = 2 * M_PI * static_cast<double>(j * k) / static_cast<double>(n);
        out(b, k, 0) += std::cos(angle) * x(b, j, 0) + std::sin(angle) * x(b, j, 1);
        out(b, k, 1) += std::cos(angle) * x(b, j, 1) - std::sin(angle) * x(b, j, 0);
      }
  return {out};
}

Sample defined_for(int64_t n) {
  return {.operands = {Shape{3, n, 2}},
          .call = [](const Tensors& x) { return Tensors{fft_fft(x[0])}; },
          .reference = sums,
          .reduces = 2 * n};
}

const Tensor kReal = core::full({3, 4}, 1), kComplex = core::full({3, 4, 2}, 1);

}  // namespace

TAPEHEAD_OP_TEST(fft_fft)
    .samples({defined_for(12), defined_for(15), defined_for(67), defined_for(1)})
    .sample(transform_of(fft_fft, {2, 5, 3, 2}, 7, 1))
    .sample(transform_of(fft_fft, {2, 9, 2}, 4))
    .bad<ShapeError>([] { fft_fft(kReal); },
                     "fft_fft: [3, 4] f32 is not complex; its last axis must have size 2, the real "
                     "and the imaginary part; use fft_rfft for real numbers")
    .bad<IndexError>([] { fft_fft(kComplex, {}, 2); },
                     "fft_fft: axis 2 is outside -2..1 of a tensor with 2 dimensions")
    .bad<ShapeError>(
        [] {
          fft_fft(core::empty({0, 2}, f32));
        },
        "fft_fft: axis 0 of [0, 2] f32 has too few elements to transform; pass n")
    .bad<ValueError>([] { fft_fft(kComplex, 0); }, "fft_fft: n is 0; it must be at least 1")
    .bad<ValueError>(
        [] { fft_fft(kComplex, {}, -1, "both"); },
        "fft_fft: norm is \"both\"; it must be \"backward\", \"forward\" or \"ortho\"");

TAPEHEAD_OP_TEST(fft_ifft)
    .sample(transform_of(fft_ifft, {2, 6, 2}))
    .sample(transform_of(fft_ifft, {4, 3, 2}, 5, 0, "backward"))
    .bad<ShapeError>([] { fft_ifft(kReal); },
                     "fft_ifft: [3, 4] f32 is not complex; its last axis must have size 2, the "
                     "real and the imaginary part");

TAPEHEAD_OP_TEST(fft_rfft)
    .samples({transform_of(fft_rfft, {3, 6}), transform_of(fft_rfft, {2, 7}),
              transform_of(fft_rfft, {5, 3}, 8, 0), transform_of(fft_rfft, {35, 4}),
              transform_of(fft_rfft, {1})})
    .bad<ShapeError>([] { fft_rfft(core::full({}, 1)); }, "fft_rfft: a 0-d tensor has no axes");

TAPEHEAD_OP_TEST(fft_irfft)
    .samples({transform_of(fft_irfft, {3, 4, 2}), transform_of(fft_irfft, {2, 4, 2}, 7),
              transform_of(fft_irfft, {5, 3, 2}, 4, 0), transform_of(fft_irfft, {3, 1, 2}, 1)})
    .bad<ShapeError>(
        [] {
          fft_irfft(core::full({2, 1, 2}, 1));
        },
        "fft_irfft: axis 1 of [2, 1, 2] f32 has too few elements to transform; pass n");

TAPEHEAD_OP_TEST(fft_hfft)
    .sample(transform_of(fft_hfft, {3, 4, 2}))
    .bad<ShapeError>([] { fft_hfft(kReal); },
                     "fft_hfft: [3, 4] f32 is not complex; its last axis must have size 2, the "
                     "real and the imaginary part");
TAPEHEAD_OP_TEST(fft_ihfft)
    .sample(transform_of(fft_ihfft, {3, 6}))
    .bad<ValueError>([] { fft_ihfft(kReal, -1); }, "fft_ihfft: n is -1; it must be at least 1");

TAPEHEAD_OP_TEST(fft_fftn)
    .samples({transforms_of(fft_fftn, {2, 3, 4, 2}, {}, {}),
              transforms_of(fft_fftn, {2, 3, 4, 2}, {5, -1}, {0, 2})})
    .bad<ValueError>(
        [] {
          fft_fftn(kComplex, {}, {1, -1});
        },
        "fft_fftn: axis 1 is listed twice")
    .bad<ValueError>(
        [] {
          fft_fftn(kComplex, {2, 2}, {1});
        },
        "fft_fftn: sizes [2, 2] for axes [1]; pass as many of both")
    .bad<ShapeError>([] { fft_fftn(core::full({2}, 1)); }, "fft_fftn: a 0-d tensor has no axes");
TAPEHEAD_OP_TEST(fft_ifftn).sample(transforms_of(fft_ifftn, {3, 4, 2}, {}, {}));
TAPEHEAD_OP_TEST(fft_rfftn).sample(transforms_of(fft_rfftn, {2, 3, 4}, {3, 5}, {}));
TAPEHEAD_OP_TEST(fft_irfftn).sample(transforms_of(fft_irfftn, {2, 3, 4, 2}, {}, {}));
TAPEHEAD_OP_TEST(fft_fft2).sample(transforms_of(fft_fft2, {3, 4, 2}, {}, {-2, -1}));
TAPEHEAD_OP_TEST(fft_ifft2).sample(transforms_of(fft_ifft2, {3, 4, 2}, {}, {0, 1}));
TAPEHEAD_OP_TEST(fft_rfft2).sample(transforms_of(fft_rfft2, {3, 4}, {}, {-2, -1}));
TAPEHEAD_OP_TEST(fft_irfft2)
    .sample(transforms_of(fft_irfft2, {3, 4, 2}, {}, {-2, -1}))
    .bad<IndexError>(
        [] {
          fft_irfft2(core::full({4, 2}, 1));
        },
        "fft_irfft2: axis -2 is outside -1..0 of a tensor with 1 dimension");

TAPEHEAD_OP_TEST(fft_fftshift)
    .sample({.operands = {Shape{5}},
             .call = [](const Tensors& x) { return Tensors{fft_fftshift(x[0], {0})}; },
             .reference =
                 [](Arrays& in) {
                   Array y = in[0];
                   for (int64_t i = 0; i < 5; ++i) y[(i + 2) % 5] = in[0][i];
                   return Arrays{y};
                 }})
    .bad<IndexError>([] { fft_fftshift(kReal, {2}); },
                     "fft_fftshift: axis 2 is outside -2..1 of a tensor with 2 dimensions");
TAPEHEAD_OP_TEST(fft_ifftshift)
    .sample({.operands = {Shape{2, 5}},
             .call =
                 [](const Tensors& x) {
                   return Tensors{fft_ifftshift(fft_fftshift(x[0], {0, -1}), {0, 1})};
                 },
             .reference = [](Arrays& in) { return in; }});

}  // namespace tapehead::op_tests
