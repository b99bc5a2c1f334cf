// Plans of Fourier transforms, for core/fft.cpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "tapehead/core/creation.h"
#include "tapehead/core/kernels/fft.h"
#include "tapehead/core/parallel.h"

namespace tapehead::core {

/// Complex numbers [size, 2, lanes] of rows that are transformed together, and as many to work in.
template <class T>
struct FftBuffers {
  T *x, *y;
};

/// Transforms of rows of n complex numbers: of one row, or of as many as the kernels have lanes.
///   - Several rows are transformed side by side, by KISS FFT.
///   - One row is transformed in two steps, each of which is such transforms of shorter rows
///     (Gentleman and Sande: Fast Fourier transforms, for fun and profit, 1966).
///   - Where n has a large prime factor, the transform is a convolution, computed by transforms of
///     a length that has none (Bluestein: A linear filtering approach to the computation of
///     discrete Fourier transform, 1970).
template <class T>
class FftPlan {
 public:
  using Number = T;
  FftPlan(int64_t n, int64_t lanes);

  /// The complex numbers that the transform of a row needs memory for.
  int64_t size() const { return padded_ ? padded_->n_ : n_; }
  /// Transforms b.x, which then points at the result.
  void transform(FftBuffers<T>& b) const;
  /// The memory that the plan takes.
  int64_t bytes() const;

 private:
  struct Delete {
    void operator()(std::byte* memory) const;
  };
  void plan_convolution();
  void convolve(FftBuffers<T>& b) const;
  void transform_in_steps(FftBuffers<T>& b) const;

  int64_t n_, lanes_;
  std::unique_ptr<std::byte, Delete> kiss_;
  std::shared_ptr<const FftPlan> columns_, rows_;  // the two steps
  std::vector<T> roots_;                           // between them
  std::shared_ptr<const FftPlan> padded_;          // for the convolution
  std::vector<T> chirp_, filter_;                  // exp(-pi i k^2 / n); its transform
};

/// Transforms between n real numbers and n / 2 + 1 complex ones: the plan of n / 2 complex numbers,
/// each of which consists of two real ones, or of n if that is odd.
template <class T>
struct RealFftPlan {
  using Number = T;
  std::shared_ptr<const FftPlan<T>> complex;
  std::vector<T> roots;  ///< for kernels::FftKernels::split and merge

  RealFftPlan(int64_t n, int64_t lanes);
  int64_t bytes() const;
};

/// The rows to transform at a time, if there are `rows` of n complex numbers.
template <class T>
int64_t fft_lanes(int64_t n, int64_t rows);

/// A plan of either type, from those of recent calls or new.
template <class Plan>
std::shared_ptr<const Plan> fft_plan(int64_t n, int64_t lanes);

/// Rows first .. first + count - 1, to be transformed together.
struct FftGroup {
  int64_t first, count, lanes;

  /// row(i) for each lane; the last for those without a row.
  template <class T, class F>
  void pointers(T* (&to)[kernels::kMaxFftLanes], F row) const {
    for (int64_t l = 0; l < lanes; ++l) to[l] = row(first + std::min(l, count - 1));
  }
};

/// Calls f(group, buffers) for groups of all rows, on several threads. The buffers are for `size`
/// complex numbers of each row, and one more.
template <class T, class F>
void each_fft_group(int64_t rows, int64_t lanes, int64_t size, F f) {
  constexpr int64_t kTaskNumbers = 1 << 14;  // fewer are not worth a task
  const int64_t numbers = 2 * (size + 1) * lanes;
  parallel_range((rows + lanes - 1) / lanes, std::max<int64_t>(1, kTaskNumbers / numbers),
                 [&](int64_t begin, int64_t end) {
                   const Tensor memory = empty({2, numbers}, dtype_of<T>());
                   for (int64_t first = begin * lanes; begin < end; ++begin, first += lanes) {
                     FftBuffers<T> b{memory.data<T>(), memory.data<T>() + numbers};
                     f(FftGroup{first, std::min(lanes, rows - first), lanes}, b);
                   }
                 });
}

}  // namespace tapehead::core
