// Matrix products: OpenBLAS where it supports the type, loops for shapes at which it is slow.
#include "tapehead/core/kernels/gemm.h"

#include <cblas.h>

#include "tapehead/core/kernels/half.h"
#include "tapehead/core/kernels/panel_elements.h"
#include "tapehead/core/kernels/row_sums.h"
#include "tapehead/core/kernels/small_products.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

using core::Matrix;
using core::Product;

inline int larger(int64_t a, int64_t b) { return static_cast<int>(a > b ? a : b); }

// The stride of a single row or column is irrelevant.
inline bool is_transposed(const Matrix& x, int64_t columns) {
  return x.column != 1 && columns != 1;
}

inline int leading(const Matrix& x, bool transposed, int64_t rows, int64_t columns) {
  return larger(transposed ? x.column : x.row, larger(transposed ? rows : columns, 1));
}
inline CBLAS_TRANSPOSE flag(bool transposed) { return transposed ? CblasTrans : CblasNoTrans; }

inline void call_gemv(CBLAS_TRANSPOSE t, int rows, int columns, const float* a, int lead,
                      const float* x, int x_step, float beta, float* y, int y_step) {
  cblas_sgemv(CblasRowMajor, t, rows, columns, 1, a, lead, x, x_step, beta, y, y_step);
}
inline void call_gemv(CBLAS_TRANSPOSE t, int rows, int columns, const double* a, int lead,
                      const double* x, int x_step, double beta, double* y, int y_step) {
  cblas_dgemv(CblasRowMajor, t, rows, columns, 1, a, lead, x, x_step, beta, y, y_step);
}
inline void call_gemm(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k, const float* a,
                      int la, const float* b, int lb, float beta, float* c, int lc) {
  cblas_sgemm(CblasRowMajor, ta, tb, m, n, k, 1, a, la, b, lb, beta, c, lc);
}
inline void call_gemm(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k, const double* a,
                      int la, const double* b, int lb, double beta, double* c, int lc) {
  cblas_dgemm(CblasRowMajor, ta, tb, m, n, k, 1, a, la, b, lb, beta, c, lc);
}

// y = A x for a rows x columns matrix A: sgemm would pack A for a single use.
template <class T>
void vector_product(const Matrix& a, int64_t rows, int64_t columns, const void* x, int64_t x_step,
                    void* y, int64_t y_step, int beta) {
  const bool t = is_transposed(a, columns);
  call_gemv(flag(t), static_cast<int>(t ? columns : rows), static_cast<int>(t ? rows : columns),
            static_cast<const T*>(a.data), leading(a, t, rows, columns), static_cast<const T*>(x),
            static_cast<int>(x_step), static_cast<T>(beta), static_cast<T*>(y),
            static_cast<int>(y_step));
}

// c (+)= a b for a row a and a column b: sgemm would pack both.
template <class T>
void dot_product(const Product& p) {
  const T *a = static_cast<const T*>(p.a.data), *b = static_cast<const T*>(p.b.data);
  const int64_t a_step = p.a.column, b_step = p.b.row, half = p.k / 2;
  double total = 0;
  if (a_step == 1 && b_step == 1) {  // two terms at a time, for two independent chains
    total = row_sum<T>(half, [=](int64_t i) { return a[i] * b[i] + a[half + i] * b[half + i]; });
    if (p.k % 2 != 0) total += static_cast<double>(a[p.k - 1] * b[p.k - 1]);
  } else {
    total = row_sum<T>(p.k, [=](int64_t i) { return a[i * a_step] * b[i * b_step]; });
  }
  T* c = static_cast<T*>(p.c);
  *c = static_cast<T>(p.beta ? static_cast<double>(*c) + total : total);
}

// c (+)= a b' for a column a and a row b.
template <class T>
TAPEHEAD_NOT_CONTRACTED void outer_product(const Product& p) {
  const T *a = static_cast<const T*>(p.a.data), *b = static_cast<const T*>(p.b.data);
  const int64_t step = p.b.column;
  for (int64_t i = 0; i < p.m; ++i) {
    T* c = static_cast<T*>(p.c) + i * p.row;
    const T x = a[i * p.a.row];
    if (p.beta && step == 1) {
#pragma GCC ivdep
      for (int64_t j = 0; j < p.n; ++j) c[j] += x * b[j];
    } else if (p.beta) {
      for (int64_t j = 0; j < p.n; ++j) c[j] += x * b[j * step];
    } else if (step == 1) {
#pragma GCC ivdep
      for (int64_t j = 0; j < p.n; ++j) c[j] = x * b[j];
    } else {
      for (int64_t j = 0; j < p.n; ++j) c[j] = x * b[j * step];
    }
  }
}

