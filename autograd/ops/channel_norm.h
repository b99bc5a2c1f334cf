// Normalisation of the channels of x [B, C, ...].
//
// B batch, C channels. Operands are floating; f64 is computed in f64, others in f32. Weight and
// bias, [C] or undefined, scale and shift the normalised channels. Variances are biased, those of
// running statistics unbiased.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead {

struct BatchNormFuncOptions {
  bool training = false;  ///< whether to use the statistics of x, and to update the running ones
  double momentum = 0.1;  ///< of the update: running += momentum (value - running)
  double eps = 1e-5;
};
/// (x - mean) / sqrt(var + eps) * weight + bias, with the mean and variance of each channel over
/// the batch and all positions in training; otherwise with running_mean and running_var, [C]. In
/// training these are updated in place; they may be undefined then. Throws ShapeError for sizes
/// that do not fit, and ValueError in training if channels have only one element. Ioffe and Szegedy
/// 2015.
/// Example: batch_norm(randn({8, 3, 32, 32}), {}, {}, ones({3}), zeros({3}), {.training = true})
///     // shape [8, 3, 32, 32]
Tensor batch_norm(const Tensor& x, const Tensor& running_mean, const Tensor& running_var,
                  const Tensor& weight = {}, const Tensor& bias = {},
                  const BatchNormFuncOptions& options = {});

struct InstanceNormFuncOptions {
  bool use_input_stats = true;  ///< whether to use the statistics of x, not the running ones
  double momentum = 0.1;
  double eps = 1e-5;
};
/// Normalises each channel of each sample. Running statistics, [C] or undefined, are updated with
/// the means over the batch, or used instead if use_input_stats is false. Throws as batch_norm().
/// Ulyanov et al. 2016.
/// Example: instance_norm(randn({8, 3, 32, 32}))  // shape [8, 3, 32, 32]
Tensor instance_norm(const Tensor& x, const Tensor& running_mean = {},
                     const Tensor& running_var = {}, const Tensor& weight = {},
                     const Tensor& bias = {}, const InstanceNormFuncOptions& options = {});

/// Normalises groups of C / num_groups adjacent channels of each sample. Throws ShapeError if C is
/// not a multiple of num_groups. Wu and He 2018.
/// Example: group_norm(randn({8, 6, 32, 32}), 3, ones({6}), zeros({6}))  // shape [8, 6, 32, 32]
Tensor group_norm(const Tensor& x, int64_t num_groups, const Tensor& weight = {},
                  const Tensor& bias = {}, double eps = 1e-5);

struct LocalResponseNormFuncOptions {
  double alpha = 1e-4;  ///< factor of the mean
  double beta = 0.75;   ///< exponent of the divisor
  double k = 1;         ///< constant of the divisor
};
/// x / (k + alpha mean(x²))^beta, where the mean at a channel is over the `size` channels around
/// it, with zeros for those outside. Throws ValueError for a size below 1. Krizhevsky et al. 2012.
/// Example: local_response_norm(randn({8, 16, 32, 32}), 5)  // shape [8, 16, 32, 32]
Tensor local_response_norm(const Tensor& x, int64_t size,
                           const LocalResponseNormFuncOptions& options = {});

}  // namespace tapehead
