// Matrix products.
#pragma once

#include <cstdint>

#include "tapehead/core/dtype.h"

namespace tapehead::core {

/// A row-major matrix in memory, or its transpose: element (i, j) is at data[i * row + j * column],
/// with one of the strides 1 and the other at least the size it skips.
struct Matrix {
  const void* data;
  int64_t row, column;
};

/// c [m, n] = a [m, k] b [k, n] + beta c, with c row-major of `row` elements a row. beta is 0 or 1;
/// with 0 what c held is not read. f32, f64, bf16 (summed in f32), i64 and i32.
///
/// The one entry to matrix products. The result's bits depend on shapes alone, not on the threads.
void gemm(DType dtype, int64_t m, int64_t n, int64_t k, Matrix a, Matrix b, void* c, int64_t row,
          int beta = 0);

/// `batch` products at once; steps are in elements between one product's operands and the next's.
void gemm_batched(DType dtype, int64_t batch, int64_t m, int64_t n, int64_t k, Matrix a,
                  int64_t a_step, Matrix b, int64_t b_step, void* c, int64_t c_step, int64_t row,
                  int beta = 0);

}  // namespace tapehead::core
