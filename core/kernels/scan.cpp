#include "tapehead/core/kernels/scan.h"

#include "tapehead/core/kernels/loops.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

constexpr int64_t kColumns = ScanKernels::kColumns;

struct Plus {
  static constexpr int kIdentity = 0;
  template <class V>
  static void join(V& a, const V& b) {
    a = a + b;
  }
};
struct Times {
  static constexpr int kIdentity = 1;
  template <class V>
  static void join(V& a, const V& b) {
    a = a * b;
  }
};

// Scans one contiguous row of floats, eight elements at a time: as two vectors of four, in each of
// which the elements are combined with those one and two positions before. Only one step of eight
// depends on the previous eight. The order is the same under every instruction set. Returns the
// number of elements done.
template <class T, class Acc, class Op, bool kFromEnd>
inline int64_t scan_blocks(const T* x, T* out, int64_t n, Acc& total) {
  using Wide [[gnu::vector_size(4 * sizeof(Acc))]] = Acc;
  using Narrow [[gnu::vector_size(4 * sizeof(T)), gnu::aligned(alignof(T)), gnu::may_alias]] = T;
  const Acc one = Op::kIdentity;
  const Wide identity = {one, one, one, one};
  Wide carry = {total, total, total, total};
  int64_t i = 0;
  for (; i + 8 <= n; i += 8) {
    Wide v[2];
    for (int half = 0; half < 2; ++half) {
      const int64_t at = kFromEnd ? -i - 4 * half - 3 : i + 4 * half;
      v[half] = __builtin_convertvector(*reinterpret_cast<const Narrow*>(x + at), Wide);
      if constexpr (kFromEnd) v[half] = __builtin_shufflevector(v[half], v[half], 3, 2, 1, 0);
      Op::join(v[half], __builtin_shufflevector(v[half], identity, 4, 0, 1, 2));
      Op::join(v[half], __builtin_shufflevector(v[half], identity, 4, 4, 0, 1));
    }
    Op::join(v[1], __builtin_shufflevector(v[0], v[0], 3, 3, 3, 3));
    for (int half = 0; half < 2; ++half) {
      Wide y = carry;
      Op::join(y, v[half]);
      if constexpr (kFromEnd) y = __builtin_shufflevector(y, y, 3, 2, 1, 0);
      const int64_t at = kFromEnd ? -i - 4 * half - 3 : i + 4 * half;
      *reinterpret_cast<Narrow*>(out + at) = __builtin_convertvector(y, Narrow);
    }
    Op::join(carry, __builtin_shufflevector(v[1], v[1], 3, 3, 3, 3));
  }
  total = carry[0];
  return i;
}

template <class T, class Acc, class Op>
void scan(const void* x_, void* out_, int64_t n, int64_t stride, int64_t columns) {
  const T* x = static_cast<const T*>(x_);
  T* out = static_cast<T*>(out_);
  if (columns == 1) {
    Acc total = Op::kIdentity;
    int64_t i = 0;
    if constexpr (floating(dtype_of<T>())) {
      if (stride == 1) i = scan_blocks<T, Acc, Op, false>(x, out, n, total);
      if (stride == -1) i = scan_blocks<T, Acc, Op, true>(x, out, n, total);
    }
    for (; i < n; ++i) {
      Op::join(total, static_cast<Acc>(x[i * stride]));
      out[i * stride] = static_cast<T>(total);
    }
    return;
  }
  Acc totals[kColumns];
  for (Acc& total : totals) total = Op::kIdentity;
  for (int64_t i = 0; i < n; ++i, x += stride, out += stride) {
#pragma GCC ivdep
    for (int64_t c = 0; c < columns; ++c) {
      Op::join(totals[c], static_cast<Acc>(x[c]));
      out[c] = static_cast<T>(totals[c]);
    }
  }
}

// Keeps the largest element so far, and the sum of exp(x - largest).
template <class T>
void log_sums(const void* x_, void* out_, int64_t n, int64_t stride, int64_t columns) {
  const T* x = static_cast<const T*>(x_);
  T* out = static_cast<T*>(out_);
  T largest[kColumns];
  double sums[kColumns];
  for (int64_t c = 0; c < columns; ++c) largest[c] = -__builtin_inff(), sums[c] = 0;
  for (int64_t i = 0; i < n; ++i, x += stride, out += stride) {
#pragma GCC ivdep
    for (int64_t c = 0; c < columns; ++c) {
      const T a = x[c], b = largest[c];
      const T distance = a == b ? T(0) : absolute(a - b);  // also of equal infinities
      const double term = exp_of(-distance);
      const bool larger = a > b;
      sums[c] = larger ? sums[c] * term + 1 : sums[c] + term;
      largest[c] = larger ? a : b;
      out[c] = largest[c] + log_of(static_cast<T>(sums[c]));
    }
  }
}

