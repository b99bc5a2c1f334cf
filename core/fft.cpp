#include "tapehead/core/detail/fft.h"

#include <algorithm>
#include <utility>

#include "tapehead/core/detail/axis_split.h"
#include "tapehead/core/detail/fft_plan.h"

namespace tapehead::core {
namespace {

// The rows of a contiguous tensor along an axis, whose elements consist of 1 or 2 numbers.
template <class T>
class FftRows {
 public:
  FftRows(const Tensor& x, int axis, int64_t parts, bool swapped, bool real = false)
      : data_(x.data<T>()), split_(x.shape(), axis), parts_(parts) {
    split_.inner /= parts;
    layout = {split_.n, parts, split_.inner * parts, swapped, real};
  }
  int64_t count() const { return split_.outer * split_.inner; }
  T* operator[](int64_t row) const {
    const int64_t outer = row / split_.inner, inner = row % split_.inner;
    return data_ + (outer * split_.n * split_.inner + inner) * parts_;
  }
  kernels::FftLayout layout;

 private:
  T* data_;
  AxisSplit split_;
  int64_t parts_;
};

// Sets the rows of y to `scale` times what f(buffers, lanes) makes of those of x.
template <class T, class F>
void fft_rows(const FftRows<T>& x, const FftRows<T>& y, int64_t lanes, int64_t size, double scale,
              F f) {
  const auto& kernels = kernels::fft<T>();
  each_fft_group<T>(x.count(), lanes, size, [&](const FftGroup& group, FftBuffers<T>& b) {
    T* pointers[kernels::kMaxFftLanes];
    group.pointers(pointers, [&](int64_t row) { return x[row]; });
    if (x.layout.real) std::fill(b.x, b.x + 2 * x.layout.n * lanes, T(0));
    kernels.load(x.layout, pointers, lanes, b.x);
    f(b);
    group.pointers(pointers, [&](int64_t row) { return y[row]; });
    kernels.store(y.layout, pointers, group.count, lanes, static_cast<T>(scale), b.x);
  });
}

}  // namespace

// Exchanging real and imaginary parts before and after a transform inverts it.
Tensor dft(const Tensor& x, int axis, bool inverse, double scale) {
  const Tensor out = empty_like(x);
  if (x.numel() == 0) return out;
  visit_wide(x.dtype(), [&]<class T>() {
    const FftRows<T> from(x, axis, 2, inverse), to(out, axis, 2, inverse);
    const int64_t n = from.layout.n, lanes = fft_lanes<T>(n, from.count());
    const auto plan = fft_plan<FftPlan<T>>(n, lanes);
    fft_rows(from, to, lanes, plan->size(), scale, [&](FftBuffers<T>& b) { plan->transform(b); });
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
    const FftRows<T> from(x, axis, 1, false, n % 2 == 1), to(out, axis, 2, false);
    const int64_t lanes = fft_lanes<T>(n % 2 == 0 ? n / 2 : n, from.count());
    const auto plan = fft_plan<RealFftPlan<T>>(n, lanes);
    fft_rows(from, to, lanes, plan->complex->size(), scale, [&](FftBuffers<T>& b) {
      plan->complex->transform(b);
      kernels::fft<T>().split(n, lanes, static_cast<T>(middle), plan->roots.data(), b.x, b.y);
      std::swap(b.x, b.y);
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
    const FftRows<T> from(x, axis, 2, false), to(out, axis, 1, true, n % 2 == 1);
    const int64_t lanes = fft_lanes<T>(n % 2 == 0 ? n / 2 : n, to.count());
    const auto plan = fft_plan<RealFftPlan<T>>(n, lanes);
    fft_rows(from, to, lanes, plan->complex->size(), scale, [&](FftBuffers<T>& b) {
      kernels::fft<T>().merge(n, lanes, static_cast<T>(middle), plan->roots.data(), b.x, b.y);
      std::swap(b.x, b.y);
      plan->complex->transform(b);
    });
  });
  return out;
}

}  // namespace tapehead::core
