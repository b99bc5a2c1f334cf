// How memory networks look at what they read.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead::nn::detail {

/// The softmax over the memories of each story, by scores [B, M], of which `counts` i64 [B] are no
/// padding (undefined: all), and over the slots without a memory up to `slots`, whose scores are 0;
/// 0: there are no such. What goes to them is left out: [B, M] that sum to at most 1.
Tensor look(const Tensor& scores, const Tensor& counts, int64_t slots);

}  // namespace tapehead::nn::detail