template <bool kMax, class T>
inline bool replaces(T x, T best) {
  if (is_nan(x)) return true;
  return kMax ? x >= best : x <= best;
}

// Most blocks of a long row hold no new extremum.
template <bool kMax, class T>
inline void extremes_of_row(const T* x, T* out, int64_t* at, int64_t n, int64_t stride) {
  constexpr int64_t kBlock = 16;
  T best = x[0];
  int64_t best_at = 0;
  for (int64_t i = 0; i < n;) {
    if (stride == 1 && i + kBlock <= n) {
      int replaced = 0;
      for (int64_t j = 0; j < kBlock; ++j) replaced |= replaces<kMax>(x[i + j], best);
      if (!replaced) {
        for (int64_t j = 0; j < kBlock; ++j) out[i + j] = best;
        for (int64_t j = 0; j < kBlock; ++j) at[i + j] = best_at;
        i += kBlock;
        continue;
      }
    }
    for (const int64_t end = i + kBlock < n ? i + kBlock : n; i < end; ++i) {
      if (replaces<kMax>(x[i * stride], best)) best = x[i * stride], best_at = i;
      out[i * stride] = best;
      at[i * stride] = stride < 0 ? n - 1 - best_at : best_at;
    }
  }
}

template <bool kMax, class T>
void extremes(const void* x_, void* out_, int64_t* at, int64_t n, int64_t stride, int64_t columns) {
  const T* x = static_cast<const T*>(x_);
  T* out = static_cast<T*>(out_);
  if (columns == 1) {
    extremes_of_row<kMax>(x, out, at, n, stride);
    return;
  }
  T best[kColumns];
  int64_t best_at[kColumns];
  for (int64_t c = 0; c < columns; ++c) best[c] = x[c];
  for (int64_t i = 0; i < n; ++i, x += stride, out += stride, at += stride) {
    const int64_t position = stride < 0 ? n - 1 - i : i;
#pragma GCC ivdep
    for (int64_t c = 0; c < columns; ++c) {
      const bool replaced = replaces<kMax>(x[c], best[c]);
      best[c] = replaced ? x[c] : best[c];
      best_at[c] = replaced ? position : best_at[c];
      out[c] = best[c];
      at[c] = best_at[c];
    }
  }
}

template <class T>
void recurrence(const void* x_, const void* factors_, void* out_, int64_t n, int64_t stride,
                int64_t columns) {
  const T *x = static_cast<const T*>(x_), *factors = static_cast<const T*>(factors_);
  T* out = static_cast<T*>(out_);
  double last[kColumns];
  for (int64_t c = 0; c < columns; ++c) last[c] = out[c] = x[c];
  if (columns == 1) {  // keeps it in a register
    double y = x[0];
    for (int64_t i = 1; i < n; ++i) {
      y = x[i * stride] + factors[i * stride] * y;
      out[i * stride] = static_cast<T>(y);
    }
    return;
  }
  for (int64_t i = 1; i < n; ++i) {
    x += stride, factors += stride, out += stride;
#pragma GCC ivdep
    for (int64_t c = 0; c < columns; ++c) {
      last[c] = x[c] + factors[c] * last[c];
      out[c] = static_cast<T>(last[c]);
    }
  }
}

}  // namespace

extern const ScanKernels scan_kernels = {
    {scan<float, double, Plus>, scan<double, double, Plus>, scan<int64_t, uint64_t, Plus>},
    {scan<float, double, Times>, scan<double, double, Times>, scan<int64_t, uint64_t, Times>},
    {log_sums<float>, log_sums<double>},
    {{extremes<true, float>, extremes<true, double>, extremes<true, int64_t>},
     {extremes<false, float>, extremes<false, double>, extremes<false, int64_t>}},
    {recurrence<float>, recurrence<double>}};

}  // namespace tapehead::kernels::TAPEHEAD_ISA
