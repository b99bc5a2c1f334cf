#include "tapehead/autograd/rotary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <mutex>
#include <vector>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/autograd/ops/rotary_kernel.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"
#include "tapehead/core/kernels/loop.h"
#include "tapehead/core/parallel.h"

namespace tapehead {
namespace {

constexpr int64_t kGrain = 1 << 14;  // elements that justify a thread

// Operands are contiguous.
void rotate(const Tensor& x, const Tensor& cosines, const Tensor& sines, bool interleaved,
            const Tensor& out) {
  const int64_t T = x.size(-2), D = x.size(-1), R = cosines.size(1);
  const int64_t rows = D > 0 ? x.numel() / D : 0;
  const int64_t bytes = size_of(x.dtype()), angle = size_of(cosines.dtype());
  const auto kernel = kernels::rotary(x.dtype()).rotate;
  core::parallel_range(rows, std::max<int64_t>(1, kGrain / std::max<int64_t>(D, 1)),
                       [&](int64_t first, int64_t last) {
                         for (int64_t row = first; row < last; ++row) {
                           const char* from = x.raw() + row * D * bytes;
                           char* to = out.raw() + row * D * bytes;
                           const int64_t at = row % T * R * angle;
                           kernel(from, cosines.raw() + at, sines.raw() + at, to, R, interleaved);
                           std::memcpy(to + 2 * R * bytes, from + 2 * R * bytes,
                                       static_cast<size_t>((D - 2 * R) * bytes));
                         }
                       });
}

struct Rotate : CustomOp {
  static constexpr const char* kName = "rotate_pairs";
  bool interleaved = false;

  Tensor forward(const Tensor& x, const Tensor& c, const Tensor& s, bool pairs) {
    interleaved = pairs;
    save(x), save(c), save(s);
    const Tensor from = core::contiguous(x);
    Tensor out = core::empty_like(from);
    rotate(from, c, s, interleaved, out);
    return out;
  }
  std::array<Tensor, 3> backward(const Tensor& dy) const {
    const Tensor x = saved(0), c = saved(1), s = saved(2);
    std::array<Tensor, 3> out;
    if (needs_grad(0)) out[0] = rotate_pairs(dy, c, -s, interleaved);
    if (!needs_grad(1) && !needs_grad(2)) return out;
    const auto [a, b] = pairs_of(x, c.size(1));
    const auto [da, db] = pairs_of(dy, c.size(1));
    out[1] = sum_to(da * a + db * b, c.shape());
    out[2] = sum_to(db * a - da * b, s.shape());
    return out;
  }

 private:
  std::array<Tensor, 2> pairs_of(const Tensor& x, int64_t R) const {
    if (interleaved) return {x.slice(-1, {0, 2 * R, 2}), x.slice(-1, {1, 2 * R, 2})};
    return {x.slice(-1, 0, R), x.slice(-1, R, 2 * R)};
  }
};

// The rotation angle of each pair per position.
std::vector<double> frequencies_of(const RopeOptions& o) {
  std::vector<double> out;
  const double dim = static_cast<double>(o.dim);
  const auto length = static_cast<double>(o.scaling.original_length);
  // The (fractional) index of the pair that makes `rotations` turns within the original length.
  const auto pair_of = [&](double rotations) {
    return dim * std::log(length / (rotations * 2 * M_PI)) / (2 * std::log(o.base));
  };
  for (int64_t i = 0; i < o.dim / 2; ++i) {
    const double plain = std::pow(o.base, -2.0 * static_cast<double>(i) / dim);
    const double slow = plain / o.scaling.factor;
    double keep = 1;  // weight of the unscaled frequency
    if (o.scaling.kind == RopeScaling::linear) {
      keep = 0;
    } else if (o.scaling.kind == RopeScaling::llama3) {
      const double turns = length * plain / (2 * M_PI);
      keep =
          (turns - o.scaling.low_frequency) / (o.scaling.high_frequency - o.scaling.low_frequency);
    } else if (o.scaling.kind == RopeScaling::yarn) {
      const double low = std::max(std::floor(pair_of(o.scaling.beta_fast)), 0.0);
      const double high = std::min(std::ceil(pair_of(o.scaling.beta_slow)), dim - 1);
      keep = 1 - (static_cast<double>(i) - low) / std::max(high - low, 0.001);
    }
    keep = std::clamp(keep, 0.0, 1.0);
    out.push_back(keep * plain + (1 - keep) * slow);
  }
  return out;
}

}  // namespace

// Cached cosines and sines of the positions used so far.
struct Rope::Tables {
  RopeOptions options;
  std::vector<double> frequencies;
  double scale = 1;  // yarn's attention factor
  std::mutex mutex;
  int64_t length = 0;
  Tensor cosines[2], sines[2];  // f32, f64

