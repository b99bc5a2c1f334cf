// Activations. Operands are floating unless stated otherwise.
#pragma once

#include "tapehead/core/random.h"
#include "tapehead/core/tensor.h"

namespace tapehead {

/// max(x, 0). Also for integers.
Tensor relu(const Tensor& x);
/// x if x > 0, else slope x.
Tensor leaky_relu(const Tensor& x, double slope = 0.01);
/// x if x > 0, else alpha (exp(x) - 1). Clevert et al. 2016.
Tensor elu(const Tensor& x, double alpha = 1);
/// elu with alpha (exp(x / alpha) - 1) below 0 (Barron, arXiv:1704.07483). Throws ValueError if
/// alpha is 0.
Tensor celu(const Tensor& x, double alpha = 1);
/// The elu with alpha = 1.6733, scaled by 1.0507, of self-normalizing networks (Klambauer et al.
/// 2017).
Tensor selu(const Tensor& x);
/// x if x > 0, else weight x, where the weight is [] or [1], or [C] with one weight for each
/// position of axis 1 of x. Throws ShapeError for other shapes. He et al. 2015.
Tensor prelu(const Tensor& x, const Tensor& weight);
/// leaky_relu, whose slope is drawn for each element uniformly from [lower, upper) if training, and
/// is their mean otherwise. Throws ValueError if lower > upper. Xu et al. 2015.
Tensor rrelu(const Tensor& x, double lower = 1.0 / 8, double upper = 1.0 / 3, bool training = false,
             Generator& generator = default_generator());
/// Limits x to [low, high]. The gradient is 0 outside and at the bounds. Throws ValueError unless
/// low < high.
Tensor hardtanh(const Tensor& x, double low = -1, double high = 1);
/// hardtanh(x, 0, 6)
Tensor relu6(const Tensor& x);
/// min(max(x + 3, 0), 6) / 6. The gradient is 0 at -3 and 3.
Tensor hardsigmoid(const Tensor& x);
/// x hardsigmoid(x) (Howard et al. 2019). The gradient is 0 at -3 and 1 at 3.
Tensor hardswish(const Tensor& x);
/// 0 if |x| <= lambd, else x.
Tensor hardshrink(const Tensor& x, double lambd = 0.5);
/// x moved towards 0 by lambd, and 0 if |x| <= lambd. Throws ValueError if lambd is negative.
Tensor softshrink(const Tensor& x, double lambd = 0.5);
/// x - tanh(x)
Tensor tanhshrink(const Tensor& x);
/// x if x > threshold, else value.
Tensor threshold(const Tensor& x, double threshold, double value);
/// x / (1 + |x|)
Tensor softsign(const Tensor& x);
/// The hyperbolic tangent. Integers are converted to f32.
Tensor tanh(const Tensor& x);
/// 1 / (1 + exp(-x)). Integers are converted to f32.
Tensor sigmoid(const Tensor& x);
/// log(sigmoid(x)), without overflow or cancellation.
Tensor log_sigmoid(const Tensor& x);
/// log(1 + exp(beta x)) / beta, without overflow. Throws ValueError unless beta > 0.
Tensor softplus(const Tensor& x, double beta = 1);
/// x sigmoid(x), also called swish (Ramachandran et al. 2017).
Tensor silu(const Tensor& x);
/// x tanh(softplus(x)) (Misra, arXiv:1908.08681).
Tensor mish(const Tensor& x);
/// a sigmoid(b), where a and b are the halves of x along the axis. Throws ShapeError if its size is
/// odd. Dauphin et al. 2017.
Tensor glu(const Tensor& x, int64_t axis = -1);
/// x Phi(x), with the standard normal distribution function Phi (Hendrycks and Gimpel,
/// arXiv:1606.08415).
Tensor gelu(const Tensor& x);
/// The tanh approximation of gelu, as in GPT-2; approximate="tanh" in PyTorch.
Tensor gelu_tanh(const Tensor& x);

}  // namespace tapehead
