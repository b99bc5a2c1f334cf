// Indexing. Indices are of any integer type; an index out of range throws IndexError with its
// position. As in PyTorch, indices in index(), index_put() and take() count from the end if
// negative; in all others they must not be negative.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "tapehead/core/tensor.h"

namespace tapehead {

/// Selects positions along an axis, in the order of `indices` [n]; indices may repeat.
/// Example: index_select(tensor({{1, 2, 3}, {4, 5, 6}}), 1, tensor({2, 0}))  // [[3, 1], [6, 4]]
Tensor index_select(const Tensor& x, int64_t axis, const Tensor& indices);
/// x with slice i of `source` along the axis added at position indices[i].
/// Example: index_add(zeros({3}), 0, tensor({0, 2, 0}), tensor({1.0, 2.0, 4.0}))  // [5., 0., 2.]
Tensor index_add(const Tensor& x, int64_t axis, const Tensor& indices, const Tensor& source);

/// Returns the elements that Python's x[i0, i1, …] selects, with one index for each of the first
/// axes (ops/tensor_index.cpp):
///
///   x.index({Slice(), 0})            x[:, 0]
///   x.index({Ellipsis, Slice(1)})    x[..., 1:]
///   x.index({None, 2})               x[None, 2]
///   x.index({x > 0})                 x[x > 0]
///   x.index({rows, columns})         x[rows, columns]
///   x.index({Slice(None, None, -1)}) x[::-1]
///
/// The result is a view unless there are tensors or negative steps among the indices. Integer
/// tensors broadcast to a common shape I, whose axes replace the indexed axes, or come first if
/// those are not adjacent. A bool mask over k axes is equivalent to k integer tensors: the
/// positions where it is true. Throws IndexError for too many indices or a position out of range,
/// ShapeError for a mask whose sizes are not those of the axes that it indexes.
/// Example: index(tensor({{1, 2, 3}, {4, 5, 6}}), {Slice(), tensor({2, 0})})  // [[3, 1], [6, 4]]
Tensor index(const Tensor& x, const std::vector<TensorIndex>& indices);
/// Returns x with `values` stored at the elements that index(x, indices) selects; they broadcast to
/// its shape. If an element is selected more than once, the last value is stored; with
/// `accumulate`, all values are added to x instead.
/// Example: index_put(zeros({3}), {tensor({0, -1})}, tensor({1.0, 2.0}))  // [1., 0., 2.]
Tensor index_put(const Tensor& x, const std::vector<TensorIndex>& indices, const Tensor& values,
                 bool accumulate = false);

/// The elements at positions of the flattened x, in the shape of `indices`.
/// Example: take(tensor({{1, 2, 3}, {4, 5, 6}}), tensor({0, 4}))  // [1, 5]
Tensor take(const Tensor& x, const Tensor& indices);

struct EmbeddingFuncOptions {
  std::optional<int64_t> padding_idx = {};  ///< this row receives no gradient; -1 is the last
  bool scale_grad_by_freq = false;  ///< divide the gradient of a row by the number of its ids
};
/// Looks up rows of weight [n, C] by ids of any shape [...]: [..., C].
/// Example: embedding(randn({1000, 64}), randint(1000, {8, 20}))  // shape [8, 20, 64]
Tensor embedding(const Tensor& weight, const Tensor& ids, const EmbeddingFuncOptions& options = {});

// Sums of embeddings. (ops/embedding_bag.cpp)

/// Sums of the rows of weight [N, C] selected by bags of J ids [..., J]: [..., C]. With `factors`
/// [J, C], the row of the j-th id is multiplied by factors[j]. Memory networks encode sentences in
/// this way (Sukhbaatar et al. 2015, section 4.1). Ids equal to padding_idx are skipped.
/// Example: embedding_bag(randn({1000, 64}), randint(1000, {8, 20}))  // shape [8, 64]
Tensor embedding_bag(const Tensor& weight, const Tensor& ids, const Tensor& factors = {},
                     const EmbeddingFuncOptions& options = {});

/// How the rows of a bag are combined.
enum class EmbeddingBagMode : uint8_t {
  sum,   ///< their sum
  mean,  ///< their mean
  max    ///< the largest of each column
};
/// Options of embedding_bag() in PyTorch's form.
struct EmbeddingBagFuncOptions {
  Tensor offsets = {};  ///< i64 [B], the first of them 0: where each bag begins in ids [n]
  EmbeddingBagMode mode = EmbeddingBagMode::mean;  ///< how the rows of a bag are combined
  Tensor per_sample_weights = {};                  ///< a factor for each of the ids; for mode sum
  bool include_last_offset = false;  ///< offsets are [B + 1]; the last is where the last bag ends
  std::optional<int64_t> padding_idx = {};  ///< skipped, also in counts; -1 is the last row
  bool scale_grad_by_freq = false;  ///< divide the gradient of a row by the number of its ids
};
/// PyTorch's embedding_bag: the sum, mean or maximum of the rows of weight [N, C] for bags of ids,
/// [B, J], or [n] with offsets: [B, C]. Empty bags give zeros. Throws ShapeError, IndexError for
/// offsets out of order, ValueError for factors with another mode.
/// Example: embedding_bag(arange(4, f32).unsqueeze(1), tensor({1, 3, 2}),
///     {.offsets = tensor({0, 2})})  // [[2.], [2.]]
Tensor embedding_bag(const Tensor& weight, const Tensor& ids,
                     const EmbeddingBagFuncOptions& options);

/// For axis 1: out[i, j, k] = x[i, indices[i, j, k], k]. The indices have as many axes as x, and no
/// size larger than that of x except along `axis`.
/// Example: gather(tensor({{1, 2}, {3, 4}}), 1, tensor({{1}, {0}}))  // [[2], [3]]
Tensor gather(const Tensor& x, int64_t axis, const Tensor& indices);
/// For axis 1: x with source[i, j, k] added at [i, indices[i, j, k], k].
/// Example: scatter_add(zeros({3}), 0, tensor({0, 2, 0}), tensor({1.0, 2.0, 4.0}))  // [5., 0., 2.]
Tensor scatter_add(const Tensor& x, int64_t axis, const Tensor& indices, const Tensor& source);
/// gather(), after broadcasting all other axes of x and indices.
/// Example: take_along_dim(tensor({{3, 1}, {2, 4}}), tensor({{1, 0}}), 1)  // [[1, 3], [4, 2]]
Tensor take_along_dim(const Tensor& x, const Tensor& indices, int64_t axis);

}  // namespace tapehead
