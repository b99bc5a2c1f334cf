#include "tapehead/core/kernels/channel_norm.h"

#include "tapehead/core/kernels/row_sums.h"
#include "tapehead/core/kernels/vectors.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

// Sums a vector of terms for each vector of elements, in four accumulators and double across
// blocks, and the terms of single elements at the end.
template <class T, class F, class G>
inline double vector_sum(int64_t n, F vector_term, G term) {
  constexpr int64_t W = kWidth<T>;
  double total = 0;
  int64_t i = 0;
  while (i + W <= n) {
    const int64_t stop = n - i < kRowBlock ? n : i + kRowBlock;
    Vector<T> sums[4] = {};
    for (; i + 4 * W <= stop; i += 4 * W) {
#pragma GCC unroll 4
      for (int64_t v = 0; v < 4; ++v) sums[v] += vector_term(i + v * W);
    }
    for (; i + W <= stop; i += W) sums[0] += vector_term(i);
    const Vector<T> all = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    for (int lane = 0; lane < W; ++lane) total += static_cast<double>(all[lane]);
    if (n - i < W) break;
  }
  for (; i < n; ++i) total += static_cast<double>(term(i));
  return total;
}

template <class T>
void moments(const T* x, int64_t n, double* mean, double* squares) {
  *mean = vector_sum<T>(
              n, [=](int64_t i) { return load(x + i); }, [=](int64_t i) { return x[i]; }) /
          static_cast<double>(n);
  const T level = static_cast<T>(*mean);
  *squares = vector_sum<T>(
      n,
      [=](int64_t i) {
        const Vector<T> d = load(x + i) - level;
        return d * d;
      },
      [=](int64_t i) { return (x[i] - level) * (x[i] - level); });
}

template <class T>
void scale(const T* x, int64_t n, T mean, T factor, T shift, T* y) {
#pragma GCC ivdep
  for (int64_t i = 0; i < n; ++i) y[i] = factor * (x[i] - mean) + shift;
}

template <class T>
void sums(const T* x, const T* dy, int64_t n, T mean, double* of_dy, double* of_product) {
  *of_dy = vector_sum<T>(
      n, [=](int64_t i) { return load(dy + i); }, [=](int64_t i) { return dy[i]; });
  *of_product = vector_sum<T>(
      n, [=](int64_t i) { return load(dy + i) * (load(x + i) - mean); },
      [=](int64_t i) { return dy[i] * (x[i] - mean); });
}

template <class T>
void input_gradient(const T* x, const T* dy, int64_t n, T mean, T of_dy, T of_x, T shift, T* dx) {
#pragma GCC ivdep
  for (int64_t i = 0; i < n; ++i) dx[i] = of_dy * dy[i] + of_x * (x[i] - mean) + shift;
}

constexpr int64_t kStrip = 64;        // columns summed together
constexpr int64_t kRowsOfBlock = 64;  // summed in T; blocks are summed in double

// totals[c] = the sum of term(r, c) over the rows, for n <= kStrip columns.
template <class T, class F>
inline void sum_strip(int64_t rows, int64_t n, F term, double* totals) {
  T sums[kStrip];
  for (int64_t c = 0; c < n; ++c) totals[c] = 0;
  for (int64_t first = 0; first < rows; first += kRowsOfBlock) {
    const int64_t last = rows - first < kRowsOfBlock ? rows : first + kRowsOfBlock;
    for (int64_t c = 0; c < n; ++c) sums[c] = 0;
    int64_t r = first;
    for (; r + 4 <= last; r += 4) {
#pragma GCC ivdep
      for (int64_t c = 0; c < n; ++c)
        sums[c] += (term(r, c) + term(r + 1, c)) + (term(r + 2, c) + term(r + 3, c));
    }
    for (; r < last; ++r)
      for (int64_t c = 0; c < n; ++c) sums[c] += term(r, c);
    for (int64_t c = 0; c < n; ++c) totals[c] += static_cast<double>(sums[c]);
  }
}

template <class T>
void column_moments(const T* x, int64_t rows, int64_t step, int64_t n, double* mean,
                    double* squares) {
  for (int64_t at = 0; at < n; at += kStrip) {
    const int64_t width = n - at < kStrip ? n - at : kStrip;
    const T* from = x + at;
    sum_strip<T>(
        rows, width, [=](int64_t r, int64_t c) { return from[r * step + c]; }, mean + at);
    T levels[kStrip];
    for (int64_t c = 0; c < width; ++c) {
      mean[at + c] /= static_cast<double>(rows);
      levels[c] = static_cast<T>(mean[at + c]);
    }
    sum_strip<T>(
        rows, width,
        [=, &levels](int64_t r, int64_t c) {
          const T d = from[r * step + c] - levels[c];
          return d * d;
        },
        squares + at);
  }
}

template <class T>
void column_sums(const T* x, const T* dy, int64_t rows, int64_t step, int64_t n, const T* mean,
                 double* of_dy, double* of_product) {
  for (int64_t at = 0; at < n; at += kStrip) {
    const int64_t width = n - at < kStrip ? n - at : kStrip;
    const T *from = x + at, *d = dy + at, *level = mean + at;
    sum_strip<T>(
        rows, width, [=](int64_t r, int64_t c) { return d[r * step + c]; }, of_dy + at);
    sum_strip<T>(
        rows, width,
        [=](int64_t r, int64_t c) { return d[r * step + c] * (from[r * step + c] - level[c]); },
        of_product + at);
  }
}

template <class T>
void scale_row(const T* x, int64_t n, const ColumnNumbers<T>& columns, T* y) {
  const T *mean = columns.mean, *factor = columns.factor, *shift = columns.shift;
#pragma GCC ivdep
  for (int64_t i = 0; i < n; ++i) y[i] = factor[i] * (x[i] - mean[i]) + shift[i];
}

template <class T>
void row_gradient(const T* x, const T* dy, int64_t n, const ColumnNumbers<T>& columns, T* dx) {
  const T *mean = columns.mean, *factor = columns.factor, *shift = columns.shift;
  const T* of_x = columns.of_x;
#pragma GCC ivdep
  for (int64_t i = 0; i < n; ++i) dx[i] = factor[i] * dy[i] + of_x[i] * (x[i] - mean[i]) + shift[i];
}

template <class T>
constexpr ChannelNormKernels<T> kernels_of() {
  return {moments<T>,        scale<T>,       sums<T>,      input_gradient<T>,
          column_moments<T>, column_sums<T>, scale_row<T>, row_gradient<T>};
}

}  // namespace

extern const ChannelNormKernels<float> channel_norm_f32 = kernels_of<float>();
extern const ChannelNormKernels<double> channel_norm_f64 = kernels_of<double>();

}  // namespace tapehead::kernels::TAPEHEAD_ISA
