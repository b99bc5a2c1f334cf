#include "tapehead/core/detail/fft.h"

#include <algorithm>
#include <complex>
#include <kissfft.hh>
#include <vector>

#include "tapehead/core/detail/axis_split.h"
#include "tapehead/core/parallel.h"

namespace tapehead::core {
namespace {

using FftNumber = std::complex<double>;

// Rows are read in groups so that whole cache lines are used: at most so many rows and elements.
constexpr int64_t kGroupRows = 16, kGroupElements = 1 << 14;
constexpr int64_t kTaskElements = 1 << 13;  // fewer are not worth a task
constexpr size_t kKeptTransforms = 4;

// The transform of length n. It contains memory to work in, so each thread keeps its own, for the
// lengths of recent calls. KISS FFT is scalar code: no faster in f32, but less precise.
const kissfft<double>& fft_of(int64_t n, bool inverse = false) {
  struct Kept {
    int64_t n;
    bool inverse;
    kissfft<double> transform;
  };
  thread_local std::vector<Kept> kept;  // the latest last
  const auto found = std::find_if(kept.begin(), kept.end(),
                                  [&](const Kept& k) { return k.n == n && k.inverse == inverse; });
  if (found != kept.end()) {
    std::rotate(found, found + 1, kept.end());
  } else {
    if (kept.size() == kKeptTransforms) kept.erase(kept.begin());
    kept.push_back({n, inverse, kissfft<double>(static_cast<size_t>(n), inverse)});
  }
  return kept.back().transform;
}

// Calls f(at, i) for each number of adjacent rows of a tensor [n, inner, kParts], with its offset
// there and in a buffer [rows, size] of contiguous rows.
template <int kParts, class F>
void each_number(int64_t n, int64_t rows, int64_t inner, int64_t size, F f) {
  for (int64_t j = 0; j < n; ++j)
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t part = 0; part < kParts; ++part)
        f((j * inner + row) * kParts + part, row * size + j * kParts + part);
}

// Sets each row of y along an axis to scale times the transform of that of x. Elements are kIn and
// kOut numbers. Calls transform(in, out, scratch) with contiguous rows, both of which it may
// overwrite, and memory for 2 n complex numbers.
template <int kIn, int kOut, class T, class F>
void fft_rows(const Tensor& x, const Tensor& y, int axis, double scale, F transform) {
  const AxisSplit from(x.shape(), axis), to(y.shape(), axis);
  const int64_t inner = from.inner / kIn, n = std::max(from.n, to.n);
  const int64_t most = std::clamp<int64_t>(kGroupElements / n, 1, std::min(inner, kGroupRows));
  const int64_t groups = (inner + most - 1) / most;
  // Rows a power of two apart would evict each other from the cache.
  const int64_t size = 2 * n + 8;
  const auto complex = [](double* p) { return reinterpret_cast<FftNumber*>(p); };
  const auto transform_group = [&](int64_t group, double* in) {
    double *const out = in + most * size, *const scratch = out + most * size;
    const int64_t outer = group / groups, first = group % groups * most;
    const int64_t rows = std::min(most, inner - first);
    const T* const source = x.data<T>() + (outer * from.n * inner + first) * kIn;
    T* const target = y.data<T>() + (outer * to.n * inner + first) * kOut;
    each_number<kIn>(from.n, rows, inner, size,
                     [&](int64_t at, int64_t i) { in[i] = static_cast<double>(source[at]); });
    for (int64_t i = 0; i < rows * size; i += size)
      transform(complex(in + i), complex(out + i), complex(scratch));
    each_number<kOut>(to.n, rows, inner, size,
                      [&](int64_t at, int64_t i) { target[at] = static_cast<T>(scale * out[i]); });
  };
  parallel_range(from.outer * groups, std::max<int64_t>(1, kTaskElements / (most * n)),
                 [&](int64_t begin, int64_t end) {
                   const Tensor memory = empty({2 * most + 2, size}, f64);
                   for (int64_t group = begin; group < end; ++group)
                     transform_group(group, memory.data<double>());
                 });
}

// Sets y to the first n / 2 + 1 elements of the transform of n real numbers.
void fft_of_reals(int64_t n, const double* x, FftNumber* y, FftNumber* scratch) {
  if (n % 2 == 0) {
    fft_of(n / 2).transform_real(x, y);
    y[n / 2] = y[0].imag();  // where KISS FFT returns the last element
    y[0] = y[0].real();
  } else {
    std::copy(x, x + n, scratch);
    fft_of(n).transform(scratch, scratch + n);
    std::copy(scratch + n, scratch + n + n / 2 + 1, y);
  }
}

// Sets to[k] to Re x[k] + Im x[k] for k < n, where x[n - k] is the conjugate of x[k]. All but the
// first and, for even n, the last of the n / 2 + 1 given are multiplied by `middle`.
void fft_parts(int64_t n, const FftNumber* x, double middle, double* to) {
  to[0] = x[0].real();
  for (int64_t k = 1; 2 * k < n; ++k) {
    const double re = x[k].real() * middle, im = x[k].imag() * middle;
    to[k] = re + im;
    to[n - k] = re - im;
  }
  if (n % 2 == 0) to[n / 2] = x[n / 2].real();
}

}  // namespace

Tensor dft(const Tensor& x, int axis, bool inverse, double scale) {
  const Tensor out = empty_like(x);
  if (x.numel() == 0) return out;
  const int64_t n = x.shape()[axis];
  visit_wide(x.dtype(), [&]<class T>() {
    fft_rows<2, 2, T>(x, out, axis, scale, [&](FftNumber* in, FftNumber* y, FftNumber*) {
      fft_of(n, inverse).transform(in, y);
    });
  });
  return out;
}

Tensor real_dft(const Tensor& x, int axis, double scale, double middle) {
  const int64_t n = x.shape()[axis];
  Shape shape = x.shape();
  shape[axis] = n / 2 + 1;
  shape.push_back(2);
  const Tensor out = empty(shape, x.dtype());
  if (out.numel() == 0) return out;
  visit_wide(x.dtype(), [&]<class T>() {
    fft_rows<1, 2, T>(x, out, axis, scale, [&](FftNumber* in, FftNumber* y, FftNumber* scratch) {
      fft_of_reals(n, reinterpret_cast<const double*>(in), y, scratch);
      for (int64_t k = 1; 2 * k < n; ++k) y[k] *= middle;
    });
  });
  return out;
}

// By the forward transform H of h[k] = Re x[k] + Im x[k] (Bracewell: Discrete Hartley transform,
// 1983): its real parts are the sums over Re x[k] cos(2 pi j k / n), its imaginary parts those over
// -Im x[k] sin(2 pi j k / n), and the result is their sum.
Tensor inverse_real_dft(const Tensor& x, int axis, int64_t n, double scale, double middle) {
  Shape shape = x.shape();
  shape[axis] = n;
  shape.erase(shape.rank() - 1);
  const Tensor out = empty(shape, x.dtype());
  if (out.numel() == 0) return out;
  visit_wide(x.dtype(), [&]<class T>() {
    fft_rows<2, 1, T>(x, out, axis, scale, [&](FftNumber* in, FftNumber* y, FftNumber* scratch) {
      auto* const h = reinterpret_cast<double*>(y);
      fft_parts(n, in, middle, h);
      fft_of_reals(n, h, in, scratch);
      fft_parts(n, in, 1, h);
    });
  });
  return out;
}

}  // namespace tapehead::core
