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

// Products (ops/matmul.cpp)

/// The matrix product of the last two axes, batch axes broadcast: a [..., M, K], b [..., K, N] gives
/// [..., M, N]. A 1-d a is a row, a 1-d b a column, and that axis disappears from the result.
Tensor matmul(const Tensor& a, const Tensor& b);
/// x [..., C], weight [N, C], bias [N] or undefined: x weight' + bias, [..., N].
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias = {});

// Attention (ops/additive.cpp)

/// Scores of additive attention, Bahdanau et al. 2015: v [A] times tanh(keys [B, S, A] + query [B, A]) gives
/// [B, S].
Tensor additive_scores(const Tensor& keys, const Tensor& query, const Tensor& v);

// Recurrent networks (ops/recurrent.cpp)

enum class RnnCell { tanh, relu, lstm, gru };

/// PyTorch's layout: w_ih [G H, C], w_hh [G H, H], biases [G H] or undefined (both or none); gates in the
/// order i f g o (LSTM, G = 4) or r z n (GRU, G = 3).
struct RnnWeights {
  Tensor w_ih, w_hh, b_ih, b_hh;
};

struct RnnOptions {
  Tensor lengths = {};   ///< i64 [B]: steps past a sequence's length keep its state and give zeros
  bool reverse = false;  ///< from the last step to the first
};

struct RnnResult {
  Tensor out;  ///< [B, T, H]
  Tensor h;    ///< [B, H], after the last step
  Tensor c;    ///< [B, H], of LSTM only
};

/// One layer in one direction over x [B, T, C], from the states h0 and c0 [B, H] (zeros when undefined).
/// LSTM: Hochreiter and Schmidhuber 1997 with forget gates (Gers et al. 2000). GRU: Cho et al. 2014, with
/// the reset gate after the product, as cuDNN and PyTorch have it.
RnnResult recurrent(RnnCell cell, const Tensor& x, const RnnWeights& weights, const Tensor& h0 = {},
                    const Tensor& c0 = {}, const RnnOptions& options = {});

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
// Views (ops/views.cpp), with the methods of Tensor: reshape, transpose, slice …

/// Moves an axis to another position; the others keep their order.
Tensor movedim(const Tensor& x, int64_t from, int64_t to);
/// x.expand(shape)
Tensor broadcast_to(const Tensor& x, const Shape& shape);

// Parts (ops/slice.cpp)

/// The elements at (i, i + offset) of two axes, as a new last axis: a view.
Tensor diagonal(const Tensor& x, int64_t offset = 0, int64_t axis0 = 0, int64_t axis1 = 1);
/// Views of consecutive parts of an axis, of the given sizes, which must add up to its size.
std::vector<Tensor> split(const Tensor& x, const std::vector<int64_t>& sizes, int64_t axis = 0);
/// Views of `size` positions each; the last may have fewer.
std::vector<Tensor> split(const Tensor& x, int64_t size, int64_t axis = 0);
/// At most `chunks` views of equal size; the last may be smaller.
std::vector<Tensor> chunk(const Tensor& x, int64_t chunks, int64_t axis = 0);
/// A view of every position of an axis, which disappears.
std::vector<Tensor> unbind(const Tensor& x, int64_t axis = 0);

// Joining and rearranging (ops/join.cpp)

/// Tensors one after the other along an axis they have; types promote.
Tensor cat(const std::vector<Tensor>& tensors, int64_t axis = 0);
/// Tensors of one shape side by side along a new axis.
Tensor stack(const std::vector<Tensor>& tensors, int64_t axis = 0);
/// The tensor repeated like a tile: counts[i] times along axis i; more counts than axes add axes in
/// front.
Tensor repeat(const Tensor& x, const Shape& counts);
/// Each of the axes in reverse order: a copy.
Tensor flip(const Tensor& x, const Shape& axes);
inline Tensor flip(const Tensor& x, int64_t axis) { return flip(x, Shape{axis}); }
/// Positions move up by `shift`; those that leave the axis at its end come in at its start.
Tensor roll(const Tensor& x, int64_t shift, int64_t axis);
/// Frames the tensor with `value`. `widths`: before and after the last axis, before and after the
/// one in front of it, and so on. Negative widths cut off.
Tensor pad(const Tensor& x, const std::vector<int64_t>& widths, double value = 0);
/// The last two axes' elements on and below (above) a diagonal; zeros elsewhere.
Tensor tril(const Tensor& x, int64_t diagonal = 0);
Tensor triu(const Tensor& x, int64_t diagonal = 0);

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
