// A type-erased layer.
#pragma once

#include <functional>

#include "tapehead/core/tensor.h"

namespace tapehead::nn {

/// A layer that maps a tensor to a tensor: Linear, LayerNorm, FeedForward, or your own. Sublayers
/// have this type, so that they can be wrapped or replaced:
///
///   nn::AnyLayer& q = gpt.layers[0]->attention.q;
///   q.target<nn::Linear>()->weight;       // access the layer
///   q = Lora(params / "lora", q, 8);      // replace it
using AnyLayer = std::function<Tensor(const Tensor& x)>;

}  // namespace tapehead::nn
