// Every differentiable function. Shapes broadcast and types promote by PyTorch's rules; axes may be
// negative; errors name the function.
//
// B batch, T time, C channels, H heads.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "tapehead/autograd/losses.h"
#include "tapehead/core/random.h"
#include "tapehead/core/tensor.h"

namespace tapehead {

// Elementwise. Operands broadcast; types promote, and C++ numbers take part without raising the
// type of a tensor of their kind: `2 * x` has the type of a floating x. A number that is outside of
// the range of a tensor of integers throws ValueError.

// Arithmetic (ops/arithmetic.cpp). Sums and products of integers wrap around.

Tensor add(const Tensor& a, const Tensor& b);
Tensor sub(const Tensor& a, const Tensor& b);
Tensor mul(const Tensor& a, const Tensor& b);
/// a / b; integers are divided as f32.
Tensor div(const Tensor& a, const Tensor& b);
Tensor neg(const Tensor& x);
/// a + weight (b - a)
Tensor lerp(const Tensor& a, const Tensor& b, const Tensor& weight);

inline Tensor operator+(const Tensor& a, const Tensor& b) { return add(a, b); }
inline Tensor operator-(const Tensor& a, const Tensor& b) { return sub(a, b); }
inline Tensor operator*(const Tensor& a, const Tensor& b) { return mul(a, b); }
inline Tensor operator/(const Tensor& a, const Tensor& b) { return div(a, b); }
inline Tensor operator-(const Tensor& x) { return neg(x); }

// `a += b` of a variable is `a = a + b`: the handle moves on to a new tensor, and what else shared
// the old elements keeps them. In place is add_(), and `x[0] += b`.
inline Tensor& operator+=(Tensor& a, const Tensor& b) { return a = add(a, b); }
inline Tensor& operator-=(Tensor& a, const Tensor& b) { return a = sub(a, b); }
inline Tensor& operator*=(Tensor& a, const Tensor& b) { return a = mul(a, b); }
inline Tensor& operator/=(Tensor& a, const Tensor& b) { return a = div(a, b); }
inline void operator+=(Tensor&& a, const Tensor& b) { a.add_(b); }
inline void operator-=(Tensor&& a, const Tensor& b) { a.sub_(b); }
inline void operator*=(Tensor&& a, const Tensor& b) { a.mul_(b); }
inline void operator/=(Tensor&& a, const Tensor& b) { a.div_(b); }

// Rounding (ops/rounding.cpp). Their derivative is 0.

Tensor floor(const Tensor& x);
Tensor ceil(const Tensor& x);
/// To the nearest integer, halves to the even one.
Tensor round(const Tensor& x);
/// Towards 0.
Tensor trunc(const Tensor& x);
/// -1, 0 or 1.
Tensor sign(const Tensor& x);
/// floor(a / b), for integers too. Throws ValueError when an integer divisor is 0.
Tensor floor_divide(const Tensor& a, const Tensor& b);
/// a - b floor_divide(a, b), which has the sign of b. Throws ValueError as floor_divide does.
Tensor remainder(const Tensor& a, const Tensor& b);

inline Tensor operator%(const Tensor& a, const Tensor& b) { return remainder(a, b); }

// Powers (ops/power.cpp). Roots and reciprocals of integers are f32.

/// base^exponent. The gradient is 0 where the exponent is 0, and that of the exponent is 0 where
/// 0 is raised to it. Throws ValueError when integers are raised to negative integers.
Tensor pow(const Tensor& base, const Tensor& exponent);
Tensor square(const Tensor& x);
Tensor sqrt(const Tensor& x);
/// 1 / sqrt(x)
Tensor rsqrt(const Tensor& x);
/// 1 / x
Tensor reciprocal(const Tensor& x);

// Elementary functions (ops/elementary.cpp). Those of integers are f32.

Tensor exp(const Tensor& x);
/// exp(x) - 1, precise near 0.
Tensor expm1(const Tensor& x);
Tensor log(const Tensor& x);
/// log(1 + x), precise near 0.
Tensor log1p(const Tensor& x);
Tensor sin(const Tensor& x);
Tensor cos(const Tensor& x);
Tensor tan(const Tensor& x);
/// The error function.
Tensor erf(const Tensor& x);
Tensor abs(const Tensor& x);

// Extremes (ops/extreme.cpp). NaN in, NaN out.

/// The larger of each pair; where they are equal each gets half of the gradient.
Tensor maximum(const Tensor& a, const Tensor& b);
/// The smaller of each pair; where they are equal each gets half of the gradient.
Tensor minimum(const Tensor& a, const Tensor& b);
/// Into low..high, either of which may be an undefined tensor: clamp(x, 0), clamp(x, {}, 1).
Tensor clamp(const Tensor& x, const Tensor& low, const Tensor& high = {});

// Comparisons and logic (ops/logic.cpp); the results are bool. Logical ones take all types, and
// anything but 0 for true. Bitwise ones take integers and bool.

Tensor eq(const Tensor& a, const Tensor& b);
Tensor ne(const Tensor& a, const Tensor& b);
Tensor lt(const Tensor& a, const Tensor& b);
Tensor le(const Tensor& a, const Tensor& b);
Tensor gt(const Tensor& a, const Tensor& b);
Tensor ge(const Tensor& a, const Tensor& b);
Tensor isnan(const Tensor& x);
Tensor isinf(const Tensor& x);
Tensor isfinite(const Tensor& x);
Tensor logical_not(const Tensor& x);
Tensor logical_and(const Tensor& a, const Tensor& b);
Tensor logical_or(const Tensor& a, const Tensor& b);
Tensor logical_xor(const Tensor& a, const Tensor& b);
Tensor bitwise_not(const Tensor& x);
Tensor bitwise_and(const Tensor& a, const Tensor& b);
Tensor bitwise_or(const Tensor& a, const Tensor& b);
Tensor bitwise_xor(const Tensor& a, const Tensor& b);

inline Tensor operator==(const Tensor& a, const Tensor& b) { return eq(a, b); }
inline Tensor operator!=(const Tensor& a, const Tensor& b) { return ne(a, b); }
inline Tensor operator<(const Tensor& a, const Tensor& b) { return lt(a, b); }
inline Tensor operator<=(const Tensor& a, const Tensor& b) { return le(a, b); }
inline Tensor operator>(const Tensor& a, const Tensor& b) { return gt(a, b); }
inline Tensor operator>=(const Tensor& a, const Tensor& b) { return ge(a, b); }
inline Tensor operator~(const Tensor& x) { return bitwise_not(x); }
// Elementwise, and both operands are computed always.
inline Tensor operator!(const Tensor& x) { return logical_not(x); }
inline Tensor operator&&(const Tensor& a, const Tensor& b) { return logical_and(a, b); }
inline Tensor operator||(const Tensor& a, const Tensor& b) { return logical_or(a, b); }
inline Tensor operator&(const Tensor& a, const Tensor& b) { return bitwise_and(a, b); }
inline Tensor operator|(const Tensor& a, const Tensor& b) { return bitwise_or(a, b); }
inline Tensor operator^(const Tensor& a, const Tensor& b) { return bitwise_xor(a, b); }

/// condition ? a : b. The condition is bool. (ops/logic.cpp)
Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b);

