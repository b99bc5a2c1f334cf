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
/// All matrix products go through this function. Results depend on shapes alone, so they are
/// bit-for-bit reproducible for any number of threads.
void gemm(DType dtype, int64_t m, int64_t n, int64_t k, Matrix a, Matrix b, void* c, int64_t row,
          int beta = 0);

/// Computes `batch` products; the operands of consecutive products are *_step elements apart.
void gemm_batched(DType dtype, int64_t batch, int64_t m, int64_t n, int64_t k, Matrix a,
                  int64_t a_step, Matrix b, int64_t b_step, void* c, int64_t c_step, int64_t row,
                  int beta = 0);

}  // namespace tapehead::core
