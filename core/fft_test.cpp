#include "tapehead/core/detail/fft.h"

#include <doctest/doctest.h>

#include <cmath>
#include <complex>
#include <vector>

#include "tapehead/core/creation.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/parallel.h"

namespace tapehead::fft_test {
namespace {

using Complex = std::complex<double>;

std::vector<Complex> pairs(const Tensor& x) {
  const std::vector<double> v = x.to_vector<double>();
  std::vector<Complex> out;
  for (size_t i = 0; i < v.size(); i += 2) out.emplace_back(v[i], v[i + 1]);
  return out;
}

// The largest distance of y [B, K, inner, 2] from the sums over x [B, n, inner, 2] for each k < K.
double distance_from_sums(const Tensor& x, const Tensor& y, bool inverse) {
  const int64_t B = x.size(0), n = x.size(1), K = y.size(1), inner = x.size(2);
  const std::vector<Complex> in = pairs(x), out = pairs(y);
  double worst = 0;
  for (int64_t b = 0; b < B; ++b)
    for (int64_t i = 0; i < inner; ++i)
      for (int64_t k = 0; k < K; ++k) {
        Complex sum = 0;
        for (int64_t j = 0; j < n; ++j) {
          const double angle = 2 * M_PI * static_cast<double>(j * k % n) / static_cast<double>(n);
          sum += in[static_cast<size_t>((b * n + j) * inner + i)] *
                 std::polar(1.0, inverse ? angle : -angle);
        }
        worst = std::max(worst, std::abs(sum - out[static_cast<size_t>((b * K + k) * inner + i)]));
      }
  return worst;
}

Tensor with_zeros(const Tensor& x) {
  Shape shape = x.shape();
  shape.push_back(2);
  const Tensor out = zeros(shape, x.dtype());
  core::copy_into(
      core::view_of(out, x.shape(), {2 * x.shape()[1] * x.shape()[2], 2 * x.shape()[2], 2}, 0), x);
  return out;
}

}  // namespace

// Every radix, products of them, and primes.
TEST_CASE("transforms of any length are the sums that define them") {
  Generator g{1, 0};
  std::vector<int64_t> lengths{48, 49, 61, 64, 67, 100, 122, 128, 134, 225};
  for (int64_t n = 1; n <= 31; ++n) lengths.push_back(n);
  for (const int64_t n : lengths) {
    CAPTURE(n);
    const double bound = 1e-14 * static_cast<double>(n + 10);
    const int64_t inner = n == 31 ? 35 : 3;  // more rows than are read together, or fewer
    const Tensor x = randn({2, n, inner, 2}, f64, g);
    for (const bool inverse : {false, true})
      CHECK(distance_from_sums(x, core::dft(x, 1, inverse, 1), inverse) < bound);
    const Tensor r = randn({1, n, 3}, f64, g), half = core::real_dft(r, 1, 1);
    REQUIRE(half.shape() == Shape{1, n / 2 + 1, 3, 2});
    CHECK(distance_from_sums(with_zeros(r), half, false) < bound);
    const std::vector<double> back =
        core::inverse_real_dft(half, 1, n, 1 / static_cast<double>(n)).to_vector<double>();
    for (size_t i = 0; i < back.size(); ++i) CHECK(std::abs(back[i] - r.data<double>()[i]) < 1e-13);
  }
}

TEST_CASE("transforms in f32 are those in f64, of many rows and long ones, on any threads") {
  Generator g{2, 0};
  const int threads = num_threads();
  for (const Shape& shape : {Shape{50, 360, 1, 2}, Shape{5, 64, 37, 2}, Shape{2, 40000, 1, 2}}) {
    const Tensor x = randn(shape, f32, g), wide = core::dft(core::cast(x, f64), 1, false, 0.5);
    set_num_threads(1);
    const Tensor y = core::dft(x, 1, false, 0.5);
    set_num_threads(4);
    CHECK(core::dft(x, 1, false, 0.5).to_vector<float>() == y.to_vector<float>());
    CHECK(core::cast(wide, f32).to_vector<float>() == y.to_vector<float>());
  }
  set_num_threads(threads);
}

TEST_CASE("imaginary parts that the transform of real numbers does not have are ignored") {
  const Tensor x = core::full({1, 3, 1, 2}, 1, f64);
  for (const int64_t k : {1, 5}) x.data<double>()[k] = NAN;
  const Tensor y = core::inverse_real_dft(x, 1, 4, 1);
  CHECK(y.to_vector<double>() == std::vector<double>{4, -2, 0, 2});
}

}  // namespace tapehead::fft_test
