// Every differentiable function. Shapes broadcast and types promote by PyTorch's rules; axes may be
// negative; errors name the function.
//
// B batch, T time, C channels, H heads.
#pragma once

#include <array>
#include <vector>

#include "tapehead/core/tensor.h"

namespace tapehead {

// Arithmetic (ops/arithmetic.cpp)

Tensor add(const Tensor& a, const Tensor& b);
Tensor sub(const Tensor& a, const Tensor& b);
Tensor mul(const Tensor& a, const Tensor& b);
/// a / b; integers are divided as f32.
Tensor div(const Tensor& a, const Tensor& b);
Tensor neg(const Tensor& x);

inline Tensor operator+(const Tensor& a, const Tensor& b) { return add(a, b); }
inline Tensor operator-(const Tensor& a, const Tensor& b) { return sub(a, b); }
inline Tensor operator*(const Tensor& a, const Tensor& b) { return mul(a, b); }
inline Tensor operator/(const Tensor& a, const Tensor& b) { return div(a, b); }
inline Tensor operator-(const Tensor& x) { return neg(x); }

// Activations and elementary functions (ops/activation.cpp)

Tensor exp(const Tensor& x);
Tensor tanh(const Tensor& x);

// Reductions. They are over the named axes, which disappear or with `keepdim` keep size 1; without
// axes over all elements. NaN in, NaN out.

/// Integers and booleans are summed as i64. The sum of nothing is 0. (ops/sum.cpp)
Tensor sum(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
/// Of floating types. The mean of nothing is NaN. (ops/sum.cpp)
Tensor mean(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
/// Sums what broadcasting `shape` to the shape of x repeated, so that the result has `shape`.
/// Throws ShapeError when it does not broadcast to it. (ops/sum.cpp)
Tensor sum_to(const Tensor& x, const Shape& shape);

// Distributions (ops/softmax.cpp)

/// exp(x) / sum(exp(x)) along the axis. A row of nothing but -inf has no distribution and becomes
/// NaN, as in PyTorch; to mask rows as a whole, mask with the lowest finite number instead.
Tensor softmax(const Tensor& x, int64_t axis);
/// log(softmax(x, axis)), precise where the softmax is near 0.
Tensor log_softmax(const Tensor& x, int64_t axis);

// Losses

/// How the losses of a batch become one number, if they do.
enum class Reduction { mean, sum, none };

struct CrossEntropyOptions {
  Tensor weight;                ///< [C]: how much each class counts; undefined for all alike
  int64_t ignore_index = -100;  ///< a target that counts for nothing, such as padding
  double label_smoothing = 0;   ///< this part of the target is spread over all classes
  Reduction reduction = Reduction::mean;
};
/// -log softmax(logits)[target]: logits [..., C], target of integers [...], or of probabilities
/// [..., C]. The mean divides by the weights of the targets that are not ignored (NaN if there are
/// none); of probabilities by the number of rows. Throws IndexError that names the first target
/// outside 0..C-1. (ops/cross_entropy.cpp)
Tensor cross_entropy(const Tensor& logits, const Tensor& target,
                     const CrossEntropyOptions& options = {});

struct NllLossOptions {
  Tensor weight;
  int64_t ignore_index = -100;
  Reduction reduction = Reduction::mean;
};
/// -log_probs[target]: what cross_entropy makes of the log_softmax. (ops/cross_entropy.cpp)
Tensor nll_loss(const Tensor& log_probs, const Tensor& target, const NllLossOptions& options = {});

}  // namespace tapehead
