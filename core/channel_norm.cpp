#include "tapehead/core/detail/channel_norm.h"

#include <algorithm>
#include <cmath>

#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/kernels/channel_norm.h"
#include "tapehead/core/parallel.h"

namespace tapehead::core {
namespace {

constexpr int64_t kChannelGrain = 1 << 14;  // elements that justify a thread
constexpr int64_t kFewPositions = 16;       // rows of fewer elements are short
constexpr int64_t kStripOfColumns = 64;     // whose statistics are measured by one task

int64_t parts_per_task(int64_t elements) {
  return std::max<int64_t>(1, kChannelGrain / std::max<int64_t>(elements, 1));
}

// The parts of x whose statistics are measured separately: the channels of each sample, or, over
// the batch of channels with few elements, the columns of x as a matrix [B, C P].
struct Parts {
  const ChannelNorm& norm;
  bool columns;
  int64_t count, size;
  explicit Parts(const ChannelNorm& n)
      : norm(n),
        columns(n.groups == 0 && n.P < kFewPositions && n.B > 1),
        count(n.C * (columns ? n.P : n.B)),
        size(columns ? n.B : n.P) {}
  int64_t channel(int64_t i) const { return columns ? i / norm.P : i % norm.C; }
  int64_t set(int64_t i) const {
    return columns ? i / norm.P : norm.set_of(i / norm.C, i % norm.C);
  }
};

// Calls of_part(i) for parts that are rows, or of_columns(first, n) for strips of columns.
template <class F, class G>
void measure_parts(const Parts& p, F of_part, G of_columns) {
  if (p.columns)
    return parallel_range(p.count, kStripOfColumns,
                          [&](int64_t first, int64_t last) { of_columns(first, last - first); });
  parallel_range(p.count, parts_per_task(p.size), [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) of_part(i);
  });
}

// What a result is computed with, one number for each part.
template <class T>
struct PartNumbers {
  Tensor room;
  T *mean, *factor, *shift, *of_x;
  explicit PartNumbers(int64_t parts)
      : room(empty({4, parts}, dtype_of<T>())),
        mean(room.data<T>()),
        factor(mean + parts),
        shift(factor + parts),
        of_x(shift + parts) {}
  kernels::ColumnNumbers<T> columns() const { return {mean, factor, shift, of_x}; }
};

// Calls set(i) for each part, and of_part(i, its first element) if parts are rows, or
// of_row(the first element of a row of columns).
template <class S, class F, class G>
void compute_parts(const Parts& p, S set, F of_part, G of_row) {
  if (p.columns) {
    for (int64_t i = 0; i < p.count; ++i) set(i);
    return parallel_range(p.size, parts_per_task(p.count), [&](int64_t first, int64_t last) {
      for (int64_t row = first; row < last; ++row) of_row(row * p.count);
    });
  }
  parallel_range(p.count, parts_per_task(p.size), [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) set(i), of_part(i, i * p.size);
  });
}

template <class T>
double weight_of(const Tensor& weight, int64_t channel) {
  return weight.defined() ? static_cast<double>(weight.data<T>()[channel]) : 1;
}

}  // namespace

void ChannelNorm::measure(const Tensor& x) {
  mean = core::full({sets()}, 0, f64), var = core::full({sets()}, 0, f64);
  if (x.numel() == 0) return;
  const Parts parts(*this);
  const Tensor means = empty({parts.count}, f64), squares = empty({parts.count}, f64);
  double *mean_of = means.data<double>(), *squares_of = squares.data<double>();
  visit_wide(x.dtype(), [&]<class T>() {
    const T* from = x.data<T>();
    const auto& kernel = kernels::channel_norm<T>();
    measure_parts(
        parts,
        [&](int64_t i) {
          kernel.moments(from + i * parts.size, parts.size, mean_of + i, squares_of + i);
        },
        [&](int64_t first, int64_t n) {
          kernel.column_moments(from + first, parts.size, parts.count, n, mean_of + first,
                                squares_of + first);
        });
  });
  double *m = mean.data<double>(), *v = var.data<double>();
  const int64_t parts_of_set = set_size() / parts.size;
  const auto in_set = static_cast<double>(parts_of_set);
  const double size = static_cast<double>(parts.size);
  for (int64_t i = 0; i < parts.count; ++i) m[parts.set(i)] += mean_of[i] / in_set;
  for (int64_t i = 0; i < parts.count; ++i) {
    const double d = mean_of[i] - m[parts.set(i)];
    v[parts.set(i)] += (squares_of[i] / size + d * d) / in_set;
  }
}

void ChannelNorm::set_rstd(double eps) {
  rstd = empty({sets()}, f64);
  for (int64_t i = 0; i < sets(); ++i)
    rstd.data<double>()[i] = 1 / std::sqrt(var.data<double>()[i] + eps);
}

