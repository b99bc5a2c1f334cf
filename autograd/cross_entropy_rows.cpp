#include "tapehead/autograd/detail/cross_entropy_rows.h"

#include <fmt/format.h>

#include <cmath>

#include "tapehead/core/error.h"
#include "tapehead/core/kernels/rows.h"

namespace tapehead::detail {

void check_smoothing(const char* op, double label_smoothing) {
  if (!(label_smoothing >= 0 && label_smoothing <= 1))
    throw ValueError(fmt::format("{}: label_smoothing = {} is outside 0..1", op, label_smoothing));
}

double CrossEntropyRows::loss(const char* row, int64_t i, Stats& stats) const {
  const ClassTargets& t = targets_;
  const kernels::RowKernels& kernel = kernels::rows(dtype_);
  kernel.exp_sum(row, t.classes(), &stats.largest, &stats.sum);
  const double log_sum = std::log(stats.sum);
  double loss = smoothing_.hit * t.weight(t.of(i)) *
                (log_sum + stats.largest - element_at(row, t.of(i), dtype_));
  if (smoothing_.rest != 0)
    loss +=
        smoothing_.rest_sum * log_sum +
        smoothing_.rest * kernel.weighted_distance(row, t.classes(), stats.largest, t.weights());
  return loss;
}

void CrossEntropyRows::gradient(const char* row, char* dx, int64_t i, double scale,
                                const Stats& stats) const {
  const ClassTargets& t = targets_;
  if (t.ignored(i)) return void(std::fill_n(dx, t.classes() * size_of(dtype_), 0));
  const double hit = smoothing_.hit * t.weight(t.of(i));
  const double factor = scale * (hit + smoothing_.rest_sum) / stats.sum;
  const double own = factor * std::exp(element_at(row, t.of(i), dtype_) - stats.largest);
  kernels::rows(dtype_).scaled_exp(row, dx, t.classes(), stats.largest, factor,
                                   scale * smoothing_.rest, t.weights());
  set_element(dx, t.of(i), dtype_, own - scale * (smoothing_.rest * t.weight(t.of(i)) + hit));
}

}  // namespace tapehead::detail
