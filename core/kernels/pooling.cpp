#include "tapehead/core/kernels/pooling.h"

#include "tapehead/core/kernels/row_sums.h"
#include "tapehead/core/kernels/vectors.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

template <class T>
using Lanes = decltype(Vector<T>{} < Vector<T>{});  // integers as wide as T

template <class T>
inline auto is_nan(T x) {
  const T same = x;
  return x != same;
}

template <class T>
inline bool is_larger(T x, T than) {
  return static_cast<bool>(static_cast<int>(x > than) | static_cast<int>(is_nan(x)));
}

template <class T>
inline void store_at_most(T* to, Vector<T> v, int64_t n) {
  if (n >= kWidth<T>) store(to, v);
  else store_some(to, v, n);
}

// One vector of results.
template <class T, bool kIndexed>
inline bool max_vector(const MaxRows<T>& p, const T* x, int64_t first, int64_t n, T* out,
                       int64_t* index) {
  using Lane = std::remove_reference_t<decltype(Lanes<T>{}[0])>;
  Vector<T> best = Vector<T>{} - static_cast<T>(__builtin_inf());
  Lanes<T> at = Lanes<T>{} - 1;
  for (int64_t k = 0; k < p.window.terms; ++k) {
    const Vector<T> v = load(x + p.window.term[k]);
    const Lanes<T> takes = (v > best) | is_nan(v);
    best = takes ? v : best;
    if constexpr (kIndexed) at = takes ? Lanes<T>{} + static_cast<Lane>(p.offset[k]) : at;
  }
  store_at_most(out, best, n);
  bool has_none = false;
  if constexpr (kIndexed)
    for (int64_t i = 0; i < n && i < kWidth<T>; ++i) {
      index[i] = at[i] < 0 ? -1 : first + i * p.column_step + at[i];
      has_none |= at[i] < 0;
    }
  return has_none;
}

template <class T, bool kIndexed>
bool max_rows(const MaxRows<T>& p, T* out, int64_t* index) {
  constexpr int64_t W = kWidth<T>;
  const RowWindow<T>& w = p.window;
  bool has_none = false;
  for (int64_t r = 0; r < w.rows; ++r)
    for (int64_t i = 0; i < w.columns; i += W) {
      const int64_t column = i + W > w.columns && w.columns >= W ? w.columns - W : i;
      const int64_t to = r * w.columns + column;
      has_none |= max_vector<T, kIndexed>(p, w.x + r * w.step + column,
                                          p.first + r * p.row_step + column * p.column_step,
                                          w.columns, out + to, kIndexed ? index + to : nullptr);
    }
  return has_none;
}

template <class T>
bool max(const MaxRows<T>& p, T* out, int64_t* index) {
  return index ? max_rows<T, true>(p, out, index) : max_rows<T, false>(p, out, nullptr);
}

// Calls f(first, last) with the positions of each row of a window.
template <class T, class F>
inline void rows_of_window(const PoolAxis<T>* axes, int64_t i, int64_t j, int64_t k, F f) {
  const PoolAxis<T>&z = axes[0], &y = axes[1], &w = axes[2];
  for (int64_t a = z.begin[i]; a < z.end[i]; ++a)
    for (int64_t b = y.begin[j]; b < y.end[j]; ++b) {
      const int64_t row = (a * y.size + b) * w.size;
      f(row + w.begin[k], row + w.end[k]);
    }
}

template <class T>
void max_windows(const T* x, const PoolAxis<T>* axes, T* out, int64_t* index) {
  const PoolAxis<T>&z = axes[0], &y = axes[1], &w = axes[2];
  for (int64_t i = 0; i < z.count; ++i)
    for (int64_t j = 0; j < y.count; ++j)
      for (int64_t k = 0; k < w.count; ++k, ++out, ++index) {
        int64_t at = (z.begin[i] * y.size + y.begin[j]) * w.size + w.begin[k];
        T best = static_cast<T>(-__builtin_inf());
        if (w.end[k] - w.begin[k] < 8)
          rows_of_window(axes, i, j, k, [&](int64_t first, int64_t last) {
            for (int64_t here = first; here < last; ++here)
              // Without a branch, which would often be mispredicted.
              at ^= (at ^ here) & -static_cast<int64_t>(is_larger(x[here], x[at]));
          });
        else
          rows_of_window(axes, i, j, k, [&](int64_t first, int64_t last) {
            const T top = row_best(x + first, last - first, static_cast<T>(-__builtin_inf()),
                                   [](auto a, auto b) { return a > b; });
            if (!is_larger(top, best)) return;
            best = top;
            if (is_nan(top))
              for (at = last - 1; !is_nan(x[at]);) --at;
            else
              for (at = first; x[at] != top;) ++at;
          });
        *out = x[at], *index = at;
      }
}

template <class T>
inline void add_row(const T* x, int64_t n, T* to) {
#pragma GCC ivdep
  for (int64_t i = 0; i < n; ++i) to[i] += x[i];
}

