// A single layer in f64, with the parameters that it created.
#pragma once

#include <string>

#include "tapehead/nn/params.h"

namespace tapehead::test {

template <class Layer, class Config>
struct LayerFixture {
  nn::Params params{3};
  Layer model;
  explicit LayerFixture(const Config& config) : model(params / "m", config) { params.to(f64); }

  /// An element of a matrix parameter.
  double at(const std::string& name, int64_t row, int64_t column) const {
    return params["m." + name][row][column].item();
  }
};

}  // namespace tapehead::test
