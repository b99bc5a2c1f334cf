// matrix_power, linalg_matrix_exp.
#include <algorithm>
#include <array>
#include <cmath>

#include "tapehead/autograd/autocast.h"
#include "tapehead/autograd/detail/linalg.h"
#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/detail/lapack.h"

namespace tapehead {

Tensor matrix_power(const Tensor& given, int64_t n) {
  const Tensor x = detail::checked_square("matrix_power", given);
  if (n == 0)  // tracked, with a gradient of 0
    return masked_fill(x, core::full({}, true, boolean), 0) + eye(x.size(-1), x.dtype());
  Tensor power = n < 0 ? linalg_inv(x) : x.clone(), out;
  for (uint64_t left = n < 0 ? -static_cast<uint64_t>(n) : static_cast<uint64_t>(n); left > 0;) {
    if (left & 1) out = out.defined() ? matmul(out, power) : power;
    left >>= 1;
    if (left > 0) power = matmul(power, power);
  }
  return out;
}

Tensor linalg_matrix_exp(const Tensor& given) {
  constexpr const char* kName = "linalg_matrix_exp";
  // Coefficients of the Padé approximant of order 13, and the 1-norm up to which it is exact to
  // double precision.
  constexpr std::array<double, 14> kB{64764752532480000,
                                      32382376266240000,
                                      7771770303897600,
                                      1187353796428800,
                                      129060195264000,
                                      10559470521600,
                                      670442572800,
                                      33522128640,
                                      1323241920,
                                      40840800,
                                      960960,
                                      16380,
                                      182,
                                      1};
  constexpr double kExact = 5.371920351148152;
  const Tensor x = detail::checked_square(kName, given);
  const AutocastMode off(bf16, false);
  if (x.numel() == 0) return x.clone();
  core::lapack::check_finite(kName, x.detach());
  const double largest = amax(linalg_matrix_norm(x.detach(), 1)).item();
  const int halvings =
      largest > kExact ? static_cast<int>(std::ceil(std::log2(largest / kExact))) : 0;

  const Tensor a = x * std::ldexp(1, -halvings), a2 = matmul(a, a), a4 = matmul(a2, a2),
               a6 = matmul(a4, a2), one = eye(x.size(-1), x.dtype());
  // The terms of every second power, from kB[first].
  const auto terms = [&](size_t first) {
    const auto b = [&](size_t i) { return kB[first + i]; };
    return matmul(a6, b(12) * a6 + b(10) * a4 + b(8) * a2) + b(6) * a6 + b(4) * a4 + b(2) * a2 +
           b(0) * one;
  };
  const Tensor odd = matmul(a, terms(1)), even = terms(0);
  Tensor out = linalg_solve(even - odd, even + odd);
  for (int i = 0; i < halvings; ++i) out = matmul(out, out);
  return out;
}

}  // namespace tapehead
