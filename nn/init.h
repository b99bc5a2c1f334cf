// Initial values of parameters.
#pragma once

#include <functional>

#include "tapehead/core/random.h"

namespace tapehead::nn {

/// Fills a new parameter with its first values.
using Init = std::function<void(const Tensor& parameter, Generator& generator)>;

namespace init {

// Fans: a weight [out, in, ...] has fan_in = in * rest and fan_out = out * rest, a vector both its
// size.

Init zeros();
Init ones();
Init constant(double value);
Init uniform(double from, double to);
Init normal(double std = 1, double mean = 0);
/// Normal, drawn again outside of mean ± 2 std.
Init truncated_normal(double std = 0.02, double mean = 0);
/// Uniform within ± gain sqrt(6 / (fan_in + fan_out)): Glorot and Bengio 2010.
Init xavier_uniform(double gain = 1);
/// Normal with std gain sqrt(2 / (fan_in + fan_out)).
Init xavier_normal(double gain = 1);
/// Uniform within ± sqrt(6 / ((1 + a²) fan_in)): He et al. 2015. a is the slope of leaky_relu below
/// zero.
Init kaiming_uniform(double a = 0);
/// Normal with std sqrt(2 / ((1 + a²) fan_in)).
Init kaiming_normal(double a = 0);
/// Rows, or columns when there are fewer, that are orthonormal, times gain: Saxe et al. 2014.
Init orthogonal(double gain = 1);
/// Uniform within ± 1 / sqrt(fan_in): PyTorch's default for linear layers.
Init fan_in_uniform();

}  // namespace init
}  // namespace tapehead::nn
