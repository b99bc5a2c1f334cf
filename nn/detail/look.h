// Attention of memory networks.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead::nn::detail {

/// Attention over the memories of each story: the softmax of scores [B, M], where only the first
/// `counts` i64 [B] memories are not padding (undefined: all). If a story has fewer than `slots`
/// memories, the softmax includes the empty slots, with a score of 0; their weights are dropped, so
/// that rows of the result, [B, M], sum to at most 1. With `slots` = 0 there are none.
Tensor look(const Tensor& scores, const Tensor& counts, int64_t slots);

}  // namespace tapehead::nn::detail
