// A layer of any type.
#pragma once

#include <functional>

#include "tapehead/core/tensor.h"

namespace tapehead::nn {

/// A layer from a tensor to a tensor: Linear, LayerNorm, FeedForward, or a struct of the user's.
/// Parts of layers have this type, so that they can be wrapped or replaced:
///
///   nn::AnyLayer& q = gpt.layers[0].attention.q;
///   q.target<nn::Linear>()->weight;       // the layer that it holds
///   q = Lora(params / "lora", q, 8);      // another one in its place
using AnyLayer = std::function<Tensor(const Tensor& x)>;

}  // namespace tapehead::nn
