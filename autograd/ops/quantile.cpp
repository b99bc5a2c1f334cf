// quantile, nanquantile.
#include <fmt/format.h>

#include "tapehead/autograd/autocast.h"
#include "tapehead/autograd/detail/picked.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/index.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

void check_quantiles(const char* op, const Tensor& q) {
  if (!is_floating(q.dtype()) && !core::is_number(q))
    throw DTypeError(
        fmt::format("{}: q is {}; it must be floating; convert with to(f32)", op, name(q.dtype())));
  if (q.dim() > 1)
    throw ShapeError(fmt::format("{}: q is {}; it must be a number or [Q]", op, core::describe(q)));
  const auto values = q.detach().to(f64).to_vector<double>();
  for (size_t i = 0; i < values.size(); ++i)
    if (!(values[i] >= 0 && values[i] <= 1))
      throw ValueError(fmt::format("{}: q{} = {} is outside 0..1", op,
                                   core::position(q.shape(), static_cast<int64_t>(i)), values[i]));
}

// The elements of sorted lines [..., n] at the positions [..., Q] along them.
Tensor interpolate_lines(const char* op, const Tensor& lines, const Tensor& positions,
                         std::string_view how) {
  const auto at = [&](const Tensor& position) { return gather(lines, -1, position.to(i64)); };
  if (how == "lower") return at(floor(positions));
  if (how == "higher") return at(ceil(positions));
  if (how == "nearest") return at(round(positions));
  if (how != "linear" && how != "midpoint")
    throw ValueError(
        fmt::format("{}: there is no interpolation \"{}\"; pass \"linear\", \"lower\", "
                    "\"higher\", \"nearest\" or \"midpoint\"",
                    op, how));
  const Tensor below = floor(positions).detach();
  const Tensor a = at(below), b = at(ceil(positions));
  return lerp(a, b, how == "linear" ? positions - below : core::full(a.shape(), 0.5, a.dtype()));
}

Tensor quantile_of(const char* op, const Tensor& x, const Tensor& q, std::optional<int64_t> axis,
                   bool keepdim, std::string_view how, bool skips_nan) {
  core::check_floating(op, x);
  check_quantiles(op, q);
  if (is_reduced_floating(x.dtype()))
    return quantile_of(op, x.to(f32), q, axis, keepdim, how, skips_nan)
        .to(detail::in_f32(x.dtype()));
  const int along = axis ? normalize_axis(op, *axis, x.dim()) : 0;
  detail::check_some(op, x, axis ? 1u << along : Axes({}).mask(op, x.dim()));
  const Tensor moved = axis && x.dim() > 0 ? movedim(x, along, -1) : x.reshape({-1});
  const Tensor lines = sort(moved).values;
  const Tensor wanted = core::is_number(q) ? core::full({}, q.item(), x.dtype()) : q.to(x.dtype());
  const auto last = static_cast<double>(lines.size(-1) - 1);
  Tensor positions;  // a NaN is the last of its line
  if (skips_nan) {
    const Tensor numbers = count_nonzero(logical_not(isnan(lines)), -1).to(x.dtype()).unsqueeze(-1);
    positions = wanted * clamp(numbers - 1, 0);
  } else {
    positions = where(isnan(lines.slice(-1, -1, lines.size(-1))), last, wanted * last);
  }
  Tensor out = interpolate_lines(op, lines, positions, how);
  out = q.dim() == 0 ? out.squeeze(-1) : movedim(out, -1, 0);
  if (!keepdim) return out;
  const int front = q.dim();
  if (axis) return x.dim() == 0 ? out : out.unsqueeze(along + front);
  for (int i = 0; i < x.dim(); ++i) out = out.unsqueeze(front);
  return out;
}

}  // namespace

Tensor quantile(const Tensor& x, const Tensor& q, std::optional<int64_t> axis, bool keepdim,
                std::string_view interpolation) {
  return quantile_of("quantile", x, q, axis, keepdim, interpolation, false);
}

Tensor nanquantile(const Tensor& x, const Tensor& q, std::optional<int64_t> axis, bool keepdim,
                   std::string_view interpolation) {
  return quantile_of("nanquantile", x, q, axis, keepdim, interpolation, true);
}

}  // namespace tapehead
