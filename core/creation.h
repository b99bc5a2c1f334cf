// Functions that create tensors. Nothing here is recorded; call set_requires_grad() on parameters.
#pragma once

#include <initializer_list>
#include <type_traits>
#include <vector>

#include "tapehead/core/number.h"
#include "tapehead/core/random.h"
#include "tapehead/core/tensor.h"

namespace tapehead {

/// The argument of tensor({{1, 2}, {3, 4}}): a number, or a list of such arguments.
class NestedList {
 public:
  template <class T>
  requires std::is_arithmetic_v<T> NestedList(T number) : number_(number) {}
  NestedList(std::initializer_list<NestedList> items) : is_list_(true), items_(items) {}
  /// A vector of numbers or of vectors.
  template <class T>
  NestedList(const std::vector<T>& items) : is_list_(true), items_(items.begin(), items.end()) {}

  /// Whether it is a list, not a number.
  bool is_list() const { return is_list_; }
  /// The elements of a list.
  const std::vector<NestedList>& items() const { return items_; }
  /// The number, if it is not a list.
  Number number() const { return number_; }

 private:
  bool is_list_ = false;
  Number number_ = 0;
  std::vector<NestedList> items_;
};

/// Creates a tensor from nested lists or vectors. Without `dtype`: bool if all numbers are bool,
/// i64 if all are integers, else f32. Throws ShapeError if rows differ in length.
Tensor tensor(const NestedList& items);
Tensor tensor(const NestedList& items, DType dtype);
/// Creates a row-major tensor of the vector's element type. Throws ShapeError if `shape` does not
/// have as many elements as the vector.
template <class T>
Tensor from_vector(const std::vector<T>& values, const Shape& shape);
template <class T>
Tensor from_vector(const std::vector<T>& values) {
  return from_vector(values, {static_cast<int64_t>(values.size())});
}

/// The same without a copy: the vector becomes the memory of the tensor. (std::vector<bool>, which
/// stores bits, is copied.)
template <class T>
Tensor from_vector(std::vector<T>&& values, const Shape& shape);
template <class T>
Tensor from_vector(std::vector<T>&& values) {
  const auto n = static_cast<int64_t>(values.size());
  return from_vector(static_cast<std::vector<T>&&>(values), {n});
}

/// Pads rows to the length of the longest with `value`: i64 [rows, longest].
Tensor pad_rows(const std::vector<std::vector<int64_t>>& rows, int64_t value);

/// Tensors with uninitialised elements.
using core::empty;
using core::empty_like;
Tensor zeros(const Shape& shape, DType dtype = f32);
Tensor ones(const Shape& shape, DType dtype = f32);
/// A tensor filled with `value`. Without `dtype`: f32 for floating values, i64 for integers, bool
/// for bool.
Tensor full(const Shape& shape, Number value);
Tensor full(const Shape& shape, Number value, DType dtype);
Tensor zeros_like(const Tensor& x);
Tensor ones_like(const Tensor& x);
Tensor full_like(const Tensor& x, Number value);

/// The values start, start + step, … before stop. Without `dtype`: i64 if all arguments are
/// integers, else f32. Throws ValueError if the step is 0 or leads away from stop.
Tensor arange(Number start, Number stop, Number step = 1);
Tensor arange(Number start, Number stop, Number step, DType dtype);
inline Tensor arange(Number stop) { return arange(0, stop); }
inline Tensor arange(Number stop, DType dtype) { return arange(0, stop, 1, dtype); }
/// `steps` evenly spaced values from `from` to `to`, both included.
Tensor linspace(double from, double to, int64_t steps, DType dtype = f32);
/// A matrix with ones on the diagonal and zeros elsewhere; square unless `columns` is given.
Tensor eye(int64_t rows, DType dtype = f32);
Tensor eye(int64_t rows, int64_t columns, DType dtype = f32);
/// bool [rows, columns]. tril_mask is true on and below the given diagonal (j - i <= diagonal),
/// triu_mask on and above it (j - i >= diagonal).
Tensor tril_mask(int64_t rows, int64_t columns, int64_t diagonal = 0);
Tensor triu_mask(int64_t rows, int64_t columns, int64_t diagonal = 0);
/// The positions in those triangles, row by row: i64 [2, number], rows and columns.
Tensor tril_indices(int64_t rows, int64_t columns, int64_t diagonal = 0);
Tensor triu_indices(int64_t rows, int64_t columns, int64_t diagonal = 0);
/// bool [B, columns], true at the padding positions of each sequence, given lengths i64 [B]: column
/// >= length. Throws ShapeError, DTypeError, and IndexError for a length outside 0..columns.
Tensor padding_mask(const Tensor& lengths, int64_t columns);
/// One-hot encoding of integer indices [...]: i64 [..., classes]. Without `classes`, their number
/// is the largest index plus 1. Throws IndexError with the position of an index outside
/// 0..classes-1.
Tensor one_hot(const Tensor& indices, int64_t classes = -1);

/// Uniform random numbers in [0, 1).
Tensor rand(const Shape& shape, DType dtype = f32, Generator& generator = default_generator());
/// Standard normal random numbers.
Tensor randn(const Shape& shape, DType dtype = f32, Generator& generator = default_generator());
Tensor rand_like(const Tensor& x, Generator& generator = default_generator());
Tensor randn_like(const Tensor& x, Generator& generator = default_generator());
/// Random integers in [from, to), uniformly distributed. Without `from`: in [0, to).
Tensor randint(int64_t from, int64_t to, const Shape& shape, DType dtype = i64,
               Generator& generator = default_generator());
Tensor randint(int64_t to, const Shape& shape, DType dtype = i64,
               Generator& generator = default_generator());
/// A random permutation of 0..n-1, i64 [n].
Tensor randperm(int64_t n, Generator& generator = default_generator());

}  // namespace tapehead
