// The state of optimizers, schedules and averages, for checkpoints.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tapehead/core/tensor.h"

namespace tapehead::optim {

/// Named tensors and numbers: a checkpoint writes them and load() takes them back, bit for bit.
struct StateDict {
  std::vector<std::pair<std::string, Tensor>> tensors = {};
  std::vector<std::pair<std::string, double>> numbers = {};
};

namespace detail {

/// State is f64 for f64 parameters and f32 for the others.
inline DType state_type(DType parameter) { return parameter == f64 ? f64 : f32; }

}  // namespace detail
}  // namespace tapehead::optim