// Calls f(row of the plane) for the rows of the windows at (i, j).
template <class T, class F>
inline void each_row(const PoolAxis<T>* axes, int64_t i, int64_t j, F f) {
  for (int64_t a = axes[0].begin[i]; a < axes[0].end[i]; ++a)
    for (int64_t b = axes[1].begin[j]; b < axes[1].end[j]; ++b)
      f((a * axes[1].size + b) * axes[2].size);
}

template <int64_t kStep, class T>
inline void sum_inner(const T* x, int64_t step, int64_t span, int64_t n, T* out) {
  if (kStep != 0) step = kStep;
  for (int64_t i = 0; i < n; ++i) out[i] = x[i * step];
  for (int64_t k = 1; k < span; ++k) {
#pragma GCC ivdep
    for (int64_t i = 0; i < n; ++i) out[i] += x[i * step + k];
  }
}

// Sums a row over its windows.
template <class T>
inline void sum_columns(const T* row, const PoolAxis<T>& a, T factor, T* out) {
  const auto sum_window = [&](int64_t i) {
    T total = 0;
    for (int64_t c = a.begin[i]; c < a.end[i]; ++c) total += row[c];
    out[i] = total;
  };
  for (int64_t i = 0; i < a.inner_first; ++i) sum_window(i);
  const int64_t n = a.inner_last - a.inner_first;
  if (n > 0) {
    const T* from = row + a.begin[a.inner_first];
    T* to = out + a.inner_first;
    if (a.step == 1) sum_inner<1>(from, 1, a.span, n, to);
    else if (a.step == 2) sum_inner<2>(from, 2, a.span, n, to);
    else sum_inner<0>(from, a.step, a.span, n, to);
  }
  for (int64_t i = a.inner_last; i < a.count; ++i) sum_window(i);
#pragma GCC ivdep
  for (int64_t i = 0; i < a.count; ++i) out[i] *= factor * a.factor[i];
}

// Whether the only window is the whole axis.
template <class T>
inline bool is_whole(const PoolAxis<T>& a) {
  return a.count == 1 && a.begin[0] == 0 && a.end[0] == a.size;
}

template <class T>
void sum(const T* x, const PoolAxis<T>* axes, T* row, T* out) {
  const PoolAxis<T>&z = axes[0], &y = axes[1], &w = axes[2];
  if (is_whole(z) && is_whole(y) && is_whole(w)) {
    const double total = row_sum(x, z.size * y.size * w.size);
    *out = static_cast<T>(total) * (z.factor[0] * y.factor[0] * w.factor[0]);
    return;
  }
  for (int64_t i = 0; i < z.count; ++i)
    for (int64_t j = 0; j < y.count; ++j, out += w.count) {
      for (int64_t c = 0; c < w.size; ++c) row[c] = 0;
      each_row(axes, i, j, [&](int64_t at) { add_row(x + at, w.size, row); });
      sum_columns(row, w, z.factor[i] * y.factor[j], out);
    }
}

template <class T>
void sum_gradient(const T* dy, const PoolAxis<T>* axes, T* row, T* dx) {
  const PoolAxis<T>&z = axes[0], &y = axes[1], &w = axes[2];
  for (int64_t c = 0; c < z.size * y.size * w.size; ++c) dx[c] = 0;
  for (int64_t i = 0; i < z.count; ++i)
    for (int64_t j = 0; j < y.count; ++j, dy += w.count) {
      for (int64_t c = 0; c < w.size; ++c) row[c] = 0;
      const T factor = z.factor[i] * y.factor[j];
      for (int64_t k = 0; k < w.count; ++k) {
        const T d = dy[k] * factor * w.factor[k];
        for (int64_t c = w.begin[k]; c < w.end[k]; ++c) row[c] += d;
      }
      each_row(axes, i, j, [&](int64_t at) { add_row(row, w.size, dx + at); });
    }
}

template <class T>
void gather(const T* x, const int64_t* index, int64_t n, T* out) {
  for (int64_t i = 0; i < n; ++i) out[i] = x[index[i]];
}

template <class T>
void scatter(const T* x, const int64_t* index, int64_t n, bool add, T* out) {
  if (add)
    for (int64_t i = 0; i < n; ++i) out[index[i]] += x[i];
  else
    for (int64_t i = 0; i < n; ++i) out[index[i]] = x[i];
}

template <class T>
constexpr PoolKernels<T> kernels_of() {
  return {.max = max<T>,
          .max_windows = max_windows<T>,
          .sum = sum<T>,
          .sum_gradient = sum_gradient<T>,
          .gather = gather<T>,
          .scatter = scatter<T>};
}

}  // namespace

extern const PoolKernels<float> pooling_f32 = kernels_of<float>();
extern const PoolKernels<double> pooling_f64 = kernels_of<double>();

}  // namespace tapehead::kernels::TAPEHEAD_ISA
