// A stack of layers that can be replaced one by one.
#pragma once

#include <vector>

#include "tapehead/nn/any_layer.h"
#include "tapehead/nn/params.h"

namespace tapehead::nn::detail {

/// As nn::stack(), each layer in an AnyLayer.
template <class Layer, class... A>
std::vector<AnyLayer> any_stack(const Scope& scope, int64_t count, const A&... args) {
  std::vector<AnyLayer> layers;
  layers.reserve(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) layers.emplace_back(Layer(scope / i, args...));
  return layers;
}

}  // namespace tapehead::nn::detail
