// The differentiable functions. Unless stated otherwise, shapes broadcast and dtypes promote by
// PyTorch's rules, and negative axes count from the end. All functions throw ShapeError for
// incompatible shapes, DTypeError for unsupported dtypes, IndexError for axes and indices out of
// range, and ValueError for invalid options. Error messages start with the function's name.
//
// B batch size, T time steps, C channels, H hidden size.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "tapehead/autograd/losses.h"
#include "tapehead/core/random.h"
#include "tapehead/core/tensor.h"

namespace tapehead {

// Elementwise functions. Operands broadcast and dtypes promote. A C++ number does not raise the
// dtype of a tensor of the same category: `2 * x` has the dtype of a floating x. ValueError is
// thrown for a number outside the range of an integer tensor.

// Arithmetic (ops/arithmetic.cpp). Integer arithmetic wraps around on overflow.

Tensor add(const Tensor& a, const Tensor& b);
Tensor sub(const Tensor& a, const Tensor& b);
Tensor mul(const Tensor& a, const Tensor& b);
/// a / b. Integers are converted to f32.
Tensor div(const Tensor& a, const Tensor& b);
Tensor neg(const Tensor& x);
/// Linear interpolation, a + weight (b - a).
Tensor lerp(const Tensor& a, const Tensor& b, const Tensor& weight);

inline Tensor operator+(const Tensor& a, const Tensor& b) { return add(a, b); }
inline Tensor operator-(const Tensor& a, const Tensor& b) { return sub(a, b); }
inline Tensor operator*(const Tensor& a, const Tensor& b) { return mul(a, b); }
inline Tensor operator/(const Tensor& a, const Tensor& b) { return div(a, b); }
inline Tensor operator-(const Tensor& x) { return neg(x); }

// On a variable, `a += b` means `a = a + b`: the handle is rebound to a new tensor, and tensors
// that shared the old elements are unchanged. On a temporary, as in `x[0] += b`, the op is
// in-place, like add_().
inline Tensor& operator+=(Tensor& a, const Tensor& b) { return a = add(a, b); }
inline Tensor& operator-=(Tensor& a, const Tensor& b) { return a = sub(a, b); }
inline Tensor& operator*=(Tensor& a, const Tensor& b) { return a = mul(a, b); }
inline Tensor& operator/=(Tensor& a, const Tensor& b) { return a = div(a, b); }
inline void operator+=(Tensor&& a, const Tensor& b) { a.add_(b); }
inline void operator-=(Tensor&& a, const Tensor& b) { a.sub_(b); }
inline void operator*=(Tensor&& a, const Tensor& b) { a.mul_(b); }
inline void operator/=(Tensor&& a, const Tensor& b) { a.div_(b); }

// Rounding (ops/rounding.cpp). The derivatives are 0.

Tensor floor(const Tensor& x);
Tensor ceil(const Tensor& x);
/// Rounds to the nearest integer, halves to the even one.
Tensor round(const Tensor& x);
/// Rounds towards 0.
Tensor trunc(const Tensor& x);
/// The sign of x: -1, 0 or 1.
Tensor sign(const Tensor& x);
/// floor(a / b), also for integers. Throws ValueError if an integer divisor is 0.
Tensor floor_divide(const Tensor& a, const Tensor& b);
/// a - b floor_divide(a, b), which has the sign of b. Throws ValueError if an integer divisor is 0.
Tensor remainder(const Tensor& a, const Tensor& b);

inline Tensor operator%(const Tensor& a, const Tensor& b) { return remainder(a, b); }

// Powers (ops/power.cpp). Except for pow and square, integers are converted to f32.

/// base^exponent. The gradient with respect to the base is 0 where the exponent is 0, and that with
/// respect to the exponent is 0 where the base is 0. Throws ValueError for integers with a negative
/// integer exponent.
Tensor pow(const Tensor& base, const Tensor& exponent);
Tensor square(const Tensor& x);
Tensor sqrt(const Tensor& x);
/// 1 / sqrt(x)
Tensor rsqrt(const Tensor& x);
/// 1 / x
Tensor reciprocal(const Tensor& x);

// Elementary functions (ops/elementary.cpp). Except for abs, integers are converted to f32.

Tensor exp(const Tensor& x);
/// exp(x) - 1, accurate near 0.
Tensor expm1(const Tensor& x);
Tensor log(const Tensor& x);
/// log(1 + x), accurate near 0.
Tensor log1p(const Tensor& x);
Tensor sin(const Tensor& x);
Tensor cos(const Tensor& x);
Tensor tan(const Tensor& x);
/// The error function.
Tensor erf(const Tensor& x);
Tensor abs(const Tensor& x);

// Elementwise extremes (ops/extreme.cpp). NaN propagates.

/// The larger of a and b. Where they are equal, each receives half of the gradient.
Tensor maximum(const Tensor& a, const Tensor& b);
/// The smaller of a and b. Where they are equal, each receives half of the gradient.
Tensor minimum(const Tensor& a, const Tensor& b);
/// Limits x to [low, high]. Either bound may be an undefined tensor: clamp(x, 0), clamp(x, {}, 1).
/// Throws ValueError if both are.
Tensor clamp(const Tensor& x, const Tensor& low, const Tensor& high = {});

// Comparisons and logic (ops/logic.cpp). Results are bool, except for the bitwise ops, which take
// integers and bool and keep their dtype. Logical ops take any dtype and treat non-zero elements as
// true.

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
// Elementwise; unlike the built-in operators, && and || always evaluate both operands.
inline Tensor operator!(const Tensor& x) { return logical_not(x); }
inline Tensor operator&&(const Tensor& a, const Tensor& b) { return logical_and(a, b); }
inline Tensor operator||(const Tensor& a, const Tensor& b) { return logical_or(a, b); }
inline Tensor operator&(const Tensor& a, const Tensor& b) { return bitwise_and(a, b); }
inline Tensor operator|(const Tensor& a, const Tensor& b) { return bitwise_or(a, b); }
inline Tensor operator^(const Tensor& a, const Tensor& b) { return bitwise_xor(a, b); }

/// condition ? a : b, elementwise. All three broadcast; the condition is bool. (ops/logic.cpp)
Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b);

