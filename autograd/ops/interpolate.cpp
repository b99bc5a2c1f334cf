#include "tapehead/autograd/ops/interpolate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tapehead/autograd/detail/sum_taps.h"
#include "tapehead/autograd/ops/pooling.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

using ResizeMode = InterpolateMode;
using core::AxisTaps;

// How one axis is resized.
struct ResizedAxis {
  int64_t size, result;
  double step;  // between results, in elements of x, unless align_corners
};

bool is_nearest(ResizeMode mode) {
  return mode == ResizeMode::nearest || mode == ResizeMode::nearest_exact;
}
bool is_linear(ResizeMode mode) {
  return mode == ResizeMode::linear || mode == ResizeMode::bilinear ||
         mode == ResizeMode::trilinear;
}
const char* name_of(ResizeMode mode) {
  constexpr const char* kNames[] = {"nearest", "nearest_exact", "linear", "bilinear",
                                    "bicubic", "trilinear",     "area",   "lanczos"};
  return kNames[static_cast<int>(mode)];
}

// In float, as in PyTorch, whose indices depend on its rounding.
AxisTaps nearest_taps(const ResizedAxis& a, bool exact) {
  AxisTaps taps;
  const auto step = static_cast<float>(a.step);
  for (int64_t i = 0; i < a.result; ++i, taps.end()) {
    const float position = (static_cast<float>(i) + (exact ? 0.5F : 0.0F)) * step;
    taps.add(std::min(static_cast<int64_t>(std::floor(position)), a.size - 1), 1);
  }
  return taps;
}

// The position of result i in x.
double position_of(const ResizedAxis& a, bool align_corners, int64_t i) {
  const auto at = static_cast<double>(i);
  if (!align_corners) return a.step * (at + 0.5) - 0.5;
  return a.result > 1 ? at * static_cast<double>(a.size - 1) / static_cast<double>(a.result - 1)
                      : 0;
}

AxisTaps linear_taps(const ResizedAxis& a, bool align_corners) {
  AxisTaps taps;
  for (int64_t i = 0; i < a.result; ++i, taps.end()) {
    double at = std::max(0.0, position_of(a, align_corners, i));
    if (a.result == a.size) at = static_cast<double>(i);
    const int64_t low = std::min(static_cast<int64_t>(at), a.size - 1);
    const double t = std::min(at - static_cast<double>(low), 1.0);
    if (t == 0 || low + 1 == a.size) taps.add(low, 1);
    else taps.add(low, 1 - t), taps.add(low + 1, t);
  }
  return taps;
}

AxisTaps cubic_taps(const ResizedAxis& a, bool align_corners) {
  AxisTaps taps;
  for (int64_t i = 0; i < a.result; ++i, taps.end()) {
    const double at = position_of(a, align_corners, i), low = std::floor(at);
    for (int64_t k = -1; k < 3; ++k)
      taps.add(std::clamp<int64_t>(static_cast<int64_t>(low) + k, 0, a.size - 1),
               core::cubic_convolution(at - low - static_cast<double>(k), -0.75));
  }
  return taps;
}

core::ResizeFilter filter_of(ResizeMode mode) {
  if (mode == ResizeMode::bicubic) return core::ResizeFilter::bicubic;
  return mode == ResizeMode::lanczos ? core::ResizeFilter::lanczos : core::ResizeFilter::bilinear;
}

AxisTaps filter_taps(const ResizedAxis& a, const InterpolateFuncOptions& o) {
  const double step = !o.align_corners ? a.step
                      : a.result > 1
                          ? static_cast<double>(a.size - 1) / static_cast<double>(a.result - 1)
                          : 0;
  return core::resize_taps(filter_of(o.mode), 0, a.size, a.result, step);
}

AxisTaps taps_of(const ResizedAxis& axis, const InterpolateFuncOptions& o) {
  if (is_nearest(o.mode)) return nearest_taps(axis, o.mode == ResizeMode::nearest_exact);
  if (o.antialias) return filter_taps(axis, o);
  return is_linear(o.mode) ? linear_taps(axis, o.align_corners) : cubic_taps(axis, o.align_corners);
}

