// New tensors. Nothing here is recorded; call set_requires_grad() on what is to be trained.
#pragma once

#include <initializer_list>
#include <vector>

#include "tapehead/core/number.h"
#include "tapehead/core/random.h"
#include "tapehead/core/tensor.h"

namespace tapehead {

/// The items of tensor({{1, 2}, {3, 4}}): a number or a list.
class NestedList {
 public:
  template <class T>
  requires std::is_arithmetic_v<T> NestedList(T number) : number_(number) {}
  NestedList(std::initializer_list<NestedList> items) : is_list_(true), items_(items) {}
  /// A vector of numbers, or of vectors.
  template <class T>
  NestedList(const std::vector<T>& items) : is_list_(true), items_(items.begin(), items.end()) {}

  bool is_list() const { return is_list_; }
  const std::vector<NestedList>& items() const { return items_; }
  Number number() const { return number_; }

 private:
  bool is_list_ = false;
  Number number_ = 0;
  std::vector<NestedList> items_;
};

/// A tensor of nested lists or vectors: f32, or i64 when all numbers are integers, or bool when all
/// are bool. Throws ShapeError when rows differ in length.
Tensor tensor(const NestedList& items);
Tensor tensor(const NestedList& items, DType dtype);
/// A tensor of the vector's element type, row-major. Throws ShapeError when the sizes do not match.
template <class T>
Tensor from_vector(const std::vector<T>& values, const Shape& shape);
template <class T>
Tensor from_vector(const std::vector<T>& values) {
  return from_vector(values, {static_cast<int64_t>(values.size())});
}

/// Rows of different length as one i64 tensor [rows, longest], filled up with `value`.
Tensor pad_rows(const std::vector<std::vector<int64_t>>& rows, int64_t value);

/// Uninitialised elements.
using core::empty;
using core::empty_like;
Tensor zeros(const Shape& shape, DType dtype = f32);
Tensor ones(const Shape& shape, DType dtype = f32);
/// Without a type: f32 of a floating value, i64 of an integer, bool of a bool.
Tensor full(const Shape& shape, Number value);
Tensor full(const Shape& shape, Number value, DType dtype);
Tensor zeros_like(const Tensor& x);
Tensor ones_like(const Tensor& x);
Tensor full_like(const Tensor& x, Number value);

/// start, start + step … before stop. i64 of integers, else f32. Throws ValueError when the step is
/// 0 or leads away from stop.
Tensor arange(Number start, Number stop, Number step = 1);
Tensor arange(Number start, Number stop, Number step, DType dtype);
inline Tensor arange(Number stop) { return arange(0, stop); }
inline Tensor arange(Number stop, DType dtype) { return arange(0, stop, 1, dtype); }
/// `steps` numbers from `from` to `to`, both included, evenly spaced.
Tensor linspace(double from, double to, int64_t steps, DType dtype = f32);
/// Ones on the diagonal; square unless `columns` is given.
Tensor eye(int64_t rows, DType dtype = f32);
Tensor eye(int64_t rows, int64_t columns, DType dtype = f32);
/// bool [rows, columns], true on and below (above) the given diagonal: j - i <= diagonal (>=).
Tensor tril_mask(int64_t rows, int64_t columns, int64_t diagonal = 0);
Tensor triu_mask(int64_t rows, int64_t columns, int64_t diagonal = 0);
/// bool [B, columns] of lengths, i64 [B]: true from each length on, where a sequence is padding.
/// Throws ShapeError, DTypeError, and IndexError for a length outside 0..columns.
Tensor padding_mask(const Tensor& lengths, int64_t columns);
/// i64 [..., classes] with a 1 at each index. Without `classes`: the largest index plus 1. Throws
/// IndexError with the position of an index outside 0..classes-1.
Tensor one_hot(const Tensor& indices, int64_t classes = -1);

/// Uniform in 0 <= x < 1.
Tensor rand(const Shape& shape, DType dtype = f32, Generator& generator = default_generator());
/// Standard normal.
Tensor randn(const Shape& shape, DType dtype = f32, Generator& generator = default_generator());
Tensor rand_like(const Tensor& x, Generator& generator = default_generator());
Tensor randn_like(const Tensor& x, Generator& generator = default_generator());
/// Integers from <= x < to, all equally probable.
Tensor randint(int64_t from, int64_t to, const Shape& shape, DType dtype = i64,
               Generator& generator = default_generator());
Tensor randint(int64_t to, const Shape& shape, DType dtype = i64,
               Generator& generator = default_generator());
/// 0..n-1 in random order, i64.
Tensor randperm(int64_t n, Generator& generator = default_generator());
/// 1 where a uniform number lies below the element's probability, else 0; of the type of
/// `probability`. Throws ValueError when one is outside 0..1.
Tensor bernoulli(const Tensor& probability, Generator& generator = default_generator());

}  // namespace tapehead