Tensor ChannelNorm::forward(const Tensor& x, const Tensor& weight, const Tensor& bias) const {
  const Tensor y = empty_like(x);
  if (x.numel() == 0) return y;
  const Parts parts(*this);
  const double *m = mean.data<double>(), *r = rstd.data<double>();
  visit_wide(x.dtype(), [&]<class T>() {
    const PartNumbers<T> of(parts.count);
    const T* from = x.data<T>();
    T* to = y.data<T>();
    const auto& kernel = kernels::channel_norm<T>();
    compute_parts(
        parts,
        [&](int64_t i) {
          const int64_t set = parts.set(i), c = parts.channel(i);
          const double factor = r[set] * weight_of<T>(weight, c);
          const double shift = bias.defined() ? static_cast<double>(bias.data<T>()[c]) : 0;
          // What is lost of the mean by rounding it to T.
          const double lost = m[set] - static_cast<double>(static_cast<T>(m[set]));
          of.mean[i] = static_cast<T>(m[set]);
          of.factor[i] = static_cast<T>(factor);
          of.shift[i] = static_cast<T>(shift - lost * factor);
        },
        [&](int64_t i, int64_t at) {
          kernel.scale(from + at, parts.size, of.mean[i], of.factor[i], of.shift[i], to + at);
        },
        [&](int64_t at) { kernel.scale_row(from + at, parts.count, of.columns(), to + at); });
  });
  return y;
}

// With g = dy weight and z = (x - mean) rstd: dx = rstd (g - mean(g) - z mean(g z)), where the
// means are 0 if those of x are constants.
ChannelNorm::Gradients ChannelNorm::backward(const Tensor& x, const Tensor& weight,
                                             const Tensor& dy, bool of_x) const {
  Gradients out{of_x ? empty_like(x) : Tensor(), core::full({C}, 0, x.dtype()),
                core::full({C}, 0, x.dtype())};
  if (x.numel() == 0) return out;
  const Parts parts(*this);
  const Tensor sums = empty({parts.count}, f64), products = empty({parts.count}, f64);
  const Tensor of_dy = core::full({sets()}, 0, f64), of_product = core::full({sets()}, 0, f64);
  const Tensor dweight = core::full({C}, 0, f64), dbias = core::full({C}, 0, f64);
  double *sum = sums.data<double>(), *product = products.data<double>();
  const double *m = mean.data<double>(), *r = rstd.data<double>();
  const double size = static_cast<double>(set_size());
  visit_wide(x.dtype(), [&]<class T>() {
    const PartNumbers<T> of(parts.count);
    const T *from = x.data<T>(), *d = dy.data<T>();
    const auto& kernel = kernels::channel_norm<T>();
    for (int64_t i = 0; i < parts.count; ++i) of.mean[i] = static_cast<T>(m[parts.set(i)]);
    measure_parts(
        parts,
        [&](int64_t i) {
          const int64_t at = i * parts.size;
          kernel.sums(from + at, d + at, parts.size, of.mean[i], sum + i, product + i);
        },
        [&](int64_t first, int64_t n) {
          kernel.column_sums(from + first, d + first, parts.size, parts.count, n, of.mean + first,
                             sum + first, product + first);
        });
    for (int64_t i = 0; i < parts.count; ++i) {
      const int64_t set = parts.set(i), c = parts.channel(i);
      dbias.data<double>()[c] += sum[i], dweight.data<double>()[c] += product[i] * r[set];
      of_dy.data<double>()[set] += weight_of<T>(weight, c) * sum[i] / size;
      of_product.data<double>()[set] += weight_of<T>(weight, c) * product[i] / size;
    }
    copy_into(out.weight, dweight), copy_into(out.bias, dbias);
    if (!of_x) return;
    T* to = out.x.data<T>();
    compute_parts(
        parts,
        [&](int64_t i) {
          const int64_t set = parts.set(i);
          const double along =
              of_input ? -r[set] * r[set] * r[set] * of_product.data<double>()[set] : 0;
          const double level = of_input ? -r[set] * of_dy.data<double>()[set] : 0;
          of.factor[i] = static_cast<T>(r[set] * weight_of<T>(weight, parts.channel(i)));
          of.of_x[i] = static_cast<T>(along);
          of.shift[i] = static_cast<T>(level);
        },
        [&](int64_t i, int64_t at) {
          kernel.input_gradient(from + at, d + at, parts.size, of.mean[i], of.factor[i], of.of_x[i],
                                of.shift[i], to + at);
        },
        [&](int64_t at) {
          kernel.row_gradient(from + at, d + at, parts.count, of.columns(), to + at);
        });
  });
  return out;
}

}  // namespace tapehead::core
