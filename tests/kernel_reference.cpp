#include "tapehead/tests/kernel_reference.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace tapehead::kernels {
namespace {

constexpr Number kInf = std::numeric_limits<Number>::infinity();
constexpr Number kNan = std::numeric_limits<Number>::quiet_NaN();

bool is_pole(Number x) { return x <= 0 && x == std::floor(x); }

}  // namespace

// By bisection, of the function that is precise at the end: erf or erfc.
Number erfinv_reference(Number x) {
  const Number a = std::abs(x);
  if (!(a < 1)) return a == 1 ? x * kInf : kNan;
  if (x == 0) return x;
  Number low = 0, high = 10;
  for (int i = 0; i < 200; ++i) {
    const Number y = low > 0 ? std::sqrt(low * high) : std::ldexp(a, -1);
    if (y == low || y == high) break;
    const bool below = a < 0.5L ? std::erf(y) < a : std::erfc(y) > 1 - a;
    (below ? low : high) = y;
  }
  return std::copysign(low, x);
}

Number digamma_reference(Number x) {
  if (x == 0) return std::signbit(x) ? kInf : -kInf;
  if (is_pole(x)) return kNan;
  if (x < 0) return digamma_reference(1 - x) - M_PIl / std::tan(M_PIl * (x - std::round(x)));
  Number sum = 0;
  for (; x < 40; ++x) sum -= 1 / x;
  const Number w = 1 / (x * x);
  return sum + std::log(x) - 0.5L / x -
         w * (1 / 12.0L - w * (1 / 120.0L - w * (1 / 252.0L - w * (1 / 240.0L - w / 132))));
}

// The sum of (x + i)^-(n + 1), whose rest after many terms is an integral.
Number polygamma_reference(Number n, Number x) {
  const Number factor = (std::fmod(n, 2) == 0 ? -1 : 1) * std::tgamma(n + 1);
  if (is_pole(x)) return factor * kInf;
  if (x == kInf) return 0;
  const Number s = n + 1;
  const auto term = [&] {
    Number power = x;
    for (Number i = 1; i < s; ++i) power *= x;
    return 1 / power;
  };
  Number sum = 0;
  for (; x < 60; ++x) sum += term();
  const Number last = term(), w = 1 / (x * x);
  sum += last * (x / n + 0.5L +
                 s / x / 12 *
                     (1 - (s + 1) * (s + 2) * w / 60 *
                              (1 - (s + 3) * (s + 4) * w / 42 * (1 - (s + 5) * (s + 6) * w / 40))));
  return factor * sum;
}

Number sinc_reference(Number x) {
  if (x == 0) return 1;
  return std::sin(M_PIl * (x - 2 * std::round(x / 2))) / (M_PIl * x);
}

Number sinc_slope_reference(Number x) {
  if (std::abs(x) < 1e-3L) return -M_PIl * M_PIl * x / 3 * (1 - M_PIl * M_PIl * x * x / 10);
  return (std::cos(M_PIl * (x - 2 * std::round(x / 2))) - sinc_reference(x)) / x;
}

Number logit_reference(Number x, Number eps) {
  const Number z = std::min(std::max(x, eps), 1 - eps);
  return std::log(z / (1 - z));
}

Number mish_slope_reference(Number x) {
  const Number t = std::tanh(std::log1p(std::exp(x)));
  return t + x * (1 - t * t) / (1 + std::exp(-x));
}

Number gelu_tanh_gradient(Number dy, Number x) {
  const Number a = 2 * std::sqrt(2 / M_PIl);
  const Number s = 1 / (1 + std::exp(-a * (x + 0.044715L * x * x * x)));
  return dy * (s + x * s * (1 - s) * a * (1 + 3 * 0.044715L * x * x));
}

}  // namespace tapehead::kernels
