#include "tapehead/core/detail/fft.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "tapehead/core/detail/axis_split.h"
#include "tapehead/core/detail/fork.h"
#include "tapehead/core/kernels/fft.h"
#include "tapehead/core/parallel.h"

namespace tapehead::core {
namespace {

constexpr int64_t kMaxLanes = 16;
constexpr int64_t kLaneNumbers = 1 << 17;  // of a group of lanes, for the cache's sake
constexpr int64_t kTaskNumbers = 1 << 14;  // for which a task is worth its start
constexpr size_t kKeptPlans = 16;          // lengths whose roots are kept
// Between the parts of buffers, so that their lines do not displace each other from the cache.
template <class T>
constexpr int64_t kApart = 1024 / sizeof(T);

// exp(-pi i k / n), for k modulo 2 n.
template <class T>
void put_root(std::vector<T>& to, int64_t k, int64_t n) {
  const double angle = M_PI * static_cast<double>(k % (2 * n)) / static_cast<double>(n);
  to.push_back(static_cast<T>(std::cos(angle)));
  to.push_back(static_cast<T>(-std::sin(angle)));
}

// The lanes of a group, and as much memory to work in.
template <class T>
struct FftBuffers {
  T *re, *im, *next_re, *next_im;
};

// What a transform of length n is computed with. Where n has a large prime factor, it is a
// convolution by transforms of a length that is a power of two (Bluestein: A linear filtering
// approach to the computation of discrete Fourier transform, 1970).
template <class T>
struct FftPlan {
  int64_t n = 1;
  std::vector<int64_t> radices;
  std::vector<T> roots;  // exp(-2 pi i k / n), as pairs
  std::unique_ptr<FftPlan> padded;
  std::vector<T> chirp, filter;  // exp(-pi i k^2 / n); the transform of its conjugate

  explicit FftPlan(int64_t length) : n(length) {
    int64_t rest = n;
    for (int64_t radix : {4, 2, 3})
      for (; rest % radix == 0; rest /= radix) radices.push_back(radix);
    for (int64_t radix = 5; rest > 1 && radix <= kernels::kLargestRadix; radix += 2)
      for (; rest % radix == 0; rest /= radix) radices.push_back(radix);
    if (rest > 1) plan_convolution();
    else
      for (int64_t k = 0; k < n; ++k) put_root(roots, 2 * k, n);
  }

  // The numbers of a lane during the transform.
  int64_t size() const { return padded ? padded->n : n; }

  // Transforms x.re and x.im, which then point at the result.
  void transform(int64_t lanes, FftBuffers<T>& x) const {
    if (padded) return convolve(lanes, x);
    int64_t m = n, done = 1;
    for (const int64_t radix : radices) {
      m /= radix;
      kernels::fft<T>().pass(radix, m, done * lanes, done, roots.data(), x.re, x.im, x.next_re,
                             x.next_im);
      done *= radix;
      std::swap(x.re, x.next_re), std::swap(x.im, x.next_im);
    }
  }

 private:
  void plan_convolution() {
    int64_t length = 1;
    while (length < 2 * n - 1) length *= 2;
    padded = std::make_unique<FftPlan>(length);
    // k^2 modulo 2 n, by the differences of squares.
    int64_t square = 0;
    for (int64_t k = 0; k < n; ++k) {
      put_root(chirp, square, n);
      square = (square + 2 * k + 1) % (2 * n);
    }
    const auto at = [&](int64_t i) { return static_cast<size_t>(i); };
    std::vector<T> memory(at(4 * length));
    T* const start = memory.data();
    FftBuffers<T> x{start, start + length, start + 2 * length, start + 3 * length};
    const T scale = T(1) / static_cast<T>(length);
    for (int64_t k = 0; k < n; ++k)
      for (const int64_t to : {k, (length - k) % length})
        x.re[to] = chirp[at(2 * k)] * scale, x.im[to] = -chirp[at(2 * k + 1)] * scale;
    padded->transform(1, x);
    for (int64_t k = 0; k < length; ++k) filter.push_back(x.re[k]), filter.push_back(x.im[k]);
  }

