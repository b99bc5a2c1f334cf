// The state of optimizers, schedules and averages, for checkpoints.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tapehead/core/tensor.h"

namespace tapehead::optim {

/// Named tensors and numbers. Saving them to a checkpoint and loading them is exact, bit for bit.
struct StateDict {
  std::vector<std::pair<std::string, Tensor>> tensors = {};
  std::vector<std::pair<std::string, double>> numbers = {};
};

namespace detail {

/// The type of a parameter's state: f64 for f64 parameters, otherwise f32.
inline DType state_type(DType parameter) { return wide_type(parameter); }

}  // namespace detail
}  // namespace tapehead::optim
