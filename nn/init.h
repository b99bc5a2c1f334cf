// Initial values of parameters.
#pragma once

#include <cstdint>
#include <functional>

#include "tapehead/core/random.h"

namespace tapehead::nn {

/// Initializes a new parameter in place.
using Init = std::function<void(const Tensor& parameter, Generator& generator)>;

namespace init {

/// Which variance is kept.
enum class FanMode {
  fan_in,  ///< keeps the variance of activations in the forward pass
  fan_out  ///< that of gradients in the backward pass
};

/// The function that follows a layer.
enum class Nonlinearity { linear, sigmoid, tanh, relu, leaky_relu, selu };

/// PyTorch's recommended factor of the initial values before a nonlinearity: 1 for linear and
/// sigmoid, 5 / 3 for tanh, sqrt(2) for relu, sqrt(2 / (1 + param²)) for leaky_relu, whose negative
/// slope is `param`, and 3 / 4 for selu.
double calculate_gain(Nonlinearity nonlinearity, double param = 0.01);

// A weight [out, in, ...] has fan_in = in * rest and fan_out = out * rest, where `rest` is the
// product of the further sizes. For a vector, both are its size.

/// All 0.
Init zeros();
/// All 1.
Init ones();
/// All `value`.
Init constant(double value);
/// The elements of `values`, whose shape must be the parameter's.
Init copy_of(const Tensor& values);
/// Uniform in [from, to).
Init uniform(double from, double to);
/// Normal, with this standard deviation and mean.
Init normal(double std = 1, double mean = 0);
/// Normal; values outside mean ± 2 std are redrawn.
Init truncated_normal(double std = 0.02, double mean = 0);
/// Normal; values outside [a, b] are redrawn. The arguments of PyTorch's trunc_normal_.
Init trunc_normal(double mean = 0, double std = 1, double a = -2, double b = 2);
/// Uniform in ± gain sqrt(6 / (fan_in + fan_out)): Glorot and Bengio 2010.
Init xavier_uniform(double gain = 1);
/// Normal with std gain sqrt(2 / (fan_in + fan_out)).
Init xavier_normal(double gain = 1);
/// Uniform in ± gain sqrt(3 / fan), where gain = calculate_gain(nonlinearity, a): He et al. 2015.
Init kaiming_uniform(double a = 0, FanMode mode = FanMode::fan_in,
                     Nonlinearity nonlinearity = Nonlinearity::leaky_relu);
/// Normal with std gain / sqrt(fan).
Init kaiming_normal(double a = 0, FanMode mode = FanMode::fan_in,
                    Nonlinearity nonlinearity = Nonlinearity::leaky_relu);
/// A random matrix with orthonormal rows, or columns if there are fewer of them, times gain: Saxe
/// et al. 2014. Parameters with more than two axes are flattened to [out, rest]. Throws ShapeError
/// for fewer than two axes.
Init orthogonal(double gain = 1);
/// Uniform in ± 1 / sqrt(fan_in): PyTorch's default for linear layers.
Init fan_in_uniform();
/// A matrix with ones on the diagonal and zeros elsewhere. Throws ShapeError for other parameters.
Init eye();
/// A convolution [out, in, ...] of one to three axes that returns its input, in as many channels as
/// possible: 1 at the centre of weight[i, i], for each of the groups of the out channels by itself.
/// Throws ShapeError for other parameters, ValueError if `groups` does not divide `out`.
Init dirac(int64_t groups = 1);
/// A matrix whose columns have a part `sparsity`, rounded up, of zeros at random rows; other
/// elements are normal with the given std: Martens 2010. Throws ShapeError for other parameters,
/// ValueError unless 0 <= sparsity <= 1.
Init sparse(double sparsity, double std = 0.01);

}  // namespace init
}  // namespace tapehead::nn
