// The temporal links of the Differentiable Neural Computer as one op.
#pragma once

#include <vector>

#include "tapehead/core/tensor.h"

namespace tapehead::nn::detail {

/// links [B, N, N], precedence and written [B, N], read [B, R, N] to the next links, and where they
/// lead backward and forward, [B, R, N]: the formulas of follow_links(), as plain ops ...
std::vector<Tensor> plain_links(const std::vector<Tensor>& in);
/// ... and in one pass over the links, which are all that it keeps of size N N.
std::vector<Tensor> fused_links(const std::vector<Tensor>& in);

}  // namespace tapehead::nn::detail