// Activations (ops/activation.cpp, ops/soft_activation.cpp), of floating types.

/// max(x, 0), of integers too.
Tensor relu(const Tensor& x);
/// x, or slope x where x < 0.
Tensor leaky_relu(const Tensor& x, double slope = 0.01);
/// x, or alpha (exp(x) - 1) where x < 0.
Tensor elu(const Tensor& x, double alpha = 1);
/// Into low..high.
Tensor hardtanh(const Tensor& x, double low = -1, double high = 1);
/// x / (1 + |x|)
Tensor softsign(const Tensor& x);
/// Of integers f32.
Tensor tanh(const Tensor& x);
/// 1 / (1 + exp(-x)), of integers f32.
Tensor sigmoid(const Tensor& x);
/// log(sigmoid(x)), precise for all x.
Tensor log_sigmoid(const Tensor& x);
/// log(1 + exp(beta x)) / beta, precise for all x.
Tensor softplus(const Tensor& x, double beta = 1);
/// x sigmoid(x), also called swish.
Tensor silu(const Tensor& x);
/// x times the normal distribution's mass below x (Hendrycks and Gimpel, arXiv:1606.08415).
Tensor gelu(const Tensor& x);
/// gelu's approximation by tanh, as GPT-2 has it: PyTorch's approximate="tanh".
Tensor gelu_tanh(const Tensor& x);

// Products (ops/matmul.cpp)

