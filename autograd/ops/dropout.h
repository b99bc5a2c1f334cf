// Dropout of floating tensors; the result has the shape of x. Others throw DTypeError.
#pragma once

#include "tapehead/core/random.h"
#include "tapehead/core/tensor.h"

namespace tapehead {

/// Sets each element to 0 with probability p and scales the others by 1 / (1 - p); returns x itself
/// if not training. Floating types only. Throws ValueError if p is outside 0..1. Srivastava et al.
/// 2014.
/// Example: dropout(ones({8, 64}), 0.1)  // shape [8, 64]
Tensor dropout(const Tensor& x, double p, bool training = true,
               Generator& generator = default_generator());

// Other kinds (ops/channel_dropout.cpp); they throw as dropout().

/// Drops whole channels of x [B, C, L] or [C, L]. Tompson et al. 2015.
/// Example: dropout1d(randn({8, 16, 100}), 0.2)  // shape [8, 16, 100]
Tensor dropout1d(const Tensor& x, double p = 0.5, bool training = true,
                 Generator& generator = default_generator());
/// Drops whole channels of x [B, C, H, W] or [C, H, W].
/// Example: dropout2d(randn({8, 16, 28, 28}), 0.2)  // shape [8, 16, 28, 28]
Tensor dropout2d(const Tensor& x, double p = 0.5, bool training = true,
                 Generator& generator = default_generator());
/// Drops whole channels of x [B, C, D, H, W] or [C, D, H, W].
/// Example: dropout3d(randn({8, 16, 4, 8, 8}), 0.2)  // shape [8, 16, 4, 8, 8]
Tensor dropout3d(const Tensor& x, double p = 0.5, bool training = true,
                 Generator& generator = default_generator());
/// Dropout that keeps mean 0 and variance 1: dropped elements get the limit of SELU instead of 0,
/// and all are scaled and shifted. With p = 1 the result is 0. Klambauer et al. 2017.
/// Example: alpha_dropout(selu(randn({8, 64})), 0.1)  // shape [8, 64]
Tensor alpha_dropout(const Tensor& x, double p = 0.5, bool training = true,
                     Generator& generator = default_generator());
/// alpha_dropout() of whole channels of x [B, C, ...].
/// Example: feature_alpha_dropout(selu(randn({8, 16, 100})), 0.1)  // shape [8, 16, 100]
Tensor feature_alpha_dropout(const Tensor& x, double p = 0.5, bool training = true,
                             Generator& generator = default_generator());

}  // namespace tapehead