void check_mode(const Tensor& x, const InterpolateFuncOptions& o) {
  core::check_floating("interpolate", x);
  if (x.dim() < 3 || x.dim() > 5)
    throw ShapeError(
        fmt::format("interpolate: x is {}; expected [B, C, L], [B, C, H, W] or [B, C, D, H, W]",
                    x.shape().str()));
  const int axes = o.mode == ResizeMode::linear ? 1 : o.mode == ResizeMode::trilinear ? 3 : 2;
  const bool any = is_nearest(o.mode) || o.mode == ResizeMode::area;
  if (!any && x.dim() != axes + 2)
    throw ShapeError(fmt::format("interpolate: x is {}; {} resizes the last {} of {} axes",
                                 x.shape().str(), name_of(o.mode), axes, axes + 2));
  if (o.align_corners && (any || o.mode == ResizeMode::lanczos))
    throw ValueError(fmt::format("interpolate: {} has no align_corners", name_of(o.mode)));
  const bool filters = o.mode == ResizeMode::bilinear || o.mode == ResizeMode::bicubic ||
                       o.mode == ResizeMode::lanczos;
  if (o.antialias && !filters)
    throw ValueError(fmt::format(
        "interpolate: {} has no antialias; use bilinear, bicubic or lanczos", name_of(o.mode)));
  if (o.mode == ResizeMode::lanczos && !o.antialias)
    throw ValueError("interpolate: lanczos needs antialias = true");
}

constexpr double kMaxSize = 0x1p53;

std::vector<ResizedAxis> resized_axes(const Tensor& x, const InterpolateFuncOptions& o) {
  const auto axes = static_cast<size_t>(x.dim() - 2);
  if (o.size.empty() == o.scale_factor.empty())
    throw ValueError("interpolate: pass either a size or a scale_factor");
  if (o.recompute_scale_factor && o.scale_factor.empty())
    throw ValueError("interpolate: recompute_scale_factor needs a scale_factor");
  const size_t given = std::max(o.size.size(), o.scale_factor.size());
  if (given != 1 && given != axes)
    throw ShapeError(
        fmt::format("interpolate: {} {} for x {}; pass one for each of the last {} "
                    "axes, or one for all",
                    given, o.size.empty() ? "scale factors" : "sizes", x.shape().str(), axes));
  std::vector<ResizedAxis> resized;
  for (size_t i = 0; i < axes; ++i) {
    const size_t at = given == 1 ? 0 : i;
    const int64_t size = x.size(static_cast<int64_t>(i) + 2);
    const double factor = o.size.empty() ? o.scale_factor[at] : 0;
    const double result = o.size.empty() ? std::floor(static_cast<double>(size) * factor)
                                         : static_cast<double>(o.size[at]);
    const bool positive = size >= 1 && result >= 1;
    if (!positive || !(result < kMaxSize))
      throw ValueError(
          fmt::format("interpolate: size({}) of x {} would become {}; sizes must be {}", i + 2,
                      x.shape().str(), result, positive ? "below 2^53" : "at least 1"));
    const bool by_factor = factor > 0 && !o.recompute_scale_factor;
    resized.push_back({size, static_cast<int64_t>(result),
                       by_factor ? 1 / factor : static_cast<double>(size) / result});
  }
  return resized;
}

Tensor area_means(const Tensor& x, const std::vector<ResizedAxis>& axes) {
  const int64_t first = axes[0].result, last = axes.back().result;
  if (axes.size() == 1) return adaptive_avg_pool1d(x, first);
  if (axes.size() == 2) return adaptive_avg_pool2d(x, {first, last});
  return adaptive_avg_pool3d(x, {first, axes[1].result, last});
}

}  // namespace

Tensor interpolate(const Tensor& x, const InterpolateFuncOptions& options) {
  check_mode(x, options);
  const std::vector<ResizedAxis> axes = resized_axes(x, options);
  if (options.mode == ResizeMode::area) return area_means(x, axes);
  std::vector<AxisTaps> taps;
  for (size_t i = 0; i < axes.size(); ++i) {
    taps.push_back(taps_of(axes[i], options));
    taps.back().axis = static_cast<int>(i) + 2, taps.back().size = axes[i].size;
  }
  return detail::sum_taps(x, std::move(taps));
}

}  // namespace tapehead