template <class T>
void plain(const Product& p, void*) {
  const T *a = static_cast<const T*>(p.a.data), *b = static_cast<const T*>(p.b.data);
  for (int64_t i = 0; i < p.m; ++i) {
    T* c = static_cast<T*>(p.c) + i * p.row;
    if (!p.beta)
      for (int64_t l = 0; l < p.n; ++l) c[l] = 0;
    for (int64_t j = 0; j < p.k; ++j) {
      const T x = a[i * p.a.row + j * p.a.column];
      for (int64_t l = 0; l < p.n; ++l)
        c[l] = static_cast<T>(wrap(c[l]) + wrap(x) * wrap(b[j * p.b.row + l * p.b.column]));
    }
  }
}

template <class T>
void blas(const Product& p, void*) {
  if (p.k == 0) return plain<T>(p, nullptr);  // gemv would not write the result
  if (p.k == 1) return outer_product<T>(p);
  if (p.m == 1 && p.n == 1) return dot_product<T>(p);
  if (p.m == 1)
    return vector_product<T>({p.b.data, p.b.column, p.b.row}, p.n, p.k, p.a.data, p.a.column, p.c,
                             1, p.beta);
  if (p.n == 1) return vector_product<T>(p.a, p.m, p.k, p.b.data, p.b.row, p.c, p.row, p.beta);
  if (suits_tile_products(p)) return tile_products<T>(p);
  // In f32, the products of row_products.h are faster, if there are any.
  if constexpr (sizeof(T) > sizeof(float) || !kHasPanels)
    if (suits_dot_products(p)) return dot_products<T>(p);
  const bool ta = is_transposed(p.a, p.k), tb = is_transposed(p.b, p.n);
  call_gemm(flag(ta), flag(tb), static_cast<int>(p.m), static_cast<int>(p.n), static_cast<int>(p.k),
            static_cast<const T*>(p.a.data), leading(p.a, ta, p.m, p.k),
            static_cast<const T*>(p.b.data), leading(p.b, tb, p.k, p.n), static_cast<T>(p.beta),
            static_cast<T*>(p.c), static_cast<int>(p.row));
}

inline void widen_row(const bfloat16* x, float* out, int64_t n) {
  for (int64_t i = 0; i < n; ++i) out[i] = x[i];
}
inline void widen_row(const float16* x, float* out, int64_t n) { widen_halves(x, out, n); }
inline void narrow_row(const float* x, bfloat16* out, int64_t n) {
  for (int64_t i = 0; i < n; ++i) out[i] = x[i];
}
inline void narrow_row(const float* x, float16* out, int64_t n) { narrow_to_halves(x, out, n); }

// Widens a matrix, in rows or, if it is transposed, columns; returns the end of the copy.
template <class T>
float* widen(const Matrix& x, int64_t rows, int64_t columns, float* out, Matrix& copy) {
  const bool by_rows = x.column == 1;
  const int64_t lines = by_rows ? rows : columns, n = by_rows ? columns : rows;
  const int64_t step = by_rows ? x.row : x.column;
  for (int64_t i = 0; i < lines; ++i)
    widen_row(static_cast<const T*>(x.data) + i * step, out + i * n, n);
  copy = by_rows ? Matrix{out, n, 1} : Matrix{out, 1, n};
  return out + rows * columns;
}

// Widens the operands to f32 and rounds the result once.
template <class T>
void through_f32(const Product& p, void* room) {
  Product wide{p.m, p.n, p.k, {}, {}, nullptr, p.n, p.beta};
  float* const b = widen<T>(p.a, p.m, p.k, static_cast<float*>(room), wide.a);
  float* const c = widen<T>(p.b, p.k, p.n, b, wide.b);
  wide.c = c;
  T* out = static_cast<T*>(p.c);
  if (p.beta)
    for (int64_t i = 0; i < p.m; ++i) widen_row(out + i * p.row, c + i * p.n, p.n);
  blas<float>(wide, nullptr);
  for (int64_t i = 0; i < p.m; ++i) narrow_row(c + i * p.n, out + i * p.row, p.n);
}
int64_t room_for_f32(const Product& p) {
  return (p.m * p.k + p.k * p.n + p.m * p.n) * static_cast<int64_t>(sizeof(float));
}

}  // namespace

extern const GemmKernels gemm_kernels = {
    .multiply = {blas<float>, blas<double>, through_f32<bfloat16>, plain<int64_t>, plain<int32_t>,
                 nullptr, nullptr, through_f32<float16>, plain<int16_t>, plain<int8_t>},
    .room = {nullptr, nullptr, room_for_f32, nullptr, nullptr, nullptr, nullptr, room_for_f32},
};

}  // namespace tapehead::kernels::TAPEHEAD_ISA
