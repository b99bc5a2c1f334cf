// Activations. Operands are floating unless stated otherwise.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead {

/// max(x, 0). Also for integers.
Tensor relu(const Tensor& x);
/// x if x > 0, else slope x.
Tensor leaky_relu(const Tensor& x, double slope = 0.01);
/// x if x > 0, else alpha (exp(x) - 1). Clevert et al. 2016.
Tensor elu(const Tensor& x, double alpha = 1);
/// Limits x to [low, high]. The gradient is 0 outside and at the bounds. Throws ValueError unless
/// low < high.
Tensor hardtanh(const Tensor& x, double low = -1, double high = 1);
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
/// x Phi(x), with the standard normal distribution function Phi (Hendrycks and Gimpel,
/// arXiv:1606.08415).
Tensor gelu(const Tensor& x);
/// The tanh approximation of gelu, as in GPT-2; approximate="tanh" in PyTorch.
Tensor gelu_tanh(const Tensor& x);

}  // namespace tapehead