// Activations (ops/activation.cpp, ops/soft_activation.cpp). Operands are floating unless stated
// otherwise.

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

// Matrix products (ops/matmul.cpp). All numeric types but u8; bf16 is accumulated in f32.

/// The matrix product, as torch.matmul: a [..., M, K] times b [..., K, N] gives [..., M, N]; batch
/// axes broadcast. A 1-d a is treated as a row and a 1-d b as a column, and that axis is removed
/// from the result.
Tensor matmul(const Tensor& a, const Tensor& b);
/// x weight^T + bias, for x [..., C], weight [N, C] and bias [N] (optional): [..., N].
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias = {});

// Recurrent networks (ops/recurrent.cpp)

enum class RnnCell { tanh, relu, lstm, gru };

/// The weights of a recurrent layer in PyTorch's layout: w_ih [G H, C], w_hh [G H, H], and biases
/// [G H], which may be undefined. Gates are in the order i f g o (LSTM, G = 4) or r z n (GRU, G =
/// 3); plain cells have G = 1.
struct RnnWeights {
  Tensor w_ih, w_hh, b_ih, b_hh;
};

struct RecurrentOptions {
  /// i64 [B]: steps at or beyond a sequence's length are not read; there the state is kept, and the
  /// output is 0.
  Tensor lengths = {};
  bool reverse = false;  ///< run from the last step to the first
};

struct RnnResult {
  Tensor out;  ///< [B, T, H]
  Tensor h;    ///< [B, H]: the final hidden state
  Tensor c;    ///< [B, H]: the final cell state, for LSTM only
};

/// One layer of a recurrent network in one direction, over x [B, T, C], from the initial states h0
/// and c0 [B, H] (zeros if undefined). bf16 is computed in f32. LSTM: Hochreiter and Schmidhuber
/// 1997, with forget gates (Gers et al. 2000). GRU: Cho et al. 2014, with the reset gate applied
/// after the product, as in cuDNN and PyTorch.
RnnResult recurrent(RnnCell cell, const Tensor& x, const RnnWeights& weights, const Tensor& h0 = {},
                    const Tensor& c0 = {}, const RecurrentOptions& options = {});

// Reductions over the given axes, or over all elements if none are given. Reduced axes are removed,
// or kept with size 1 if `keepdim`. NaN propagates.