  // The tables in a dtype, for at least `positions`.
  std::pair<Tensor, Tensor> get(int64_t positions, DType dtype) {
    const std::lock_guard lock(mutex);
    if (positions > length || length == 0)
      extend(std::max(positions, std::max<int64_t>(64, 2 * length)));
    const int which = dtype == f64;
    return {cosines[which], sines[which]};
  }
  void extend(int64_t positions) {
    const auto R = static_cast<int64_t>(frequencies.size());
    const Tensor c = core::empty({positions, R}, f64), s = core::empty({positions, R}, f64);
    for (int64_t p = 0; p < positions; ++p)
      for (int64_t i = 0; i < R; ++i) {
        const double angle = static_cast<double>(p) * frequencies[static_cast<size_t>(i)];
        c.data<double>()[p * R + i] = scale * std::cos(angle);
        s.data<double>()[p * R + i] = scale * std::sin(angle);
      }
    cosines[1] = c, sines[1] = s;
    cosines[0] = core::cast(c, f32), sines[0] = core::cast(s, f32);
    length = positions;
  }
};

Rope::Rope(const RopeOptions& options) : tables_(std::make_shared<Tables>()) {
  if (options.dim < 2 || options.dim % 2 != 0)
    throw ValueError(fmt::format("rope: dim is {}; it must be positive and even", options.dim));
  if (!(options.base > 0) || !(options.scaling.factor > 0))
    throw ValueError(fmt::format("rope: base is {} and factor {}; both must be positive",
                                 options.base, options.scaling.factor));
  tables_->options = options;
  tables_->frequencies = frequencies_of(options);
  if (options.scaling.kind == RopeScaling::yarn)
    tables_->scale = options.scaling.magnitude.value_or(
        0.1 * std::log(std::max(options.scaling.factor, 1.0)) + 1);
}

const RopeOptions& Rope::options() const { return tables_->options; }

Tensor Rope::operator()(const Tensor& x, int64_t start) const {
  if (start < 0)
    throw ValueError(fmt::format("rope: the first position is {}; it must not be negative", start));
  const int64_t T = x.dim() < 2 ? 0 : x.size(-2);
  const auto [c, s] = tables_->get(start + T, x.dtype());
  return rotate_pairs(x, core::view_of(c, {T, c.size(1)}, c.strides(), start * c.size(1)),
                      core::view_of(s, {T, s.size(1)}, s.strides(), start * s.size(1)),
                      tables_->options.interleaved);
}

Tensor Rope::operator()(const Tensor& x, const Tensor& positions) const {
  if (x.dim() < 2 || positions.dtype() != i64 || positions.shape() != Shape{x.size(-2)})
    throw ShapeError(fmt::format("rope: positions are {} for x {}; expected i64 [T]",
                                 core::describe(positions), x.shape().str()));
  const auto [cosines, sines] = [&] {
    const NoGradGuard off;
    const int64_t last = positions.numel() > 0 ? static_cast<int64_t>(max(positions).item()) : 0;
    const auto [c, s] = tables_->get(last + 1, x.dtype());
    return std::pair(index_select(c, 0, positions), index_select(s, 0, positions));
  }();
  return rotate_pairs(x, cosines, sines, tables_->options.interleaved);
}

Tensor rotate_pairs(const Tensor& x, const Tensor& cosines, const Tensor& sines, bool interleaved) {
  const bool fits = x.dim() >= 2 && cosines.dim() == 2 && cosines.shape() == sines.shape() &&
                    cosines.size(0) == x.size(-2) && 2 * cosines.size(1) <= x.size(-1);
  if (!fits)
    throw ShapeError(fmt::format(
        "rotate_pairs: x is {}, cosines are {}, sines {}; expected [..., T, D] and twice [T, R] "
        "with 2 R <= D",
        x.shape().str(), cosines.shape().str(), sines.shape().str()));
  core::check_floating("rotate_pairs", x);
  const DType wide = wide_type(x.dtype());
  return apply<Rotate>(x.to(kernels::kernel_type(x.dtype())), cosines.to(wide).contiguous(),
                       sines.to(wide).contiguous(), interleaved)
      .to(x.dtype());
}

}  // namespace tapehead
