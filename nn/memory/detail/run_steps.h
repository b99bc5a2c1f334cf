// The loop of machines that advance step by step.
#pragma once

#include <initializer_list>
#include <utility>

#include "tapehead/nn/memory/machine.h"

namespace tapehead::nn::detail {

struct MachineStep {
  Tensor features;                     // [B, F], which the output is computed from
  Tensor read_weights, write_weights;  // [B, R, N], [B, H, N]
};

/// The features at the last step of each sequence, [B, F], of [B, T, F]. Throws as Machine does.
Tensor last_features(const Tensor& features, const Tensor& lengths);

/// Throws ValueError for a size below 1, by the names of the model and of the size.
void check_sizes(const char* model, std::initializer_list<std::pair<const char*, int64_t>> sizes);
/// Throws ShapeError unless x is [B, channels].
void check_step(const char* model, const Tensor& x, int64_t channels);
/// Throws ShapeError unless x is [B, T, channels] with a step at least.
void check_sequence(const Tensor& x, int64_t channels);

/// Runs `step` over x [B, T, C]; y = out(features), of all steps as one product.
MachineOutput run_steps(const Tensor& x, const MachineOptions& options, const AnyLayer& out,
                        const std::function<MachineStep(const Tensor& x)>& step);

}  // namespace tapehead::nn::detail
