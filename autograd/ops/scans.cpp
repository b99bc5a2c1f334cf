// cumsum, cumprod, logcumsumexp, cummax, cummin, diff, trapezoid, cumulative_trapezoid.
#include "tapehead/autograd/ops/scans.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/detail/axis_op.h"
#include "tapehead/autograd/detail/picked.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/scan.h"
#include "tapehead/core/detail/views.h"
#include "tapehead/core/error.h"
#include "tapehead/core/limits.h"

namespace tapehead {
namespace {

// x moved by one position along an axis, towards its end or its start; the free position is `fill`.
Tensor shifted(const Tensor& x, int axis, bool to_end, const Number& fill) {
  if (x.dim() == 0) return shifted(x.reshape({1}), 0, to_end, fill).reshape({});
  const int64_t n = x.shape()[axis];
  if (n == 0) return x;
  std::vector<int64_t> widths(static_cast<size_t>(2 * (x.dim() - axis)), 0);
  widths[widths.size() - (to_end ? 2 : 1)] = 1;
  return pad(to_end ? x.slice(axis, 0, n - 1) : x.slice(axis, 1, n), widths, fill);
}

// y[i] = x[i] + factors[i] y[i - 1], or y[i + 1] from the end. The gradients of scans are of this
// form, without divisions that would fail at zeros, and so are its own gradients.
struct LinearRecurrence : CustomOp {
  static constexpr const char* kName = "linear_recurrence";
  int axis = 0;
  bool from_end = false;
  Tensor forward(const Tensor& x, const Tensor& factors, int along, bool reverse) {
    axis = along, from_end = reverse;
    return save(core::linear_recurrence(x, save(factors), axis, from_end));
  }
  std::array<Tensor, 2> backward(const Tensor& dy) const {
    const Tensor dx =
        apply<LinearRecurrence>(dy, shifted(saved(0), axis, from_end, 0), axis, !from_end);
    return {dx, needs_grad(1) ? dx * shifted(saved(1), axis, !from_end, 0) : Tensor()};
  }
};

struct Cumsum : AxisOp {
  static constexpr const char* kName = "cumsum";
  int axis = 0;
  bool from_end = false;
  Tensor forward(const Tensor& x, int along, bool reverse) {
    axis = along, from_end = reverse;
    return core::scan(core::Scan::sum, x, axis, from_end);
  }
  Tensor backward(const Tensor& dy) const { return apply<Cumsum>(dy, axis, !from_end); }
};

// dx[i] is the product of the elements before i, times dy[i] + x[i + 1] (dy[i + 1] + x[i + 2] (…)).
struct Cumprod : AxisOp {
  static constexpr const char* kName = "cumprod";
  int axis = 0;
  bool from_end = false;
  Tensor forward(const Tensor& x, int along, bool reverse) {
    axis = along, from_end = reverse;
    return save(core::scan(core::Scan::product, save(x), axis, from_end));
  }
  Tensor backward(const Tensor& dy) const {
    const Tensor next = shifted(saved(0), axis, from_end, 0);
    return shifted(saved(1), axis, !from_end, 1) *
           apply<LinearRecurrence>(dy, next, axis, !from_end);
  }
};

// dx[i] is the sum of dy[j] exp(x[i] - y[j]) over j >= i: exp(x[i] - y[i]) times dy[i] +
// exp(y[i] - y[i + 1]) (dy[i + 1] + …), where no exponent is positive.
struct LogCumsumExp : AxisOp {
  static constexpr const char* kName = "logcumsumexp";
  int axis = 0;
  bool from_end = false;
  Tensor forward(const Tensor& x, int along, bool reverse) {
    axis = along, from_end = reverse;
    core::check_floating(kName, x);
    return save(core::scan(core::Scan::log_sum_exp, save(x), axis, from_end));
  }
  Tensor backward(const Tensor& dy) const {
    const Tensor x = saved(0), y = saved(1), next = shifted(y, axis, from_end, HUGE_VAL);
    const Tensor decay = exp(where(y == next, 0, y - next));
    const Tensor share = exp(where(x == -HUGE_VAL, -HUGE_VAL, x - y));
    return share * apply<LinearRecurrence>(dy, decay, axis, !from_end);
  }
};

template <class Op>
Tensor scan_of(const Tensor& x, int64_t axis, const ScanOptions& options, double identity) {
  const int along = normalize_axis(Op::kName, axis, x.dim());
  const Tensor y = apply<Op>(x, along, options.reverse);
  if (!options.exclusive) return y;
  if (is_floating(y.dtype())) return shifted(y, along, !options.reverse, identity);
  return shifted(y, along, !options.reverse, static_cast<int64_t>(identity));
}

ValuesAndIndices extremes_of(const char* op, const Tensor& x, int64_t axis,
                             const ScanOptions& options, bool largest) {
  const int along = normalize_axis(op, axis, x.dim());
  const auto [values, indices] =
      detail::picked(x, along, core::scan_extremes(x, along, largest, options.reverse));
  if (!options.exclusive) return {values, indices};
  const DType type = x.dtype();
  const Number first = is_floating(type) ? Number(largest ? -HUGE_VAL : HUGE_VAL)
                       : type == boolean ? Number(!largest)
                                         : Number(largest ? iinfo(type).min : iinfo(type).max);
  return {shifted(values, along, !options.reverse, first),
          shifted(indices, along, !options.reverse, -1)};
}

// The axis of samples, and the distances between them.
int axis_of_samples(const char* op, const Tensor& y, int64_t axis) {
  core::check_has_axes(op, y);
  return normalize_axis(op, axis, y.dim());
}
Tensor distances(const char* op, const Tensor& y, const Tensor& x, int axis) {
  const int64_t n = y.shape()[axis];
  if (x.dim() == 0 || (x.dim() == 1 && x.numel() != n))
    throw ShapeError(fmt::format("{}: x is {}, but y {} has {} samples along axis {}", op,
                                 x.shape().str(), y.shape().str(), n, axis));
  if (x.dim() > 1) {
    const int along = axis + x.dim() - y.dim();
    return along < 0 ? core::full({}, 0, x.dtype()) : diff(x, 1, along);
  }
  Shape column = Shape::filled(y.dim() - axis, 1);
  column[0] = n;
  return diff(x.reshape(column), 1, 0);
}

// Sums of neighbouring samples.
Tensor pairs_of(const Tensor& y, int axis) {
  const int64_t n = y.shape()[axis];
  return y.slice(axis, 1, n) + y.slice(axis, 0, std::max<int64_t>(n - 1, 0));
}

}  // namespace

Tensor cumsum(const Tensor& x, int64_t axis, const ScanOptions& options) {
  return scan_of<Cumsum>(x, axis, options, 0);
}
Tensor cumprod(const Tensor& x, int64_t axis, const ScanOptions& options) {
  return scan_of<Cumprod>(x, axis, options, 1);
}
Tensor logcumsumexp(const Tensor& x, int64_t axis, const ScanOptions& options) {
  return scan_of<LogCumsumExp>(x, axis, options, -HUGE_VAL);
}
ValuesAndIndices cummax(const Tensor& x, int64_t axis, const ScanOptions& options) {
  return extremes_of("cummax", x, axis, options, true);
}
ValuesAndIndices cummin(const Tensor& x, int64_t axis, const ScanOptions& options) {
  return extremes_of("cummin", x, axis, options, false);
}

Tensor diff(const Tensor& x, int64_t n, int64_t axis, const Tensor& prepend, const Tensor& append) {
  core::check_has_axes("diff", x);
  const int along = normalize_axis("diff", axis, x.dim());
  if (n < 0) throw ValueError(fmt::format("diff: n = {}; it must be at least 0", n));
  std::vector<Tensor> parts;
  for (const Tensor& part : {prepend, x, append})
    if (part.defined()) parts.push_back(part);
  Tensor y = parts.size() == 1 ? x : cat(parts, along);
  for (int64_t i = 0; i < n && y.shape()[along] > 0; ++i) {
    const int64_t size = y.shape()[along];
    const Tensor later = y.slice(along, 1, size), earlier = y.slice(along, 0, size - 1);
    y = y.dtype() == boolean ? later != earlier : later - earlier;
  }
  return y;
}

Tensor trapezoid(const Tensor& y, double dx, int64_t axis) {
  const int along = axis_of_samples("trapezoid", y, axis);
  const int64_t n = y.shape()[along];
  if (n == 0) return sum(core::floating(y), along);
  return (sum(y, along) - (y.select(along, 0) + y.select(along, n - 1)) * 0.5) * dx;
}

Tensor trapezoid(const Tensor& y, const Tensor& x, int64_t axis) {
  const int along = axis_of_samples("trapezoid", y, axis);
  return sum(distances("trapezoid", y, x, along) * pairs_of(y, along), along - y.dim()) / 2;
}

Tensor cumulative_trapezoid(const Tensor& y, double dx, int64_t axis) {
  const int along = axis_of_samples("cumulative_trapezoid", y, axis);
  return cumsum(pairs_of(y, along), along) * (dx / 2);
}

Tensor cumulative_trapezoid(const Tensor& y, const Tensor& x, int64_t axis) {
  const int along = axis_of_samples("cumulative_trapezoid", y, axis);
  const Tensor steps = distances("cumulative_trapezoid", y, x, along);
  return cumsum(steps * pairs_of(y, along), along - y.dim()) / 2;
}

}  // namespace tapehead
