#include "tapehead/core/detail/fft.h"

#include <doctest/doctest.h>

#include <algorithm>
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
  std::vector<Complex> roots;
  for (int64_t j = 0; j < n; ++j)
    roots.push_back(std::polar(
        1.0, (inverse ? 2 : -2) * M_PI * static_cast<double>(j) / static_cast<double>(n)));
  double worst = 0;
  for (int64_t b = 0; b < B; ++b)
    for (int64_t i = 0; i < inner; ++i)
      for (int64_t k = 0; k < K; ++k) {
        Complex sum = 0;
        for (int64_t j = 0; j < n; ++j)
          sum += in[static_cast<size_t>((b * n + j) * inner + i)] *
                 roots[static_cast<size_t>(j * k % n)];
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

TEST_CASE("transforms of any length are the sums that define them") {
  Generator g{1, 0};
  std::vector<Shape> shapes{
      {2, 31, 35},  // rows of one vector, or of two tensors
      {2, 3, 2},    // of which the last is as far from the first as if they were adjacent
      {35, 12, 1},  // contiguous rows
  };
  // Single rows, some with large prime factors.
  for (const int64_t n : {151, 192, 194, 243, 250, 400, 899}) shapes.push_back({1, n, 1});
  for (int64_t n = 1; n <= 31; ++n) shapes.push_back({2, n, 3});
  for (const int64_t n : {48, 49, 61, 64, 67, 100, 122, 128, 134, 225}) shapes.push_back({2, n, 3});
  for (const Shape& shape : shapes) {
    CAPTURE(shape.str());
    const int64_t n = shape[1];
    const double bound = 1e-14 * static_cast<double>(n + 10);
    const Tensor x = randn({shape[0], n, shape[2], 2}, f64, g);
    for (const bool inverse : {false, true})
      CHECK(distance_from_sums(x, core::dft(x, 1, inverse, 1), inverse) < bound);
    const Tensor r = randn(shape, f64, g), half = core::real_dft(r, 1, 1);
    REQUIRE(half.shape() == Shape{shape[0], n / 2 + 1, shape[2], 2});
    CHECK(distance_from_sums(with_zeros(r), half, false) < bound);
    const std::vector<double> back =
        core::inverse_real_dft(half, 1, n, 1 / static_cast<double>(n)).to_vector<double>();
    for (size_t i = 0; i < back.size(); ++i) CHECK(std::abs(back[i] - r.data<double>()[i]) < 1e-13);
  }
}

// The bounds are those of PyTorch with MKL, whose errors are 1.5e-7 and 2.5e-7 at most.
TEST_CASE("transforms in f32 are precise, of many rows and long ones, on any threads") {
  Generator g{2, 0};
  const int threads = num_threads();
  for (const Shape& shape :
       {Shape{50, 360, 1, 2}, Shape{2, 7, 2, 2}, Shape{5, 64, 37, 2}, Shape{9, 8192, 1, 2},
        Shape{2, 40000, 1, 2}, Shape{20, 1009, 1, 2}, Shape{1, 10007, 1, 2}}) {
    CAPTURE(shape.str());
    const Tensor x = randn(shape, f32, g), wide = core::dft(core::cast(x, f64), 1, false, 0.5);
    set_num_threads(1);
    const Tensor y = core::dft(x, 1, false, 0.5);
    set_num_threads(4);
    CHECK(core::dft(x, 1, false, 0.5).to_vector<float>() == y.to_vector<float>());
    const std::vector<double> is = y.to_vector<double>(), want = wide.to_vector<double>();
    double errors = 0, squares = 0;
    for (size_t i = 0; i < is.size(); ++i) {
      errors += (is[i] - want[i]) * (is[i] - want[i]);
      squares += want[i] * want[i];
    }
    const bool is_convolved = shape[1] == 1009 || shape[1] == 10007;
    CHECK(std::sqrt(errors / squares) < (is_convolved ? 3e-7 : 1.8e-7));
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
