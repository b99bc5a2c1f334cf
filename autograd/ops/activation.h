// Activations, elementwise: results have the shape and dtype of x. Operands are floating unless
// stated otherwise; others throw DTypeError.
#pragma once

#include "tapehead/core/random.h"
#include "tapehead/core/tensor.h"

namespace tapehead {

/// max(x, 0). Also for integers.
/// Example: relu(tensor({-1.0, 0.0, 2.0}))  // [0., 0., 2.]
Tensor relu(const Tensor& x);
/// x if x > 0, else slope x.
/// Example: leaky_relu(tensor({-1.0, 2.0}), 0.1)  // [-0.1, 2.0]
Tensor leaky_relu(const Tensor& x, double slope = 0.01);
/// x if x > 0, else alpha (exp(x) - 1). Clevert et al. 2016.
/// Example: elu(tensor({-1.0, 2.0}))  // [-0.6321, 2.0000]
Tensor elu(const Tensor& x, double alpha = 1);
/// elu with alpha (exp(x / alpha) - 1) below 0 (Barron, arXiv:1704.07483). Throws ValueError if
/// alpha is 0.
/// Example: celu(tensor({-1.0, 2.0}), 0.5)  // [-0.4323, 2.0000]
Tensor celu(const Tensor& x, double alpha = 1);
/// The elu with alpha = 1.6733, scaled by 1.0507, of self-normalizing networks (Klambauer et al.
/// 2017).
/// Example: selu(tensor({-1.0, 2.0}))  // [-1.1113, 2.1014]
Tensor selu(const Tensor& x);
/// x if x > 0, else weight x, where the weight is [] or [1], or [C] with one weight for each
/// position of axis 1 of x. Throws ShapeError for other shapes. He et al. 2015.
/// Example: prelu(tensor({{-1.0, 2.0}, {3.0, -4.0}}), tensor({0.1, 0.5}))
///     // [[-0.1, 2.0], [3.0, -2.0]]
Tensor prelu(const Tensor& x, const Tensor& weight);
/// leaky_relu, whose slope is drawn for each element uniformly from [lower, upper) if training, and
/// is their mean otherwise. Throws ValueError if lower > upper. Xu et al. 2015.
/// Example: rrelu(tensor({-1.0, 2.0}), 0.1, 0.3, true)  // shape [2]
Tensor rrelu(const Tensor& x, double lower = 1.0 / 8, double upper = 1.0 / 3, bool training = false,
             Generator& generator = default_generator());
/// Limits x to [low, high]. The gradient is 0 outside and at the bounds. Throws ValueError unless
/// low < high.
/// Example: hardtanh(tensor({-2.0, 0.5, 3.0}))  // [-1.0, 0.5, 1.0]
Tensor hardtanh(const Tensor& x, double low = -1, double high = 1);
/// hardtanh(x, 0, 6)
/// Example: relu6(tensor({-1.0, 3.0, 8.0}))  // [0., 3., 6.]
Tensor relu6(const Tensor& x);
/// min(max(x + 3, 0), 6) / 6. The gradient is 0 at -3 and 3.
/// Example: hardsigmoid(tensor({-4.0, 0.0, 1.5}))  // [0.00, 0.50, 0.75]
Tensor hardsigmoid(const Tensor& x);
/// x hardsigmoid(x) (Howard et al. 2019). The gradient is 0 at -3 and 1 at 3.
/// Example: hardswish(tensor({-2.0, 0.0, 1.5}))  // [-0.3333, 0.0000, 1.1250]
Tensor hardswish(const Tensor& x);
/// 0 if |x| <= lambd, else x.
/// Example: hardshrink(tensor({-1.0, 0.2, 0.7}))  // [-1.0, 0.0, 0.7]
Tensor hardshrink(const Tensor& x, double lambd = 0.5);
/// x moved towards 0 by lambd, and 0 if |x| <= lambd. Throws ValueError if lambd is negative.
/// Example: softshrink(tensor({-1.0, 0.25, 0.75}))  // [-0.50, 0.00, 0.25]
Tensor softshrink(const Tensor& x, double lambd = 0.5);
/// x - tanh(x)
/// Example: tanhshrink(tensor({-1.0, 0.0, 2.0}))  // [-0.2384, 0.0000, 1.0360]
Tensor tanhshrink(const Tensor& x);
/// x if x > threshold, else value.
/// Example: threshold(tensor({-1.0, 0.5, 2.0}), 1, -9)  // [-9., -9., 2.]
Tensor threshold(const Tensor& x, double threshold, double value);
/// x / (1 + |x|)
/// Example: softsign(tensor({-1.0, 0.0, 3.0}))  // [-0.50, 0.00, 0.75]
Tensor softsign(const Tensor& x);
/// The hyperbolic tangent. Integers are converted to f32.
/// Example: tanh(tensor({-1.0, 0.0, 2.0}))  // [-0.7616, 0.0000, 0.9640]
Tensor tanh(const Tensor& x);
/// 1 / (1 + exp(-x)). Integers are converted to f32.
/// Example: sigmoid(tensor({-1.0, 0.0, 2.0}))  // [0.2689, 0.5000, 0.8808]
Tensor sigmoid(const Tensor& x);
/// log(sigmoid(x)), without overflow or cancellation.
/// Example: log_sigmoid(tensor({-200.0, 0.0}))  // [-200.0000, -0.6931]
Tensor log_sigmoid(const Tensor& x);
/// log(1 + exp(beta x)) / beta, without overflow. Throws ValueError unless beta > 0.
/// Example: softplus(tensor({-1.0, 0.0, 200.0}))  // [0.3133, 0.6931, 200.0000]
Tensor softplus(const Tensor& x, double beta = 1);
/// x sigmoid(x), also called swish (Ramachandran et al. 2017).
/// Example: silu(tensor({-1.0, 0.0, 2.0}))  // [-0.2689, 0.0000, 1.7616]
Tensor silu(const Tensor& x);
/// x tanh(softplus(x)) (Misra, arXiv:1908.08681).
/// Example: mish(tensor({-1.0, 0.0, 2.0}))  // [-0.3034, 0.0000, 1.9440]
Tensor mish(const Tensor& x);
/// a sigmoid(b), where a and b are the halves of x along the axis. Throws ShapeError if its size is
/// odd. Dauphin et al. 2017.
/// Example: glu(tensor({1.0, 2.0, 0.0, 200.0}))  // [0.5, 2.0]
Tensor glu(const Tensor& x, int64_t axis = -1);
/// x Phi(x), with the standard normal distribution function Phi (Hendrycks and Gimpel,
/// arXiv:1606.08415).
/// Example: gelu(tensor({-1.0, 0.0, 2.0}))  // [-0.1587, 0.0000, 1.9545]
Tensor gelu(const Tensor& x);
/// The tanh approximation of gelu, as in GPT-2; approximate="tanh" in PyTorch.
/// Example: gelu_tanh(tensor({-1.0, 0.0, 2.0}))  // [-0.1588, 0.0000, 1.9546]
Tensor gelu_tanh(const Tensor& x);

}  // namespace tapehead
