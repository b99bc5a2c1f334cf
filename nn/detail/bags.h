// How memory networks read texts.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead::nn::detail {

/// Texts ids [..., J], padded with 0, as the sums of their words' rows of weight [V, C]: [..., C].
/// Each word counts by the factors [words, C] of its place, or all alike when they are undefined.
/// Throws ShapeError that names the model for a text of more than `words` words.
Tensor bags(const char* model, const Tensor& weight, const Tensor& ids, const Tensor& factors);

}  // namespace tapehead::nn::detail
