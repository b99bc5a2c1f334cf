// The transformations of Winograd's minimal filtering (Lavin and Gray 2016, "Fast Algorithms for
// Convolutional Neural Networks", F(2x2, 3x3)): a tile of 2 x 2 results is computed with 16 instead
// of 36 products per pair of channels.
#pragma once

#include <cstdint>

#include "tapehead/core/kernels/family.h"

namespace tapehead::kernels {

inline constexpr int kWinogradPoints = 16;  // elements of a transformed tile

template <class T>
struct WinogradKernels {
  /// u[k, o, c] = (G w G')[k] for the filters at w + o * out_step + c * in_step, 3 x 3, reversed if
  /// `flip`.
  void (*filters)(const T* w, int64_t out, int64_t out_step, int64_t in, int64_t in_step, bool flip,
                  T* u);
  /// v[k * step + i * n + j] = (B' x B)[k] for tile j of n in row i of `rows` tiles: the 4 x 4
  /// elements from row 2 i and column 2 j on of x, whose rows are `pitch` elements apart.
  void (*input)(const T* x, int64_t pitch, int64_t rows, int64_t n, T* v, int64_t step);
  /// y = A' m A + bias for y [rows, columns], contiguous, and tiles m[k * step + i * n + j], where
  /// n is half of the columns, rounded up.
  void (*output)(const T* m, int64_t step, T bias, int64_t rows, int64_t columns, T* y);
};

}  // namespace tapehead::kernels

TAPEHEAD_KERNELS_WIDE(winograd, WinogradKernels, "conv2d conv_transpose2d")
