// Two-pass reductions over blocks of elements: variance, logsumexp.
//
// A functor F<C>, where C is the type of the computation, has
//   first(acc, x)             first pass: a sum, or the maximum
//   pivot(acc, n)             the reference value for the second pass
//   second(acc, x, pivot)     second pass: a sum
//   Total                     the result of joined blocks
//   of(n, acc, pivot, second) the total of one block
//   join(total, total), finish(total, n, arg)
#include "tapehead/core/kernels/reduce_tile.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

// The count, the mean and the sum of squared deviations from it, joined as in Chan, Golub and
// LeVeque 1979.
struct Moments {
  double count, mean, squares;
};

template <class T>
struct var {
  using C = Compute<T>;
  using Tile = var;
  using Total = Moments;
  using Out = T;
  static constexpr bool kSums = true;
  static C first(C acc, C x) { return acc + x; }
  static C pivot(C acc, int64_t n) { return acc / static_cast<C>(n); }
  static C second(C acc, C x, C mean) { return acc + (x - mean) * (x - mean); }
  static Total start() { return {0, 0, 0}; }
  static Total of(int64_t n, C /*sum*/, C mean, C squares) {
    return {static_cast<double>(n), static_cast<double>(mean), static_cast<double>(squares)};
  }
  static Total join(Total a, Total b) {
    const double count = a.count + b.count, apart = b.mean - a.mean;
    if (count == 0) return a;
    return {count, a.mean + apart * b.count / count,
            a.squares + b.squares + apart * apart * a.count * b.count / count};
  }
  static C finish(Total total, double n, double correction) {
    const double freedom = n > correction ? n - correction : 0;
    return static_cast<C>(total.squares / freedom);
  }
};

template <class T>
struct stddev : var<T> {
  using C = typename var<T>::C;
  using Tile = var<T>;
  static C finish(Moments total, double n, double correction) {
    const double freedom = n > correction ? n - correction : 0;
    return static_cast<C>(__builtin_sqrt(total.squares / freedom));
  }
};

// The sum of exp(x - shift), where shift is the maximum. A block with an infinite maximum sums
// exp(x) instead: 0 for all -inf, inf if there is +inf, NaN if there is NaN.
struct ShiftedSum {
  double shift, sum;
};

template <class T>
struct logsumexp {
  using C = Compute<T>;
  using Tile = logsumexp;
  using Total = ShiftedSum;
  using Out = T;
  static constexpr bool kSums = false;
  static C first(C acc, C x) { return x > acc ? x : acc; }
  static C pivot(C largest, int64_t) { return __builtin_isinf(largest) ? C(0) : largest; }
  static C second(C acc, C x, C shift) { return acc + exp_of(x - shift); }
  static Total start() { return {-__builtin_inf(), 0}; }
  static Total of(int64_t, C largest, C /*pivot*/, C sum) {
    return {static_cast<double>(largest), static_cast<double>(sum)};
  }
  static double shifted(Total t, double shift) {  // the shifts may be equal infinities
    return t.shift == shift ? t.sum : t.sum * __builtin_exp(t.shift - shift);
  }
  static Total join(Total a, Total b) {
    const double shift = a.shift > b.shift ? a.shift : b.shift;
    return {shift, shifted(a, shift) + shifted(b, shift)};
  }
  static C finish(Total total, double, double) {
    return static_cast<C>(total.shift + __builtin_log(total.sum));
  }
};

// Up to kRowBlock elements of a row; `load` returns the i-th.
template <class F, class Load>
inline typename F::Total row_block(int64_t n, Load load) {
  using C = typename F::C;
  C top;
  if constexpr (F::kSums) top = static_cast<C>(row_sum<C>(n, load));
  else top = row_max<C>(n, load);
  const C pivot = F::pivot(top, n);
  const double sum = row_sum<C>(n, [=](int64_t i) { return F::second(C(0), load(i), pivot); });
  return F::of(n, top, pivot, static_cast<C>(sum));
}

// Up to kRowsAtOnce rows of up to kColBlock contiguous columns.
template <class T, class F>
inline void column_block(const char* x, int64_t rows, int64_t cols, int64_t stride,
                         typename F::Total* totals) {
  using C = typename F::C;
  C top[kColBlock], pivot[kColBlock], acc[kColBlock];
  const auto row = [=](int64_t r) { return reinterpret_cast<const T*>(x + r * stride); };
  for (int64_t c = 0; c < cols; ++c) top[c] = C(row(0)[c]);
  for (int64_t r = 1; r < rows; ++r)
    for (int64_t c = 0; c < cols; ++c) top[c] = F::first(top[c], C(row(r)[c]));
  for (int64_t c = 0; c < cols; ++c) pivot[c] = F::pivot(top[c], rows), acc[c] = 0;
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < cols; ++c) acc[c] = F::second(acc[c], C(row(r)[c]), pivot[c]);
  for (int64_t c = 0; c < cols; ++c)
    totals[c] = F::join(totals[c], F::of(rows, top[c], pivot[c], acc[c]));
}

template <class T, class F>
void two_pass_tile(const char* x, int64_t rows, int64_t cols, int64_t row_stride,
                   int64_t col_stride, void* totals_) {
  using C = typename F::C;
  auto* totals = static_cast<typename F::Total*>(totals_);
  if (col_stride == sizeof(T) && cols > 1) {
    for (int64_t c = 0; c < cols; c += kColBlock)
      for (int64_t r = 0; r < rows; r += kRowsAtOnce)
        column_block<T, F>(x + r * row_stride + c * col_stride,
                           rows - r < kRowsAtOnce ? rows - r : kRowsAtOnce,
                           cols - c < kColBlock ? cols - c : kColBlock, row_stride, totals + c);
    return;
  }
  for (int64_t c = 0; c < cols; ++c)
    for (int64_t r = 0; r < rows; r += kRowBlock) {
      const char* at = x + c * col_stride + r * row_stride;
      const int64_t count = rows - r < kRowBlock ? rows - r : kRowBlock;
      const T* side_by_side = reinterpret_cast<const T*>(at);
      const auto block = row_stride == sizeof(T)
                             ? row_block<F>(count, [=](int64_t i) { return C(side_by_side[i]); })
                             : row_block<F>(count, [=](int64_t i) {
                                 return C(*reinterpret_cast<const T*>(at + i * row_stride));
                               });
      totals[c] = F::join(totals[c], block);
    }
}

template <class T, template <class> class F, auto kTypes>
constexpr Reducer two_pass() {
  if constexpr (kTypes(dtype_of<T>()))
    return reducer_of<F<T>>(two_pass_tile<T, typename F<T>::Tile>);
  else return {};
}

}  // namespace

#define TAPEHEAD_REDUCERS(name, types, ...)                                               \
  {two_pass<float, name, kernels::types>(),    two_pass<double, name, kernels::types>(),  \
   two_pass<bfloat16, name, kernels::types>(), two_pass<int64_t, name, kernels::types>(), \
   two_pass<int32_t, name, kernels::types>(),  two_pass<uint8_t, name, kernels::types>(), \
   two_pass<bool, name, kernels::types>()},
extern const TwoPassKernels two_pass_kernels = {{TAPEHEAD_TWO_PASS_KERNELS(TAPEHEAD_REDUCERS)}};

}  // namespace tapehead::kernels::TAPEHEAD_ISA
