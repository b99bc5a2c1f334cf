// Products with gathered rows, of which convolutions consist: the indirect convolution of Dukhan
// 2019 ("The Indirect Convolution Algorithm"), which needs no copy of the patches.
#pragma once

#include <cstdint>

#include "tapehead/core/kernels/family.h"

namespace tapehead::kernels {

/// The product of a gathered matrix and a panel of kernels::convolution<T>().width() columns:
///
///   sum_k x[row[r] + term[k]] panel[k, j]
///
/// In a convolution, the rows are positions of the result and the terms are positions of the kernel
/// in each channel; in the gradient of the weight it is the other way round.
template <class T>
struct GatheredProduct {
  const T* x;
  const int64_t* row;
  int64_t rows;
  const int64_t* term;
  int64_t terms;
  const T* panel;
  int64_t columns;  ///< of the panel that count, at least 1
};

template <class T>
struct ConvolutionKernels {
  /// The columns of a panel.
  int64_t (*width)();
  /// Copies `rows` rows of n elements, with `fill` before and after them: out[r * pitch + i] for i
  /// < before + n + after. With split > 1, element i of a row is stored at i % split * ceil((before
  /// + n + after) / split) + i / split instead, so that the elements that a stride of `split`
  /// selects are adjacent.
  void (*pad_rows)(const T* x, int64_t step, int64_t rows, int64_t before, int64_t n, int64_t after,
                   T fill, int64_t split, T* out, int64_t pitch);
  /// panel[k, j] = w[term[k] + j * step] for j < columns, else 0.
  void (*pack)(const T* w, const int64_t* term, int64_t terms, int64_t columns, int64_t step,
               T* panel);
  /// panel[k, j] = w[k + j * step] for j < columns, else 0.
  void (*pack_transposed)(const T* w, int64_t terms, int64_t columns, int64_t step, T* panel);
  /// Stores start[j] plus element [r, j] of the product at out[j * step + r], or at
  /// out[j * step + target[r]] unless target is null, for j < columns.
  void (*multiply)(const GatheredProduct<T>& p, const T* start, T* out, int64_t step,
                   const int64_t* target);
  /// Adds element [r, j] of the product to out[r * step + j], for all columns of a panel if there
  /// are more than half as many, else for the first half.
  void (*accumulate)(const GatheredProduct<T>& p, T* out, int64_t step);
};

}  // namespace tapehead::kernels

TAPEHEAD_KERNELS_WIDE(convolution, ConvolutionKernels, "conv2d conv_transpose2d")
