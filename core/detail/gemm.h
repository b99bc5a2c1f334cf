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
/// if it is 0, c is not read. Types: f32, f64, bf16 and f16 (accumulated in f32), and i64, i32, i16
/// and i8 (modulo 2^bits).
///
/// Most f32 and bf16 products have kernels of the library's own where the CPU has AVX2 and FMA.
/// OpenBLAS computes the others, and all if the environment variable TAPEHEAD_GEMM is "openblas".
/// With few rows (16, or 48 if columns of b are contiguous and long), b is read once, where it is.
///
/// All matrix products go through these functions. Results depend on shapes alone, so they are
/// bit-for-bit reproducible for any number of threads.
void gemm(DType dtype, int64_t m, int64_t n, int64_t k, Matrix a, Matrix b, void* c, int64_t row,
          int beta = 0);

/// Computes `batch` products; the operands of consecutive products are *_step elements apart.
void gemm_batched(DType dtype, int64_t batch, int64_t m, int64_t n, int64_t k, Matrix a,
                  int64_t a_step, Matrix b, int64_t b_step, void* c, int64_t c_step, int64_t row,
                  int beta = 0);

/// The types of a product's operands and result, each f32 or bf16. Operands are multiplied in bf16
/// if one of them is bf16; on CPUs without instructions for that, and with few rows if b is f32, in
/// f32, without rounding them.
struct ProductTypes {
  DType a, b, c;
};

/// As gemm(), for several types, plus `bias` [n], in f32, unless it is null.
void gemm(ProductTypes types, int64_t m, int64_t n, int64_t k, Matrix a, Matrix b, void* c,
          int64_t row, int beta, const float* bias);

/// Whether a value of the environment variable TAPEHEAD_GEMM, null if it is not set, leaves all
/// products to OpenBLAS. Throws ValueError for unknown ones.
bool is_openblas_wanted(const char* value);

/// While in scope, products of f32 matrices that this thread starts are computed in bf16 where the
/// CPU has instructions for that, as with Precision::medium; not those with few rows, which would
/// take as long.
class Bf16Products {
 public:
  explicit Bf16Products(bool on);
  ~Bf16Products();
  Bf16Products(const Bf16Products&) = delete;
  Bf16Products& operator=(const Bf16Products&) = delete;

 private:
  bool before_;
};
/// Whether products of f32 matrices that this thread starts are computed in bf16.
bool multiplies_in_bf16();

/// Whether the library's own kernels compute products in f32 and bf16.
bool has_own_products();

/// A right operand that is rearranged once for several products. Where the kernels
/// have no such form, or it does not pay, it refers to the matrix, which must not change meanwhile.
class PackedMatrix {
 public:
  /// b [k, n] is of type `type`. It is multiplied by matrices of type `other`.
  PackedMatrix(DType type, DType other, int64_t k, int64_t n, Matrix b);
  ~PackedMatrix();
  PackedMatrix(const PackedMatrix&) = delete;
  PackedMatrix& operator=(const PackedMatrix&) = delete;

  /// c [m, n] = a [m, k] b + beta c + bias, where `c_type` is the type of c.
  void multiply(int64_t m, Matrix a, DType c_type, void* c, int64_t row, int beta = 0,
                const float* bias = nullptr) const;

 private:
  DType type_, other_;
  bool in_bf16_;
  int64_t k_, n_;
  Matrix b_;
  size_t bytes_ = 0;
  void* packed_ = nullptr;
};

}  // namespace tapehead::core
