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

template <class T>
constexpr ChannelNormKernels<T> kernels_of() {
  return {moments<T>, scale<T>, sums<T>, input_gradient<T>};
}

}  // namespace

extern const ChannelNormKernels<float> channel_norm_f32 = kernels_of<float>();
extern const ChannelNormKernels<double> channel_norm_f64 = kernels_of<double>();

}  // namespace tapehead::kernels::TAPEHEAD_ISA