/// The matrix product of the last two axes, batch axes broadcast: a [..., M, K], b [..., K, N]
/// gives
/// [..., M, N]. A 1-d a is a row, a 1-d b a column, and that axis disappears from the result.
Tensor matmul(const Tensor& a, const Tensor& b);
/// x [..., C], weight [N, C], bias [N] or undefined: x weight' + bias, [..., N].
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias = {});

// Recurrent networks (ops/recurrent.cpp)

enum class RnnCell { tanh, relu, lstm, gru };

/// PyTorch's layout: w_ih [G H, C], w_hh [G H, H], biases [G H], each of which may be undefined for
/// zeros; gates in the order i f g o (LSTM, G = 4) or r z n (GRU, G = 3).
struct RnnWeights {
  Tensor w_ih, w_hh, b_ih, b_hh;
};

struct RnnOptions {
  Tensor lengths = {};  ///< i64 [B]: steps past a sequence's length keep its state, give zeros, and
                        ///< are not read
  bool reverse = false;  ///< from the last step to the first
};

struct RnnResult {
  Tensor out;  ///< [B, T, H]
  Tensor h;    ///< [B, H], after the last step
  Tensor c;    ///< [B, H], of LSTM only
};

/// One layer in one direction over x [B, T, C], from the states h0 and c0 [B, H] (zeros when
/// undefined). LSTM: Hochreiter and Schmidhuber 1997 with forget gates (Gers et al. 2000). GRU: Cho
/// et al. 2014, with the reset gate after the product, as cuDNN and PyTorch have it.
RnnResult recurrent(RnnCell cell, const Tensor& x, const RnnWeights& weights, const Tensor& h0 = {},
                    const Tensor& c0 = {}, const RnnOptions& options = {});

// Reductions. They are over the named axes, which disappear or with `keepdim` keep size 1; without
// axes over all elements. NaN in, NaN out.

