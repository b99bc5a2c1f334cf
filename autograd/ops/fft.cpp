#include "tapehead/autograd/ops/fft.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "tapehead/autograd/autocast.h"
#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/detail/axis_op.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/fft.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

// Transforms are linear, so that backward is the adjoint transform. With the real and imaginary
// parts as numbers of their own, that is the inverse one with the same scale.
struct ComplexTransform : AxisOp {
  static constexpr const char* kName = "fft_fft";
  int along = 0;
  bool is_inverse = false;
  double factor = 1;
  Tensor forward(const Tensor& x, int axis, bool inverse, double scale) {
    along = axis, is_inverse = inverse, factor = scale;
    return core::dft(core::contiguous(x), axis, inverse, scale);
  }
  Tensor backward(const Tensor& dy) const {
    return apply<ComplexTransform>(dy, along, !is_inverse, factor);
  }
};

Tensor inverse_real(const Tensor& x, int axis, int64_t n, double scale, double middle);

// The inverse counts all elements twice but the first and the last of an even n.
struct RealTransform : AxisOp {
  static constexpr const char* kName = "fft_rfft";
  int along = 0;
  int64_t n = 0;
  double factor = 1, middle = 1;
  Tensor forward(const Tensor& x, int axis, double scale, double of_middle) {
    along = axis, n = x.shape()[axis], factor = scale, middle = of_middle;
    return core::real_dft(core::contiguous(x), axis, scale, middle);
  }
  Tensor backward(const Tensor& dy) const { return inverse_real(dy, along, n, factor, middle / 2); }
};

struct InverseRealTransform : AxisOp {
  static constexpr const char* kName = "fft_irfft";
  int along = 0;
  double factor = 1, middle = 1;
  Tensor forward(const Tensor& x, int axis, int64_t n, double scale, double of_middle) {
    along = axis, factor = scale, middle = of_middle;
    return core::inverse_real_dft(core::contiguous(x), axis, n, scale, middle);
  }
  Tensor backward(const Tensor& dy) const {
    return apply<RealTransform>(dy, along, factor, middle * 2);
  }
};

Tensor inverse_real(const Tensor& x, int axis, int64_t n, double scale, double middle) {
  return apply<InverseRealTransform>(x, axis, n, scale, middle);
}

double transform_scale(const char* op, std::string_view norm, bool inverse, int64_t n) {
  const auto size = static_cast<double>(n);
  if (norm == "ortho") return 1 / std::sqrt(size);
  if (norm != "backward" && norm != "forward")
    throw ValueError(fmt::format(
        "{}: norm is \"{}\"; it must be \"backward\", \"forward\" or \"ortho\"", op, norm));
  return (norm == "forward") == inverse ? 1 : 1 / size;
}

// The number of axes, without that of the parts of complex numbers.
int complex_axes(const char* op, const Tensor& x) {
  if (x.dim() == 0 || x.size(-1) != 2)
    throw ShapeError(fmt::format(
        "{}: {} is not complex; its last axis must have size 2, the real and the imaginary part{}",
        op, core::describe(x),
        std::string_view(op) == "fft_fft" ? "; use fft_rfft for real numbers" : ""));
  return x.dim() - 1;
}

int64_t transform_length(const char* op, const Tensor& x, int axis, std::optional<int64_t> n,
                         int64_t standard) {
  if (n && *n < 1) throw ValueError(fmt::format("{}: n is {}; it must be at least 1", op, *n));
  if (!n && standard < 1)
    throw ShapeError(fmt::format("{}: axis {} of {} has too few elements to transform; pass n", op,
                                 axis, core::describe(x)));
  return n.value_or(standard);
}

// x with `size` elements along an axis.
Tensor resized(const Tensor& x, int axis, int64_t size) {
  const int64_t given = x.shape()[axis];
  if (size <= given) return size == given ? x : x.slice(axis, 0, size);
  std::vector<int64_t> widths(static_cast<size_t>(2 * (x.dim() - axis)));
  widths[widths.size() - 1] = size - given;
  return pad(x, widths);
}