  void convolve(int64_t lanes, FftBuffers<T>& x) const {
    const auto& kernel = kernels::fft<T>();
    kernel.multiply(chirp.data(), n, lanes, x.re, x.im);
    std::fill(x.re + n * lanes, x.re + padded->n * lanes, T(0));
    std::fill(x.im + n * lanes, x.im + padded->n * lanes, T(0));
    padded->transform(lanes, x);
    kernel.multiply(filter.data(), padded->n, lanes, x.re, x.im);
    // Exchanging real and imaginary parts before and after a transform inverts it.
    std::swap(x.re, x.im), std::swap(x.next_re, x.next_im);
    padded->transform(lanes, x);
    std::swap(x.re, x.im), std::swap(x.next_re, x.next_im);
    kernel.multiply(chirp.data(), n, lanes, x.re, x.im);
  }
};

std::mutex& fft_plans_mutex() {
  static auto* const mutex = new std::mutex;
  return *mutex;
}
[[maybe_unused]] const bool kFftPlansHeldAtFork = hold_at_fork(fft_plans_mutex());

// The plans of recent lengths, the latest last. Never destroyed: threads may outlive statics.
template <class T>
std::shared_ptr<const FftPlan<T>> fft_plan(int64_t n) {
  static auto& kept = *new std::vector<std::shared_ptr<const FftPlan<T>>>;
  const std::lock_guard lock(fft_plans_mutex());
  const auto found =
      std::find_if(kept.begin(), kept.end(), [&](const auto& plan) { return plan->n == n; });
  if (found != kept.end()) std::rotate(found, found + 1, kept.end());
  else kept.push_back(std::make_shared<const FftPlan<T>>(n));
  if (kept.size() > kKeptPlans) kept.erase(kept.begin());
  return kept.back();
}

// Transforms groups of lanes: calls load(first, lanes, buffers) and store(…) around each.
template <class T, class Load, class Store>
void each_group(int64_t n, int64_t rows, bool inverse, Load load, Store store) {
  const auto plan = fft_plan<T>(n);
  const int64_t size = plan->size();
  const int64_t lanes = std::min(
      rows,
      std::clamp<int64_t>(kLaneNumbers / static_cast<int64_t>(sizeof(T)) / size, 1, kMaxLanes));
  parallel_range(rows, lanes * std::max<int64_t>(1, kTaskNumbers / (lanes * size)),
                 [&](int64_t begin, int64_t end) {
                   // Halves of two spectra have two more elements.
                   const int64_t part = (size + 2) * lanes + kApart<T>;
                   const Tensor memory = empty({4, part}, dtype_of<T>());
                   T* const start = memory.data<T>();
                   for (int64_t first = begin; first < end; first += lanes) {
                     const int64_t count = std::min(lanes, end - first);
                     FftBuffers<T> x{start, start + part, start + 2 * part, start + 3 * part};
                     load(first, count, x);
                     if (inverse) std::swap(x.re, x.im), std::swap(x.next_re, x.next_im);
                     plan->transform(count, x);
                     if (inverse) std::swap(x.re, x.im);
                     store(first, count, x);
                   }
                 });
}

// The start of each row along an axis of a tensor of reals, or of pairs.
template <class T>
struct FftRows {
  T* data;
  AxisSplit split;
  int64_t parts;  // of a number
  FftRows(const Tensor& x, int axis, int64_t parts_)
      : data(x.data<T>()), split(x.shape(), axis), parts(parts_) {
    split.inner /= parts;
  }
  int64_t rows() const { return split.outer * split.inner; }
  T* operator[](int64_t row) const {
    if (row >= rows()) return nullptr;
    return data + (row / split.inner * split.n * split.inner + row % split.inner) * parts;
  }
  // Calls f with `count` lanes: rows begin, begin + step, …, and the ones after them, or the
  // imaginary parts of pairs. Rows beyond the last are null.
  template <class F>
  void with_lanes(int64_t begin, int64_t count, int64_t step, F f) const {
    T *a[kMaxLanes], *b[kMaxLanes];
    for (int64_t l = 0; l < count; ++l) {
      a[l] = (*this)[begin + l * step];
      b[l] = parts == 1 ? (*this)[begin + l * step + 1] : a[l] ? a[l] + 1 : nullptr;
    }
    f(kernels::FftLanes<T>{a, b, count, split.inner * parts});
  }
};

// Rows of complex numbers, one for each lane, or of real ones, two for each.
template <class T>
void load_rows(const FftRows<T>& from, int64_t first, int64_t count, const FftBuffers<T>& x) {
  const int64_t step = from.parts == 1 ? 2 : 1;
  from.with_lanes(first * step, count, step, [&](const auto& lanes) {
    kernels::fft<T>().load(lanes, from.split.n, x.re, x.im);
  });
}
template <class T>
void store_rows(const FftRows<T>& to, int64_t first, int64_t count, double scale,
                const FftBuffers<T>& x) {
  const int64_t step = to.parts == 1 ? 2 : 1;
  to.with_lanes(first * step, count, step, [&](const auto& lanes) {
    kernels::fft<T>().store(lanes, to.split.n, static_cast<T>(scale), x.re, x.im);
  });
}

// Calls f(lanes, offset) for the first and for the second of two transforms of real rows in each
// lane, with the offset of its numbers in the buffers.
template <class T, class F>
void each_half(const FftRows<T>& halves, int64_t first, int64_t count, F f) {
  for (const int64_t second : {0, 1})
    halves.with_lanes(2 * first + second, count, 2,
                      [&](const auto& lanes) { f(lanes, second * halves.split.n * count); });
}

}  // namespace

Tensor dft(const Tensor& x, int axis, bool inverse, double scale) {
  const Tensor out = empty_like(x);
  if (x.numel() == 0) return out;
  visit_wide(x.dtype(), [&]<class T>() {
    const FftRows<T> from(x, axis, 2), to(out, axis, 2);
    each_group<T>(
        from.split.n, from.rows(), inverse,
        [&](int64_t first, int64_t count, FftBuffers<T>& b) { load_rows(from, first, count, b); },
        [&](int64_t first, int64_t count, FftBuffers<T>& b) {
          store_rows(to, first, count, scale, b);
        });
  });
  return out;
}

// Two real rows are the real and the imaginary part of a complex one.
Tensor real_dft(const Tensor& x, int axis, double scale, double middle) {
  const int64_t n = x.shape()[axis];
  Shape shape = x.shape();
  shape[axis] = n / 2 + 1;
  shape.push_back(2);
  const Tensor out = empty(shape, x.dtype());
  if (out.numel() == 0) return out;
  visit_wide(x.dtype(), [&]<class T>() {
    const FftRows<T> from(x, axis, 1), to(out, axis, 2);
    const auto& kernel = kernels::fft<T>();
    each_group<T>(
        n, (from.rows() + 1) / 2, false,
        [&](int64_t first, int64_t count, FftBuffers<T>& b) { load_rows(from, first, count, b); },
        [&](int64_t first, int64_t count, FftBuffers<T>& b) {
          kernel.split(n, count, static_cast<T>(middle), b.re, b.im, b.next_re, b.next_im);
          each_half(to, first, count, [&](const auto& lanes, int64_t at) {
            kernel.store(lanes, n / 2 + 1, static_cast<T>(scale), b.next_re + at, b.next_im + at);
          });
        });
  });
  return out;
}

Tensor inverse_real_dft(const Tensor& x, int axis, int64_t n, double scale, double middle) {
  Shape shape = x.shape();
  shape[axis] = n;
  shape.erase(shape.rank() - 1);
  const Tensor out = empty(shape, x.dtype());
  if (out.numel() == 0) return out;
  visit_wide(x.dtype(), [&]<class T>() {
    const FftRows<T> from(x, axis, 2), to(out, axis, 1);
    const auto& kernel = kernels::fft<T>();
    each_group<T>(
        n, (to.rows() + 1) / 2, true,
        [&](int64_t first, int64_t count, FftBuffers<T>& b) {
          each_half(from, first, count, [&](const auto& lanes, int64_t at) {
            kernel.load(lanes, n / 2 + 1, b.next_re + at, b.next_im + at);
          });
          kernel.merge(n, count, static_cast<T>(middle), b.next_re, b.next_im, b.re, b.im);
        },
        [&](int64_t first, int64_t count, FftBuffers<T>& b) {
          store_rows(to, first, count, scale, b);
        });
  });
  return out;
}

}  // namespace tapehead::core
