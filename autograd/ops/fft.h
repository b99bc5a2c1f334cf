// Discrete Fourier transforms, as torch.fft. Complex numbers are their real and imaginary parts, in
// a last axis of size 2, as made by torch.view_as_real(); `n`, `sizes` and `axes` refer to the axes
// before it. So the transform of x [B, N] is fft_rfft(x), [B, N / 2 + 1, 2], or
// fft_fft(stack({x, zeros_like(x)}, -1)), [B, N, 2].
//
//   y[k] = scale sum_j x[j] exp(-2 pi i j k / n), with +2 for inverse transforms
//
// KISS FFT transforms any length: in O(n log n) time if its prime factors are small; a large prime
// factor p multiplies that by p / log p. `n` and `sizes` trim x, or pad it with zeros.
// `norm` is the scale: "backward" 1, and 1 / n for inverse transforms; "forward" the reverse;
// "ortho" 1 / sqrt(n) for both. Integers are converted to f32; bf16 and f16 are computed in f32.
//
// All functions throw ShapeError for complex operands without the axis of size 2 and for transforms
// of no elements, ValueError for n < 1 and other norms, and IndexError.
#pragma once

#include <optional>
#include <string_view>

#include "tapehead/core/tensor.h"

namespace tapehead {

/// The transform of complex x along an axis.
/// Example: fft_fft(tensor({{1, 0}, {2, 0}, {3, 0}, {4, 0}}))
///     // [[10., 0.], [-2., 2.], [-2., 0.], [-2., -2.]]
Tensor fft_fft(const Tensor& x, std::optional<int64_t> n = {}, int64_t axis = -1,
               std::string_view norm = "backward");
/// The inverse of fft_fft().
/// Example: fft_ifft(fft_fft(randn({3, 8, 2})))  // shape [3, 8, 2]
Tensor fft_ifft(const Tensor& x, std::optional<int64_t> n = {}, int64_t axis = -1,
                std::string_view norm = "backward");
/// The first n / 2 + 1 elements, of which the others are the conjugates, for real x; a complex
/// tensor.
/// Example: fft_rfft(tensor({1, 2, 3, 4}))  // [[10., 0.], [-2., 2.], [-2., 0.]]
Tensor fft_rfft(const Tensor& x, std::optional<int64_t> n = {}, int64_t axis = -1,
                std::string_view norm = "backward");
/// The inverse of fft_rfft(), a real tensor. By default n = 2 (size - 1); pass n if it is odd.
/// Imaginary parts that are 0 in the transform of real numbers are ignored, as in PyTorch.
/// Example: fft_irfft(fft_rfft(tensor({1, 2, 3, 5})))  // [1., 2., 3., 5.]
Tensor fft_irfft(const Tensor& x, std::optional<int64_t> n = {}, int64_t axis = -1,
                 std::string_view norm = "backward");
/// The transform of a signal whose first n / 2 + 1 elements are x and whose others are their
/// conjugates, a real tensor.
/// Example: fft_hfft(randn({5, 2}))  // shape [8]
Tensor fft_hfft(const Tensor& x, std::optional<int64_t> n = {}, int64_t axis = -1,
                std::string_view norm = "backward");
/// The inverse of fft_hfft(), of real x.
/// Example: fft_ihfft(randn({8}))  // shape [5, 2]
Tensor fft_ihfft(const Tensor& x, std::optional<int64_t> n = {}, int64_t axis = -1,
                 std::string_view norm = "backward");

/// Transforms along several axes: by default the last ones, as many as `sizes` has, or all. A size
/// of -1 keeps that of x. For real tensors the last of the axes is the one that fft_rfft() or
/// fft_irfft() transforms. Throws ValueError for repeated axes, and unless axes and sizes are as
/// many.
/// Example: fft_fftn(randn({4, 6, 2}))  // shape [4, 6, 2]
Tensor fft_fftn(const Tensor& x, const Shape& sizes = {}, const Shape& axes = {},
                std::string_view norm = "backward");
/// The inverse of fft_fftn().
/// Example: fft_ifftn(randn({4, 6, 2}))  // shape [4, 6, 2]
Tensor fft_ifftn(const Tensor& x, const Shape& sizes = {}, const Shape& axes = {},
                 std::string_view norm = "backward");
/// fft_fftn() of real x; of the last of the axes, n / 2 + 1 elements.
/// Example: fft_rfftn(randn({4, 6}))  // shape [4, 4, 2]
Tensor fft_rfftn(const Tensor& x, const Shape& sizes = {}, const Shape& axes = {},
                 std::string_view norm = "backward");
/// The inverse of fft_rfftn().
/// Example: fft_irfftn(randn({4, 4, 2}))  // shape [4, 6]
Tensor fft_irfftn(const Tensor& x, const Shape& sizes = {}, const Shape& axes = {},
                  std::string_view norm = "backward");
/// fft_fftn() along two axes.
/// Example: fft_fft2(randn({3, 4, 6, 2}))  // shape [3, 4, 6, 2]
Tensor fft_fft2(const Tensor& x, const Shape& sizes = {}, const Shape& axes = {-2, -1},
                std::string_view norm = "backward");
/// fft_ifftn() along two axes.
/// Example: fft_ifft2(randn({3, 4, 6, 2}))  // shape [3, 4, 6, 2]
Tensor fft_ifft2(const Tensor& x, const Shape& sizes = {}, const Shape& axes = {-2, -1},
                 std::string_view norm = "backward");
/// fft_rfftn() along two axes.
/// Example: fft_rfft2(randn({3, 4, 6}))  // shape [3, 4, 4, 2]
Tensor fft_rfft2(const Tensor& x, const Shape& sizes = {}, const Shape& axes = {-2, -1},
                 std::string_view norm = "backward");
/// fft_irfftn() along two axes.
/// Example: fft_irfft2(randn({3, 4, 4, 2}))  // shape [3, 4, 6]
Tensor fft_irfft2(const Tensor& x, const Shape& sizes = {}, const Shape& axes = {-2, -1},
                  std::string_view norm = "backward");

/// Moves the element of frequency 0 to the middle of each of the given axes, of any type. Axes are
/// those of x itself; they have no default, because the last one of complex tensors must not be
/// shifted.
/// Example: fft_fftshift(fft_fftfreq(4), {0})  // [-0.50, -0.25, 0.00, 0.25]
Tensor fft_fftshift(const Tensor& x, const Shape& axes);
/// The inverse of fft_fftshift().
/// Example: fft_ifftshift(tensor({-2, -1, 0, 1}), {0})  // [0, 1, -2, -1]
Tensor fft_ifftshift(const Tensor& x, const Shape& axes);

}  // namespace tapehead