// f(x) in f32 or f64, in the floating type of x, or in f32 for bf16 if autocast is on.
template <class F>
Tensor in_wide_type(const Tensor& x, F f) {
  const DType dtype = is_floating(x.dtype()) ? detail::in_f32(x.dtype()) : f32;
  return f(x.to(wide_type(dtype))).to(dtype);
}

using OptionalSize = std::optional<int64_t>;

Tensor complex_transform(const char* op, const Tensor& x, OptionalSize size, int64_t axis,
                         std::string_view norm, bool inverse) {
  const int along = normalize_axis(op, axis, complex_axes(op, x));
  const int64_t n = transform_length(op, x, along, size, x.shape()[along]);
  const double scale = transform_scale(op, norm, inverse, n);
  return in_wide_type(x, [&](const Tensor& wide) {
    return apply<ComplexTransform>(resized(wide, along, n), along, inverse, scale);
  });
}

Tensor real_transform(const char* op, const Tensor& x, OptionalSize size, int64_t axis,
                      std::string_view norm, bool inverse) {
  const int along = normalize_axis(op, axis, x.dim());
  if (x.dim() == 0) throw ShapeError(fmt::format("{}: a 0-d tensor has no axes", op));
  const int64_t n = transform_length(op, x, along, size, x.shape()[along]);
  const double scale = transform_scale(op, norm, inverse, n);
  return in_wide_type(x, [&](const Tensor& wide) {
    return apply<RealTransform>(resized(wide, along, n), along, scale, 1.0);
  });
}

Tensor to_real_transform(const char* op, const Tensor& x, OptionalSize size, int64_t axis,
                         std::string_view norm, bool inverse) {
  const int along = normalize_axis(op, axis, complex_axes(op, x));
  const int64_t n = transform_length(op, x, along, size, 2 * (x.shape()[along] - 1));
  const double scale = transform_scale(op, norm, inverse, n);
  return in_wide_type(x, [&](const Tensor& wide) {
    return inverse_real(resized(wide, along, n / 2 + 1), along, n, scale, 1);
  });
}

Tensor conjugate(const Tensor& x) {
  return x * from_vector(std::vector<float>{1, -1}).to(x.dtype());
}

// The axes of a transform of several, and their sizes.
struct TransformAxes {
  std::vector<int> axes;
  std::vector<OptionalSize> sizes;

  TransformAxes(const char* op, int rank, const Shape& given, const Shape& listed) {
    const int count = listed.rank() > 0 ? listed.rank() : given.rank() > 0 ? given.rank() : rank;
    if (given.rank() > 0 && given.rank() != count)
      throw ValueError(fmt::format("{}: sizes {} for axes {}; pass as many of both", op,
                                   given.str(), listed.str()));
    if (count == 0) throw ShapeError(fmt::format("{}: a 0-d tensor has no axes", op));
    for (int i = 0; i < count; ++i) {
      const int axis = normalize_axis(op, listed.rank() > 0 ? listed[i] : i - count, rank);
      if (std::find(axes.begin(), axes.end(), axis) != axes.end())
        throw ValueError(fmt::format("{}: axis {} is listed twice", op, axis));
      axes.push_back(axis);
      sizes.push_back(given.rank() > 0 && given[i] != -1 ? OptionalSize(given[i]) : OptionalSize());
    }
  }
};

// Transforms of complex numbers along all but the last `kept` of the axes.
Tensor along_axes(const char* op, Tensor x, const TransformAxes& at, size_t kept,
                  std::string_view norm, bool inverse) {
  for (size_t i = at.axes.size() - kept; i-- > 0;)
    x = complex_transform(op, x, at.sizes[i], at.axes[i], norm, inverse);
  return x;
}

