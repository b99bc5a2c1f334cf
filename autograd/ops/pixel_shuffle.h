// Exchanges of elements between channels and positions.
//
// B batch, C channels, H height, W width. Any dtype.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead {

/// Rearranges [..., C r², H, W] to [..., C, H r, W r], where r is the upscale_factor: channel
/// c r² + i r + j becomes the rows i and columns j of each r x r block of channel c. Throws
/// ShapeError if r² does not divide the channels, ValueError for r < 1. Shi et al. 2016.
/// Example: pixel_shuffle(randn({8, 12, 16, 16}), 2)  // shape [8, 3, 32, 32]
Tensor pixel_shuffle(const Tensor& x, int64_t upscale_factor);
/// The inverse: [..., C, H r, W r] to [..., C r², H, W], where r is the downscale_factor. Throws
/// ShapeError if r does not divide the height and width.
/// Example: pixel_unshuffle(randn({8, 3, 32, 32}), 2)  // shape [8, 12, 16, 16]
Tensor pixel_unshuffle(const Tensor& x, int64_t downscale_factor);
/// Interleaves the channels of the groups of x [B, C, ...]: [B, groups, C / groups, ...] is
/// transposed to [B, C / groups, groups, ...]. Throws ShapeError if x has less than 3 axes or
/// groups does not divide the channels, ValueError for groups < 1. Zhang et al. 2018.
/// Example: channel_shuffle(arange(0, 6).reshape({1, 6, 1}), 2).flatten()  // [0, 3, 1, 4, 2, 5]
Tensor channel_shuffle(const Tensor& x, int64_t groups);

}  // namespace tapehead
