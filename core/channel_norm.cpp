#include "tapehead/core/detail/channel_norm.h"

#include <algorithm>
#include <cmath>

#include "tapehead/core/kernels/channel_norm.h"
#include "tapehead/core/parallel.h"

namespace tapehead::core {
namespace {

constexpr int64_t kChannelGrain = 1 << 14;  // elements that justify a thread

// Calls f(sample, channel, position of its first element) in parallel.
template <class F>
void each_channel(const ChannelNorm& n, F f) {
  parallel_range(n.B * n.C, std::max<int64_t>(1, kChannelGrain / std::max<int64_t>(n.P, 1)),
                 [&](int64_t first, int64_t last) {
                   for (int64_t i = first; i < last; ++i) f(i / n.C, i % n.C, i * n.P);
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
  const Tensor means = empty({B, C}, f64), squares = empty({B, C}, f64);
  visit_wide(x.dtype(), [&]<class T>() {
    each_channel(*this, [&](int64_t b, int64_t c, int64_t at) {
      kernels::channel_norm<T>().moments(x.data<T>() + at, P, means.data<double>() + b * C + c,
                                         squares.data<double>() + b * C + c);
    });
  });
  double *m = mean.data<double>(), *v = var.data<double>();
  const int64_t channels = set_size() / P;
  const double parts = static_cast<double>(channels), size = static_cast<double>(P);
  for (int64_t b = 0; b < B; ++b)
    for (int64_t c = 0; c < C; ++c) m[set_of(b, c)] += means.data<double>()[b * C + c] / parts;
  for (int64_t b = 0; b < B; ++b)
    for (int64_t c = 0; c < C; ++c) {
      const int64_t set = set_of(b, c);
      const double d = means.data<double>()[b * C + c] - m[set];
      v[set] += (squares.data<double>()[b * C + c] / size + d * d) / parts;
    }
}

void ChannelNorm::set_rstd(double eps) {
  rstd = empty({sets()}, f64);
  for (int64_t i = 0; i < sets(); ++i)
    rstd.data<double>()[i] = 1 / std::sqrt(var.data<double>()[i] + eps);
}

Tensor ChannelNorm::forward(const Tensor& x, const Tensor& weight, const Tensor& bias) const {
  const Tensor y = empty_like(x);
  visit_wide(x.dtype(), [&]<class T>() {
    each_channel(*this, [&](int64_t b, int64_t c, int64_t at) {
      const int64_t set = set_of(b, c);
      const double factor = rstd.data<double>()[set] * weight_of<T>(weight, c);
      // What is lost of the mean by rounding it to T.
      const T level = static_cast<T>(mean.data<double>()[set]);
      const double lost = mean.data<double>()[set] - static_cast<double>(level);
      const double shift = bias.defined() ? static_cast<double>(bias.data<T>()[c]) : 0;
      kernels::channel_norm<T>().scale(x.data<T>() + at, P, level, static_cast<T>(factor),
                                       static_cast<T>(shift - lost * factor), y.data<T>() + at);
    });
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
  const Tensor sums = empty({B, C}, f64), products = empty({B, C}, f64);
  const Tensor of_dy = core::full({sets()}, 0, f64), of_product = core::full({sets()}, 0, f64);
  const double* r = rstd.data<double>();
  const double size = static_cast<double>(set_size());
  visit_wide(x.dtype(), [&]<class T>() {
    each_channel(*this, [&](int64_t b, int64_t c, int64_t at) {
      kernels::channel_norm<T>().sums(
          x.data<T>() + at, dy.data<T>() + at, P, static_cast<T>(mean.data<double>()[set_of(b, c)]),
          sums.data<double>() + b * C + c, products.data<double>() + b * C + c);
    });
    for (int64_t c = 0; c < C; ++c) {
      double dweight = 0, dbias = 0;
      for (int64_t b = 0; b < B; ++b) {
        const int64_t set = set_of(b, c), i = b * C + c;
        const double sum = sums.data<double>()[i], product = products.data<double>()[i];
        dbias += sum, dweight += product * r[set];
        of_dy.data<double>()[set] += weight_of<T>(weight, c) * sum / size;
        of_product.data<double>()[set] += weight_of<T>(weight, c) * product / size;
      }
      out.weight.data<T>()[c] = static_cast<T>(dweight);
      out.bias.data<T>()[c] = static_cast<T>(dbias);
    }
    if (!of_x) return;
    each_channel(*this, [&](int64_t b, int64_t c, int64_t at) {
      const int64_t set = set_of(b, c);
      const double along =
          of_input ? -r[set] * r[set] * r[set] * of_product.data<double>()[set] : 0;
      const double level = of_input ? -r[set] * of_dy.data<double>()[set] : 0;
      kernels::channel_norm<T>().input_gradient(
          x.data<T>() + at, dy.data<T>() + at, P, static_cast<T>(mean.data<double>()[set]),
          static_cast<T>(r[set] * weight_of<T>(weight, c)), static_cast<T>(along),
          static_cast<T>(level), out.x.data<T>() + at);
    });
  });
  return out;
}

}  // namespace tapehead::core
