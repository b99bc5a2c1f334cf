#include "tapehead/core/windows.h"

#include <fmt/format.h>

#include <cmath>
#include <vector>

#include "tapehead/core/creation.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

void check_window(const char* op, int64_t n, DType dtype) {
  if (n < 0) throw ValueError(fmt::format("{}: n is {}; it must not be negative", op, n));
  if (!is_floating(dtype))
    throw DTypeError(
        fmt::format("{}: {} is not supported; use f32, f64, bf16 or f16", op, name(dtype)));
}

template <class F>
Tensor listed(const char* op, int64_t n, DType dtype, F f) {
  check_window(op, n, dtype);
  std::vector<double> values;
  for (int64_t j = 0; j < n; ++j) values.push_back(f(static_cast<double>(j)));
  return core::cast(from_vector(std::move(values)), dtype);
}

// f(j / N) for each j; a window of one element is 1.
template <class F>
Tensor window_of(const char* op, int64_t n, bool periodic, DType dtype, F f) {
  if (n == 1) return listed(op, n, dtype, [](double) { return 1; });
  const auto length = static_cast<double>(periodic ? n : n - 1);
  return listed(op, n, dtype, [=](double j) { return f(j / length); });
}

// The power series of the modified Bessel function, whose terms are all positive.
double bessel_i0(double x) {
  double sum = 1, term = 1;
  for (double k = 1; term > sum * 1e-17; ++k) {
    term *= x * x / (4 * k * k);
    sum += term;
  }
  return sum;
}

}  // namespace

Tensor hann_window(int64_t n, bool periodic, DType dtype) {
  return window_of("hann_window", n, periodic, dtype,
                   [](double t) { return 0.5 - 0.5 * std::cos(2 * M_PI * t); });
}
Tensor hamming_window(int64_t n, bool periodic, double alpha, double beta, DType dtype) {
  return window_of("hamming_window", n, periodic, dtype,
                   [=](double t) { return alpha - beta * std::cos(2 * M_PI * t); });
}
Tensor blackman_window(int64_t n, bool periodic, DType dtype) {
  return window_of("blackman_window", n, periodic, dtype, [](double t) {
    return 0.42 - 0.5 * std::cos(2 * M_PI * t) + 0.08 * std::cos(4 * M_PI * t);
  });
}
Tensor bartlett_window(int64_t n, bool periodic, DType dtype) {
  return window_of("bartlett_window", n, periodic, dtype,
                   [](double t) { return 1 - std::abs(2 * t - 1); });
}
Tensor kaiser_window(int64_t n, bool periodic, double beta, DType dtype) {
  return window_of("kaiser_window", n, periodic, dtype, [=](double t) {
    const double x = 2 * t - 1;
    return bessel_i0(beta * std::sqrt(std::max(1 - x * x, 0.0))) / bessel_i0(beta);
  });
}

Tensor fft_fftfreq(int64_t n, double d, DType dtype) {
  const auto size = static_cast<double>(n);
  return listed("fft_fftfreq", n, dtype,
                [=](double j) { return (2 * j < size ? j : j - size) / (size * d); });
}
Tensor fft_rfftfreq(int64_t n, double d, DType dtype) {
  check_window("fft_rfftfreq", n, dtype);
  const auto size = static_cast<double>(n);
  return listed("fft_rfftfreq", n / 2 + 1, dtype, [=](double j) { return j / (size * d); });
}

}  // namespace tapehead