/// The sum; 0 if empty. Integers and bool are summed as i64. (ops/sum.cpp)
Tensor sum(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
/// The mean of a floating tensor; NaN if empty. (ops/sum.cpp)
Tensor mean(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
/// The product; 1 if empty. Integers and bool are multiplied as i64. (ops/prod.cpp)
Tensor prod(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
/// The variance of a floating tensor: the sum of squared distances from the mean, divided by n -
/// correction. (ops/variance.cpp)
Tensor var(const Tensor& x, const Axes& axes = {}, bool keepdim = false, double correction = 1);
/// The standard deviation, sqrt(var): torch.std, renamed because of namespace std.
/// (ops/variance.cpp)
Tensor stddev(const Tensor& x, const Axes& axes = {}, bool keepdim = false, double correction = 1);
/// The p-norm of a floating tensor, (sum |x|^p)^(1/p), for p = 1, 2 or infinity (the largest |x|).
/// Throws ValueError for other p. (ops/variance.cpp)
Tensor norm(const Tensor& x, double p = 2, const Axes& axes = {}, bool keepdim = false);
/// Cosine similarity along an axis, x y / max(|x| |y|, eps). Operands broadcast; integers are
/// converted to f32. (ops/cosine_similarity.cpp)
Tensor cosine_similarity(const Tensor& x, const Tensor& y, int64_t axis = 1, double eps = 1e-8);
/// log(sum(exp(x))) of a floating tensor, without overflow. (ops/softmax.cpp)
Tensor logsumexp(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
/// Whether any element, or every element, is non-zero: bool. If empty, any() is false and all() is
/// true. (ops/count.cpp)
Tensor any(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
Tensor all(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
/// The number of non-zero elements, i64. (ops/count.cpp)
Tensor count_nonzero(const Tensor& x, const Axes& axes = {});
/// Cumulative sum along an axis. Integers and bool are summed as i64. (ops/prod.cpp)
Tensor cumsum(const Tensor& x, int64_t axis);
/// Reverses a broadcast: sums x over the axes along which a tensor of `shape` was broadcast to the
/// shape of x. Throws ShapeError if `shape` does not broadcast to it. (ops/sum.cpp)
Tensor sum_to(const Tensor& x, const Shape& shape);

// Maxima and minima (ops/max.cpp) and sorting (ops/sort.cpp). If there is a NaN, it is the result.
// Reducing an axis of size 0 throws ShapeError.

struct ValuesAndIndices {
  Tensor values, indices;  ///< indices: i64, positions along the axis
};

/// The largest or smallest elements. Equal ones share the gradient evenly.
Tensor amax(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
Tensor amin(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
Tensor max(const Tensor& x);
Tensor min(const Tensor& x);
/// Along one axis, with indices. Of equal elements, the first is selected and receives the
/// gradient.
ValuesAndIndices max(const Tensor& x, int64_t axis, bool keepdim = false);
ValuesAndIndices min(const Tensor& x, int64_t axis, bool keepdim = false);
/// The indices only, i64. Without an axis, the index is into the flattened tensor.
Tensor argmax(const Tensor& x);
Tensor argmin(const Tensor& x);
Tensor argmax(const Tensor& x, int64_t axis, bool keepdim = false);
Tensor argmin(const Tensor& x, int64_t axis, bool keepdim = false);
/// Sorts along an axis. The sort is stable, and NaN is ordered above every number.
ValuesAndIndices sort(const Tensor& x, int64_t axis = -1, bool descending = false);
/// The k largest (or smallest) elements along an axis, in sorted order. Throws ValueError if k
/// exceeds the size of the axis.
ValuesAndIndices topk(const Tensor& x, int64_t k, int64_t axis = -1, bool largest = true);

// Softmax (ops/softmax.cpp), of floating tensors.

/// exp(x) / sum(exp(x)) along the axis. If all elements are -inf, the result is NaN, as in PyTorch;
/// to mask entire rows, use the lowest finite number instead.
Tensor softmax(const Tensor& x, int64_t axis);
/// log(softmax(x, axis)), computed without underflow.
Tensor log_softmax(const Tensor& x, int64_t axis);

// Copies and views (ops/views.cpp, ops/reshape.cpp). A view shares the elements of x, so writing
// into one changes the other.

/// Converts to a dtype. Returns x itself if it already has it.
Tensor to(const Tensor& x, DType dtype);
Tensor clone(const Tensor& x);
/// Returns x itself if it is contiguous (row-major without gaps), else a contiguous copy.
Tensor contiguous(const Tensor& x);
/// Returns a view if the strides allow it, else a copy. One size may be -1 and is inferred. Throws
/// ShapeError if the number of elements differs.
Tensor reshape(const Tensor& x, const Shape& shape);
/// Like reshape(), but always a view. Throws ShapeError if the strides do not allow one.
Tensor view(const Tensor& x, const Shape& shape);
/// Swaps two axes; a view.
Tensor transpose(const Tensor& x, int64_t axis0, int64_t axis1);
/// Reorders the axes: axis i of the result is axis axes[i] of x. A view.
Tensor permute(const Tensor& x, const Shape& axes);
/// Moves an axis to another position; the other axes keep their order. A view.
Tensor movedim(const Tensor& x, int64_t from, int64_t to);
/// Expands axes of size 1 without copying; -1 keeps a size. New axes are added in front. A view.
Tensor expand(const Tensor& x, const Shape& shape);
/// Same as expand().
Tensor broadcast_to(const Tensor& x, const Shape& shape);
/// Removes all axes of size 1, or the given axis if its size is 1. A view.
Tensor squeeze(const Tensor& x);
Tensor squeeze(const Tensor& x, int64_t axis);
/// Inserts an axis of size 1 at position `axis`. A view.
Tensor unsqueeze(const Tensor& x, int64_t axis);
/// Merges the axes first..last into one. A view if the strides allow it, else a copy.
Tensor flatten(const Tensor& x, int64_t first = 0, int64_t last = -1);

// Slices (ops/slice.cpp, ops/split.cpp). All are views.

/// The positions start, start + step, … before stop along an axis. Positions out of range are
/// clamped, as in Python. Throws ValueError unless step >= 1.
Tensor slice(const Tensor& x, int64_t axis, Slice range);
Tensor slice(const Tensor& x, int64_t axis, int64_t start, int64_t stop, int64_t step = 1);
/// One position along an axis, which is removed. Throws IndexError if it is out of range.
Tensor select(const Tensor& x, int64_t axis, int64_t position);
/// The elements at (i, i + offset) of two axes, which are replaced by a new last axis.
Tensor diagonal(const Tensor& x, int64_t offset = 0, int64_t axis0 = 0, int64_t axis1 = 1);
/// Splits an axis into consecutive parts of the given sizes. Throws ShapeError unless they add up
/// to the size of the axis.
std::vector<Tensor> split(const Tensor& x, const std::vector<int64_t>& sizes, int64_t axis = 0);
/// Splits an axis into parts of `size`; the last one may be smaller.
std::vector<Tensor> split(const Tensor& x, int64_t size, int64_t axis = 0);
/// Splits an axis into at most `chunks` parts of equal size; the last one may be smaller.
std::vector<Tensor> chunk(const Tensor& x, int64_t chunks, int64_t axis = 0);
/// All positions along an axis, which is removed.
std::vector<Tensor> unbind(const Tensor& x, int64_t axis = 0);

// Joining and rearranging (ops/join.cpp)

/// Concatenates tensors along an existing axis. All other sizes must be equal.
Tensor cat(const std::vector<Tensor>& tensors, int64_t axis = 0);
/// Stacks tensors of equal shape along a new axis.
Tensor stack(const std::vector<Tensor>& tensors, int64_t axis = 0);
/// Repeats x counts[i] times along axis i, as torch.Tensor.repeat. Additional counts add axes in
/// front.
Tensor repeat(const Tensor& x, const Shape& counts);
/// Reverses the given axes; a copy.
Tensor flip(const Tensor& x, const Shape& axes);
inline Tensor flip(const Tensor& x, int64_t axis) { return flip(x, Shape{axis}); }
/// Shifts elements along an axis by `shift` positions; elements shifted past the end reappear at
/// the start.
Tensor roll(const Tensor& x, int64_t shift, int64_t axis);
/// Pads with `value`. As in PyTorch, `widths` holds the padding before and after the last axis,
/// then before and after the second to last, and so on. Negative widths crop. Throws ValueError if
/// the value is outside the range of the dtype of x.
Tensor pad(const Tensor& x, const std::vector<int64_t>& widths, const Number& value = 0);
/// The lower (upper) triangle of the last two axes: elements below (above) the given diagonal are
/// kept, as are those on it; the others are 0.
Tensor tril(const Tensor& x, int64_t diagonal = 0);
Tensor triu(const Tensor& x, int64_t diagonal = 0);

// Normalisation of floating tensors (ops/norm.cpp).

/// (x - mean) / sqrt(var + eps) * weight + bias, over the last axes of x, which must have the shape
/// of weight; over the last axis if there is no weight. The variance is biased. Ba, Kiros and
/// Hinton 2016.
Tensor layer_norm(const Tensor& x, const Tensor& weight = {}, const Tensor& bias = {},
                  double eps = 1e-5);
/// Normalises over the last axes of x, whose sizes must be `normalized`.
Tensor layer_norm(const Tensor& x, const Shape& normalized, const Tensor& weight = {},
                  const Tensor& bias = {}, double eps = 1e-5);
/// x / sqrt(mean(x²) + eps) * weight, over the same axes as layer_norm(). Zhang and Sennrich 2019.
Tensor rms_norm(const Tensor& x, const Tensor& weight = {}, double eps = 1e-6);

// Indexing (ops/index.cpp, ops/gather.cpp). Indices are i64, i32 or u8 and must not be negative; an
// index out of range throws IndexError with its position.

/// Selects positions along an axis, in the order of `indices` [n]; indices may repeat.
Tensor index_select(const Tensor& x, int64_t axis, const Tensor& indices);
/// x with slice i of `source` along the axis added at position indices[i].
Tensor index_add(const Tensor& x, int64_t axis, const Tensor& indices, const Tensor& source);

/// Returns the elements that Python's x[i0, i1, …] selects, with one index for each of the first
/// axes (ops/tensor_index.cpp):
///
///   x.index({Slice(), 0})            x[:, 0]
///   x.index({Ellipsis, Slice(1)})    x[..., 1:]
///   x.index({None, 2})               x[None, 2]
///   x.index({x > 0})                 x[x > 0]
///   x.index({rows, columns})         x[rows, columns]
///
/// The result is a view unless there are tensors among the indices. Integer tensors broadcast to a
/// common shape I, whose axes replace the indexed axes, or come first if those are not adjacent. A
/// bool mask over k axes is equivalent to k integer tensors: the positions where it is true. Throws
/// IndexError for too many indices or a position out of range, ShapeError for a mask whose sizes
/// are not those of the axes that it indexes.
Tensor index(const Tensor& x, const std::vector<TensorIndex>& indices);
/// Returns x with `values` stored at the elements that index(x, indices) selects; they broadcast to
/// its shape. If an element is selected more than once, the last value is stored; with
/// `accumulate`, all values are added to x instead.
Tensor index_put(const Tensor& x, const std::vector<TensorIndex>& indices, const Tensor& values,
                 bool accumulate = false);

struct EmbeddingFuncOptions {
  std::optional<int64_t> padding_idx = {};  ///< this row receives no gradient; -1 is the last
};
/// Looks up rows of weight [n, C] by ids of any shape [...]: [..., C].
Tensor embedding(const Tensor& weight, const Tensor& ids, const EmbeddingFuncOptions& options = {});
/// Sums of the rows of weight [N, C] selected by bags of J ids [..., J]: [..., C]. With `factors`
/// [J, C], the row of the j-th id is multiplied by factors[j]. Memory networks encode sentences in
/// this way (Sukhbaatar et al. 2015, section 4.1). Ids equal to padding_idx are skipped.
/// (ops/embedding_bag.cpp)
Tensor embedding_bag(const Tensor& weight, const Tensor& ids, const Tensor& factors = {},
                     const EmbeddingFuncOptions& options = {});

/// For axis 1: out[i, j, k] = x[i, indices[i, j, k], k]. The indices have as many axes as x, and no
/// size larger than that of x except along `axis`.
Tensor gather(const Tensor& x, int64_t axis, const Tensor& indices);
/// For axis 1: x with source[i, j, k] added at [i, indices[i, j, k], k].
Tensor scatter_add(const Tensor& x, int64_t axis, const Tensor& indices, const Tensor& source);
/// gather(), after broadcasting all other axes of x and indices.
Tensor take_along_dim(const Tensor& x, const Tensor& indices, int64_t axis);

// Indexing by masks (ops/mask.cpp). Masks are bool and broadcast.

/// Replaces elements by `value` where the mask is true. Throws ValueError if the value is outside
/// the range of the dtype of x.
Tensor masked_fill(const Tensor& x, const Tensor& mask, const Number& value);
/// The elements where the mask is true, in row-major order: [n].
Tensor masked_select(const Tensor& x, const Tensor& mask);
/// The indices of the non-zero elements, in row-major order: i64 [n, x.dim()].
Tensor nonzero(const Tensor& x);

// Dropout (ops/dropout.cpp)

/// Sets each element to 0 with probability p and scales the others by 1 / (1 - p); returns x itself
/// if not training. Floating types only. Throws ValueError if p is outside 0..1. Srivastava et al.
/// 2014.
Tensor dropout(const Tensor& x, double p, bool training = true,
               Generator& generator = default_generator());

}  // namespace tapehead
