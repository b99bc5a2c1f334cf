#include "tapehead/core/detail/norm.h"

#include <algorithm>

#include "tapehead/core/detail/ceil_div.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/reduce.h"
#include "tapehead/core/kernels/norm.h"
#include "tapehead/core/parallel.h"

namespace tapehead::core {
namespace {

constexpr int64_t kNormGrain = 1 << 14;  // elements that justify a thread

// Rows per task. The tasks' gradients of weight and bias are added one by one, so there must not be
// too many tasks for precision, nor too few for speed.
int64_t rows_at_once(int64_t n) {
  return std::clamp<int64_t>(kNormGrain / std::max<int64_t>(n, 1), 16, 64);
}

char* raw_or_null(const Tensor& t) { return t.defined() ? t.raw() : nullptr; }

}  // namespace

NormRows::NormRows(const Tensor& from, int64_t size, const Tensor& scale, bool without_mean)
    : rms(without_mean), rows(size == 0 ? 0 : from.numel() / size), n(size), x(contiguous(from)) {
  if (scale.defined()) weight = contiguous(cast(scale, wide()));
}

Tensor NormRows::forward(const Tensor& shift, double eps) {
  stats = empty({rows, 2}, wide());
  const Tensor y = empty_like(x);
  const Tensor bias = shift.defined() ? contiguous(cast(shift, wide())) : Tensor();
  const int64_t bytes = n * size_of(x.dtype()), kept = 2 * size_of(wide());
  parallel_range(rows, rows_at_once(n), [&](int64_t begin, int64_t end) {
    kernels::norm(x.dtype()).forward[rms](x.raw() + begin * bytes, raw_or_null(weight),
                                          raw_or_null(bias), y.raw() + begin * bytes,
                                          stats.raw() + begin * kept, end - begin, n, eps);
  });
  return y;
}

NormRows::Gradients NormRows::backward(const Tensor& arrived, bool of_x, bool of_weight,
                                       bool of_bias) const {
  Gradients out;
  const Tensor dy = contiguous(arrived);
  if (of_x) out.x = empty_like(x);
  const int64_t step = rows_at_once(n), tasks = ceil_div(rows, step);
  const Tensor dweight = of_weight ? core::full({tasks, n}, 0, wide()) : Tensor();
  const Tensor dbias = of_bias ? core::full({tasks, n}, 0, wide()) : Tensor();
  const int64_t bytes = n * size_of(x.dtype()), wide_bytes = n * size_of(wide());
  const auto part = [](const Tensor& t, int64_t at) {
    return t.defined() ? t.raw() + at : nullptr;
  };
  parallel_for(tasks, [&](int64_t task) {
    const int64_t first = task * step;
    kernels::norm(x.dtype()).backward[rms](
        x.raw() + first * bytes, raw_or_null(weight), dy.raw() + first * bytes,
        stats.raw() + first * 2 * size_of(wide()), part(out.x, first * bytes),
        part(dweight, task * wide_bytes), part(dbias, task * wide_bytes),
        std::min(step, rows - first), n);
  });
  if (of_weight) out.weight = reduce("layer_norm", kernels::Reduce::sum, dweight, 1, false);
  if (of_bias) out.bias = reduce("layer_norm", kernels::Reduce::sum, dbias, 1, false);
  return out;
}

}  // namespace tapehead::core