/// Integers and booleans are summed as i64. The sum of nothing is 0. (ops/sum.cpp)
Tensor sum(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
/// Of floating types. The mean of nothing is NaN. (ops/sum.cpp)
Tensor mean(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
/// Integers and booleans are multiplied as i64. The product of nothing is 1. (ops/prod.cpp)
Tensor prod(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
/// The mean squared distance from the mean, with n - correction in place of n. (ops/variance.cpp)
Tensor var(const Tensor& x, const Axes& axes = {}, bool keepdim = false, double correction = 1);
/// The square root of var: torch.std, which as a name in C++ is taken. (ops/variance.cpp)
Tensor stddev(const Tensor& x, const Axes& axes = {}, bool keepdim = false, double correction = 1);
/// (sum |x|^p)^(1/p) for p 1 and 2, the largest |x| for p infinity. (ops/variance.cpp)
Tensor norm(const Tensor& x, double p = 2, const Axes& axes = {}, bool keepdim = false);
/// The cosines of the vectors along an axis, x y / max(|x| |y|, eps). Operands broadcast; of
/// integers f32. (ops/cosine_similarity.cpp)
Tensor cosine_similarity(const Tensor& x, const Tensor& y, int64_t axis = 1, double eps = 1e-8);
/// log(sum(exp(x))), without overflow. (ops/softmax.cpp)
Tensor logsumexp(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
/// Whether any element is not 0, or all are not; of nothing false and true. (ops/count.cpp)
Tensor any(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
Tensor all(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
/// How many elements are not 0, as i64. (ops/count.cpp)
Tensor count_nonzero(const Tensor& x, const Axes& axes = {});
/// Running sums along an axis; of integers and booleans as i64. (ops/prod.cpp)
Tensor cumsum(const Tensor& x, int64_t axis);
/// Sums what broadcasting `shape` to the shape of x repeated, so that the result has `shape`.
/// Throws ShapeError when it does not broadcast to it. (ops/sum.cpp)
Tensor sum_to(const Tensor& x, const Shape& shape);

// Extremes of a tensor (ops/max.cpp) and order (ops/sort.cpp). NaN counts as the most extreme.
// Where there is nothing to choose from they throw ShapeError.

struct ValuesAndIndices {
  Tensor values, indices;  ///< indices: i64, positions along the axis
};

/// The largest or smallest elements. Equal ones share the gradient evenly.
Tensor amax(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
Tensor amin(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
Tensor max(const Tensor& x);
Tensor min(const Tensor& x);
/// Along one axis, with positions: of equal elements the first is chosen and gets the gradient.
ValuesAndIndices max(const Tensor& x, int64_t axis, bool keepdim = false);
ValuesAndIndices min(const Tensor& x, int64_t axis, bool keepdim = false);
/// The positions alone; without an axis in row-major order of all elements.
Tensor argmax(const Tensor& x);
Tensor argmin(const Tensor& x);
Tensor argmax(const Tensor& x, int64_t axis, bool keepdim = false);
Tensor argmin(const Tensor& x, int64_t axis, bool keepdim = false);
/// Sorted along an axis, equal elements in the order they had; NaN is the largest.
ValuesAndIndices sort(const Tensor& x, int64_t axis = -1, bool descending = false);
/// The k largest (or smallest) along an axis, sorted from the most extreme on. Throws ValueError
/// when there are fewer.
ValuesAndIndices topk(const Tensor& x, int64_t k, int64_t axis = -1, bool largest = true);

// Distributions (ops/softmax.cpp)

/// exp(x) / sum(exp(x)) along the axis. A row of nothing but -inf has no distribution and becomes
/// NaN, as in PyTorch; to mask rows as a whole, mask with the lowest finite number instead.
Tensor softmax(const Tensor& x, int64_t axis);
/// log(softmax(x, axis)), precise where the softmax is near 0.
Tensor log_softmax(const Tensor& x, int64_t axis);

// Copies and views (ops/views.cpp, ops/reshape.cpp). A view shares the elements of x: what is
// written into one is seen in the other.

/// The same elements as another type; x itself when it already has it.
Tensor to(const Tensor& x, DType dtype);
Tensor clone(const Tensor& x);
/// Row-major without gaps: x itself, or a copy.
Tensor contiguous(const Tensor& x);
/// A view where strides allow it, else a copy. One size may be -1 and is then computed. Throws
/// ShapeError when the sizes do not multiply to the number of elements.
Tensor reshape(const Tensor& x, const Shape& shape);
/// As reshape, but always a view. Throws ShapeError where strides do not allow it.
Tensor view(const Tensor& x, const Shape& shape);
/// Swaps two axes.
Tensor transpose(const Tensor& x, int64_t axis0, int64_t axis1);
/// The axes in a new order.
Tensor permute(const Tensor& x, const Shape& axes);
/// Moves an axis to another position; the others keep their order.
Tensor movedim(const Tensor& x, int64_t from, int64_t to);
/// Repeats axes of size 1 without copying; -1 keeps a size. New axes are added in front.
Tensor expand(const Tensor& x, const Shape& shape);
/// expand(x, shape)
Tensor broadcast_to(const Tensor& x, const Shape& shape);
/// Drops all axes of size 1, or the given one if its size is 1.
Tensor squeeze(const Tensor& x);
Tensor squeeze(const Tensor& x, int64_t axis);
/// Adds an axis of size 1 at the position.
Tensor unsqueeze(const Tensor& x, int64_t axis);
/// Joins the axes from first to last.
Tensor flatten(const Tensor& x, int64_t first = 0, int64_t last = -1);

// Parts (ops/slice.cpp, ops/split.cpp), all of them views.

/// The positions start, start + step … before stop of an axis.
Tensor slice(const Tensor& x, int64_t axis, Slice range);
Tensor slice(const Tensor& x, int64_t axis, int64_t start, int64_t stop, int64_t step = 1);
/// One position of an axis, which disappears. Throws IndexError when it is outside.
Tensor select(const Tensor& x, int64_t axis, int64_t position);
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
/// one in front of it, and so on. Negative widths cut off. Throws ValueError when the value is
/// outside of the range of x's type.
Tensor pad(const Tensor& x, const std::vector<int64_t>& widths, const Number& value = 0);
/// The last two axes' elements on and below (above) a diagonal; zeros elsewhere.
Tensor tril(const Tensor& x, int64_t diagonal = 0);
Tensor triu(const Tensor& x, int64_t diagonal = 0);

// Normalisation (ops/norm.cpp)

/// (x - mean) / sqrt(var + eps) * weight + bias over the axes of weight, the last ones of x; over
/// the last one without a weight. The variance is biased. Ba, Kiros and Hinton 2016.
Tensor layer_norm(const Tensor& x, const Tensor& weight = {}, const Tensor& bias = {},
                  double eps = 1e-5);
/// Over the last axes of x, whose sizes are `normalized`.
Tensor layer_norm(const Tensor& x, const Shape& normalized, const Tensor& weight = {},
                  const Tensor& bias = {}, double eps = 1e-5);
/// x / sqrt(mean(x²) + eps) * weight over the axes of weight, as layer_norm. Zhang and Sennrich
/// 2019.
Tensor rms_norm(const Tensor& x, const Tensor& weight = {}, double eps = 1e-6);

// Elements chosen by integers (ops/index.cpp, ops/gather.cpp). Indices are i64, i32 or u8 and not
// negative; one out of range throws IndexError with its position.

/// The given positions of an axis, in that order; a position may come more than once.
Tensor index_select(const Tensor& x, int64_t axis, const Tensor& indices);
/// x with the positions of `source` added to the given positions of an axis.
Tensor index_add(const Tensor& x, int64_t axis, const Tensor& indices, const Tensor& source);

/// x[i0, i1, …] of Python, with one index for each of the first axes (ops/tensor_index.cpp):
///
///   x.index({Slice(), 0})            x[:, 0]
///   x.index({Ellipsis, Slice(1)})    x[..., 1:]
///   x.index({None, 2})               x[None, 2]
///   x.index({x > 0})                 x[x > 0]
///   x.index({rows, columns})         x[rows, columns]
///
/// Without tensors among the indices it is a view. Tensors of integers are broadcast against each
/// other, to I…, and these axes replace the indexed ones, or come first where those are not
/// adjacent; a bool mask over k axes stands for the k tensors of the positions where it is true.
/// Throws IndexError for more indices than axes or a position outside of its axis, ShapeError for
/// a mask whose sizes are not those of its axes.
Tensor index(const Tensor& x, const std::vector<TensorIndex>& indices);
/// x with `values`, which broadcast to the shape of index(x, indices), at the elements that it
/// selects. Where an element is selected more than once, the last value stays; with `accumulate`
/// all values are added to what is there.
Tensor index_put(const Tensor& x, const std::vector<TensorIndex>& indices, const Tensor& values,
                 bool accumulate = false);

struct EmbeddingFuncOptions {
  std::optional<int64_t> padding_idx = {};  ///< this row gets no gradient; -1 is the last
};
/// The rows of weight [n, C] that the ids, of any shape, choose: [..., C].
Tensor embedding(const Tensor& weight, const Tensor& ids, const EmbeddingFuncOptions& options = {});
/// The sums over bags of J ids [..., J] of the rows of weight [N, C] that they choose, each times
/// the factors [J, C] of its place (1 when undefined): [..., C]. What a memory network reads a
/// sentence as (Sukhbaatar et al. 2015, 4.1). Ids equal to padding_idx are left out.
/// (ops/embedding_bag.cpp)
Tensor embedding_bag(const Tensor& weight, const Tensor& ids, const Tensor& factors = {},
                     const EmbeddingFuncOptions& options = {});

/// out[i, j, k] = x[i, indices[i, j, k], k] for axis 1. No size of the indices but size(axis) may
/// be larger than that of x.
Tensor gather(const Tensor& x, int64_t axis, const Tensor& indices);
/// x with source[i, j, k] added at [i, indices[i, j, k], k] for axis 1.
Tensor scatter_add(const Tensor& x, int64_t axis, const Tensor& indices, const Tensor& source);
/// gather, after the other axes were broadcast against each other.
Tensor take_along_dim(const Tensor& x, const Tensor& indices, int64_t axis);

// Elements chosen by a condition (ops/mask.cpp). Masks are bool and broadcast.

/// `value` where the mask is true, else x. Throws ValueError when the value is outside of the range
/// of x's type.
Tensor masked_fill(const Tensor& x, const Tensor& mask, const Number& value);
/// The elements where the mask is true, in row-major order: [n].
Tensor masked_select(const Tensor& x, const Tensor& mask);
/// The positions of the elements that are not 0, in row-major order: i64 [n, x.dim()].
Tensor nonzero(const Tensor& x);

// Regularisation (ops/dropout.cpp)

/// Each element is 0 with probability p, else x / (1 - p); x itself when not training (Srivastava
/// et al., 2014).
Tensor dropout(const Tensor& x, double p, bool training = true,
               Generator& generator = default_generator());

}  // namespace tapehead