Tensor complex_transforms(const char* op, const Tensor& x, const Shape& sizes, const Shape& axes,
                          std::string_view norm, bool inverse) {
  return along_axes(op, x, {op, complex_axes(op, x), sizes, axes}, 0, norm, inverse);
}

Tensor real_transforms(const char* op, const Tensor& x, const Shape& sizes, const Shape& axes,
                       std::string_view norm) {
  const TransformAxes at(op, x.dim(), sizes, axes);
  const Tensor y = real_transform(op, x, at.sizes.back(), at.axes.back(), norm, false);
  return along_axes(op, y, at, 1, norm, false);
}

Tensor to_real_transforms(const char* op, const Tensor& x, const Shape& sizes, const Shape& axes,
                          std::string_view norm) {
  const TransformAxes at(op, complex_axes(op, x), sizes, axes);
  const Tensor y = along_axes(op, x, at, 1, norm, true);
  return to_real_transform(op, y, at.sizes.back(), at.axes.back(), norm, true);
}

Tensor shifted(const char* op, const Tensor& x, const Shape& axes, bool back) {
  Shape shifts;
  for (const int64_t axis : axes) {
    const int64_t n = x.shape()[normalize_axis(op, axis, x.dim())];
    shifts.push_back(back ? (n + 1) / 2 : n / 2);
  }
  return axes.rank() > 0 ? roll(x, shifts, axes) : x;
}

}  // namespace

Tensor fft_fft(const Tensor& x, OptionalSize n, int64_t axis, std::string_view norm) {
  return complex_transform("fft_fft", x, n, axis, norm, false);
}
Tensor fft_ifft(const Tensor& x, OptionalSize n, int64_t axis, std::string_view norm) {
  return complex_transform("fft_ifft", x, n, axis, norm, true);
}
Tensor fft_rfft(const Tensor& x, OptionalSize n, int64_t axis, std::string_view norm) {
  return real_transform("fft_rfft", x, n, axis, norm, false);
}
Tensor fft_irfft(const Tensor& x, OptionalSize n, int64_t axis, std::string_view norm) {
  return to_real_transform("fft_irfft", x, n, axis, norm, true);
}
Tensor fft_hfft(const Tensor& x, OptionalSize n, int64_t axis, std::string_view norm) {
  complex_axes("fft_hfft", x);
  return to_real_transform("fft_hfft", conjugate(x), n, axis, norm, false);
}
Tensor fft_ihfft(const Tensor& x, OptionalSize n, int64_t axis, std::string_view norm) {
  return conjugate(real_transform("fft_ihfft", x, n, axis, norm, true));
}

#define TAPEHEAD_TRANSFORMS(name, f, ...)                                                      \
  Tensor name(const Tensor& x, const Shape& sizes, const Shape& axes, std::string_view norm) { \
    return f(#name, x, sizes, axes, norm __VA_OPT__(, ) __VA_ARGS__);                          \
  }
TAPEHEAD_TRANSFORMS(fft_fftn, complex_transforms, false)
TAPEHEAD_TRANSFORMS(fft_ifftn, complex_transforms, true)
TAPEHEAD_TRANSFORMS(fft_rfftn, real_transforms)
TAPEHEAD_TRANSFORMS(fft_irfftn, to_real_transforms)
TAPEHEAD_TRANSFORMS(fft_fft2, complex_transforms, false)
TAPEHEAD_TRANSFORMS(fft_ifft2, complex_transforms, true)
TAPEHEAD_TRANSFORMS(fft_rfft2, real_transforms)
TAPEHEAD_TRANSFORMS(fft_irfft2, to_real_transforms)
#undef TAPEHEAD_TRANSFORMS

Tensor fft_fftshift(const Tensor& x, const Shape& axes) {
  return shifted("fft_fftshift", x, axes, false);
}
Tensor fft_ifftshift(const Tensor& x, const Shape& axes) {
  return shifted("fft_ifftshift", x, axes, true);
}

}  // namespace tapehead
