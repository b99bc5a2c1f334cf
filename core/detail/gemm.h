// Matrix products.
#pragma once

#include <cstdint>

#include "tapehead/core/dtype.h"

namespace tapehead::core {

/// A row-major matrix in memory, or its transpose: element (i, j) is at data[i * row + j * column].
/// One stride is 1; the other is at least the size of the contiguous axis.
struct Matrix {
  const void* data;
  int64_t row, column;
};

/// c [m, n] = a [m, k] b [k, n] + beta c, where c is row-major with stride `row`. beta is 0 or 1;
/// if it is 0, c is not read, and a bias [n] may be added to each row. Types: f32, f64, bf16 and f16
/// (accumulated in f32), and i64, i32, i16 and i8 (modulo 2^bits).
///
/// f32 products have kernels of the library's own where the CPU has AVX2 and FMA, and for the
/// others, and if the environment variable TAPEHEAD_GEMM is "openblas", there is OpenBLAS.
///
/// All matrix products go through this function. Results depend on shapes alone, so they are
/// bit-for-bit reproducible for any number of threads.
void gemm(DType dtype, int64_t m, int64_t n, int64_t k, Matrix a, Matrix b, void* c, int64_t row,
          int beta = 0, const void* bias = nullptr);

/// Computes `batch` products; the operands of consecutive products are *_step elements apart.
void gemm_batched(DType dtype, int64_t batch, int64_t m, int64_t n, int64_t k, Matrix a,
                  int64_t a_step, Matrix b, int64_t b_step, void* c, int64_t c_step, int64_t row,
                  int beta = 0, const void* bias = nullptr);

/// A right operand that is rearranged once for several products. Where the kernels have no such
/// form, or it does not pay, it refers to the matrix, which must not change meanwhile.
class PackedMatrix {
 public:
  /// b [k, n].
  PackedMatrix(DType dtype, int64_t k, int64_t n, Matrix b);
  ~PackedMatrix();
  PackedMatrix(const PackedMatrix&) = delete;
  PackedMatrix& operator=(const PackedMatrix&) = delete;

  DType dtype() const { return dtype_; }
  int64_t k() const { return k_; }
  int64_t n() const { return n_; }

 private:
  friend void gemm(int64_t m, Matrix a, const PackedMatrix& b, void* c, int64_t row, int beta,
                   const void* bias);
  DType dtype_;
  int64_t k_, n_;
  Matrix b_;
  size_t bytes_ = 0;
  void* packed_ = nullptr;
};

/// The product of a [m, b.k()] with a packed matrix.
void gemm(int64_t m, Matrix a, const PackedMatrix& b, void* c, int64_t row, int beta = 0,
          const void* bias = nullptr);

}  // namespace tapehead::core
