// Initial values of parameters.
#pragma once

#include <functional>

#include "tapehead/core/random.h"

namespace tapehead::nn {

/// Initializes a new parameter in place.
using Init = std::function<void(const Tensor& parameter, Generator& generator)>;

namespace init {

// A weight [out, in, ...] has fan_in = in * rest and fan_out = out * rest, where `rest` is the
// product of the further sizes. For a vector, both are its size.

Init zeros();
Init ones();
Init constant(double value);
Init uniform(double from, double to);
Init normal(double std = 1, double mean = 0);
/// Normal; values outside mean ± 2 std are redrawn.
Init truncated_normal(double std = 0.02, double mean = 0);
/// Uniform in ± gain sqrt(6 / (fan_in + fan_out)): Glorot and Bengio 2010.
Init xavier_uniform(double gain = 1);
/// Normal with std gain sqrt(2 / (fan_in + fan_out)).
Init xavier_normal(double gain = 1);
/// Uniform in ± sqrt(6 / ((1 + a²) fan_in)): He et al. 2015. `a` is the negative slope of
/// leaky_relu.
Init kaiming_uniform(double a = 0);
/// Normal with std sqrt(2 / ((1 + a²) fan_in)).
Init kaiming_normal(double a = 0);
/// A random matrix with orthonormal rows, or columns if there are fewer of them, times gain: Saxe
/// et al. 2014. Parameters with more than two axes are flattened to [out, rest]. Throws ShapeError
/// for fewer than two axes.
Init orthogonal(double gain = 1);
/// Uniform in ± 1 / sqrt(fan_in): PyTorch's default for linear layers.
Init fan_in_uniform();

}  // namespace init
}  // namespace tapehead::nn
