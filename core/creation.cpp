#include "tapehead/core/creation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/index.h"
#include "tapehead/core/detail/lengths.h"
#include "tapehead/core/error.h"
#include "tapehead/core/parallel.h"

namespace tapehead {
namespace {

constexpr int64_t kFillGrain = 1 << 15;

// The shape of nested lists, from the first item of each level.
Shape shape_of(const NestedList& items) {
  Shape shape;
  for (const NestedList* at = &items; at->is_list(); at = &at->items()[0]) {
    shape.push_back(static_cast<int64_t>(at->items().size()));
    if (at->items().empty()) break;
  }
  return shape;
}

void flatten(const NestedList& items, const Shape& shape, int depth, std::vector<Number>& out) {
  if (!items.is_list() && depth == shape.rank()) return out.push_back(items.number());
  const auto count = static_cast<int64_t>(items.items().size());
  if (!items.is_list() || depth == shape.rank() || count != shape[depth])
    throw ShapeError(fmt::format(
        "tensor: the lists are ragged: {} found where the first elements give {} of the "
        "shape {}; give all "
        "rows of an axis the same length",
        items.is_list() ? fmt::format("a list of {}", count) : "a number",
        depth == shape.rank() ? "a number" : fmt::format("a list of {}", shape[depth]),
        shape.str()));
  for (const NestedList& item : items.items()) flatten(item, shape, depth + 1, out);
}

Tensor from_list(const NestedList& items, const DType* wanted) {
  const Shape shape = shape_of(items);
  std::vector<Number> numbers;
  flatten(items, shape, 0, numbers);
  DType dtype = numbers.empty() ? f32 : boolean;
  for (const Number& x : numbers) dtype = promote(dtype, x.dtype);
  if (wanted) dtype = *wanted;
  Tensor out = empty(shape, dtype);
  visit(dtype, [&]<class T>() {
    T* to = out.data<T>();
    for (const Number& x : numbers) {
      core::check_range("tensor", x, dtype);
      *to++ = detail::to<T>(x);
    }
  });
  return out;
}

// Fills a new tensor with f(i), in parallel.
template <class F>
Tensor computed(const Shape& shape, DType dtype, F f) {
  Tensor out = empty(shape, dtype);
  visit(dtype, [&]<class T>() {
    T* to = out.data<T>();
    core::parallel_range(out.numel(), kFillGrain, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) to[i] = static_cast<T>(f(i));
    });
  });
  return out;
}

template <class T>
[[noreturn]] void throw_steps(T start, T stop, T step) {
  throw ValueError(fmt::format("arange: steps of {} do not lead from {} to {}", step, start, stop));
}

// The number of elements of start, start + step, ... before stop.
int64_t count_steps(int64_t start, int64_t stop, int64_t step) {
  if (step == 0 || (step > 0 ? start > stop : start < stop)) throw_steps(start, stop, step);
  if (start == stop) return 0;
  const auto from = static_cast<uint64_t>(start), to = static_cast<uint64_t>(stop),
             by = static_cast<uint64_t>(step);
  const uint64_t count = (step > 0 ? (to - from - 1) / by : (from - to - 1) / (0 - by)) + 1;
  if (count > INT64_MAX) throw_steps(start, stop, step);
  return static_cast<int64_t>(count);
}
int64_t count_steps(double start, double stop, double step) {
  const double count = std::ceil((stop - start) / step);
  if (step == 0 || !(count >= 0) || count >= 0x1p63) throw_steps(start, stop, step);
  return static_cast<int64_t>(count);
}

Tensor diagonal_mask(const char* op, int64_t rows, int64_t columns, DType dtype,
                     bool (*inside)(int64_t offset, int64_t diagonal), int64_t diagonal) {
  if (rows < 0 || columns < 0)
    throw ValueError(
        fmt::format("{}: {} rows and {} columns; neither may be negative", op, rows, columns));
  return computed({rows, columns}, dtype,
                  [=](int64_t i) { return inside(i % columns - i / columns, diagonal); });
}

void check_count(const Shape& shape, size_t values) {
  if (shape.numel() != static_cast<int64_t>(values))
    throw ShapeError(fmt::format("from_vector: shape {} has {} elements, the vector {}",
                                 shape.str(), shape.numel(), values));
}

// The positions inside a triangle, i64 [2, number].
Tensor triangle_indices(const char* op, int64_t rows, int64_t columns, bool lower,
                        int64_t diagonal) {
  if (rows < 0 || columns < 0)
    throw ValueError(
        fmt::format("{}: {} rows and {} columns; neither may be negative", op, rows, columns));
  const int64_t cut = std::clamp(diagonal, -rows - 1, columns);
  const auto first = [&](int64_t row) {
    return lower ? 0 : std::clamp<int64_t>(row + cut, 0, columns);
  };
  const auto last = [&](int64_t row) {
    return lower ? std::clamp<int64_t>(row + cut + 1, 0, columns) : columns;
  };
  int64_t count = 0;
  for (int64_t row = 0; row < rows; ++row) count += last(row) - first(row);
  Tensor out = empty({2, count}, i64);
  int64_t *row_at = out.data<int64_t>(), *column_at = row_at + count;
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t column = first(row); column < last(row); ++column)
      *row_at++ = row, *column_at++ = column;
  return out;
}

}  // namespace

Tensor tensor(const NestedList& items) { return from_list(items, nullptr); }
Tensor tensor(const NestedList& items, DType dtype) { return from_list(items, &dtype); }

template <class T>
Tensor from_vector(const std::vector<T>& values, const Shape& shape) {
  check_count(shape, values.size());
  Tensor out = empty(shape, dtype_of<T>());
  std::copy(values.begin(), values.end(), out.data<T>());
  return out;
}

template <class T>
Tensor from_vector(std::vector<T>&& values, const Shape& shape) {
  check_count(shape, values.size());
  if constexpr (std::is_same_v<T, bool>) {
    return from_vector(static_cast<const std::vector<bool>&>(values), shape);
  } else {
    auto owner = std::make_shared<std::vector<T>>(std::move(values));
    T* const data = owner->data();
    return core::borrow(data, dtype_of<T>(), shape, contiguous_strides(shape), false,
                        [owner = std::move(owner)] {});
  }
}

#define TAPEHEAD_FROM_VECTOR(T)                                     \
  template Tensor from_vector(const std::vector<T>&, const Shape&); \
  template Tensor from_vector(std::vector<T>&&, const Shape&);
TAPEHEAD_FROM_VECTOR(float)
TAPEHEAD_FROM_VECTOR(double)
TAPEHEAD_FROM_VECTOR(bfloat16)
TAPEHEAD_FROM_VECTOR(int64_t)
TAPEHEAD_FROM_VECTOR(int32_t)
TAPEHEAD_FROM_VECTOR(uint8_t)
TAPEHEAD_FROM_VECTOR(float16)
TAPEHEAD_FROM_VECTOR(int16_t)
TAPEHEAD_FROM_VECTOR(int8_t)
TAPEHEAD_FROM_VECTOR(bool)
#undef TAPEHEAD_FROM_VECTOR

Tensor pad_rows(const std::vector<std::vector<int64_t>>& rows, int64_t value) {
  size_t longest = 0;
  for (const auto& row : rows) longest = std::max(longest, row.size());
  const Tensor out =
      core::empty({static_cast<int64_t>(rows.size()), static_cast<int64_t>(longest)}, i64);
  int64_t* to = out.data<int64_t>();
  for (const auto& row : rows) {
    to = std::copy(row.begin(), row.end(), to);
    to = std::fill_n(to, longest - row.size(), value);
  }
  return out;
}

Tensor zeros(const Shape& shape, DType dtype) { return full(shape, 0, dtype); }
Tensor ones(const Shape& shape, DType dtype) { return full(shape, 1, dtype); }
Tensor full(const Shape& shape, Number value) { return full(shape, value, value.dtype); }
Tensor full(const Shape& shape, Number value, DType dtype) {
  core::check_range("full", value, dtype);
  return core::full(shape, value, dtype);
}
Tensor zeros_like(const Tensor& x) { return zeros(x.shape(), x.dtype()); }
Tensor ones_like(const Tensor& x) { return ones(x.shape(), x.dtype()); }
Tensor full_like(const Tensor& x, Number value) { return full(x.shape(), value, x.dtype()); }

Tensor arange(Number start, Number stop, Number step) {
  const DType dtype = promote(promote(start.dtype, stop.dtype), step.dtype);
  return arange(start, stop, step, dtype == f32 ? f32 : i64);
}

Tensor arange(Number start, Number stop, Number step, DType dtype) {
  const bool integers =
      !is_floating(start.dtype) && !is_floating(stop.dtype) && !is_floating(step.dtype);
  const int64_t n = integers ? count_steps(start.integer, stop.integer, step.integer)
                             : count_steps(start.floating, stop.floating, step.floating);
  const auto at = [&](int64_t i) -> Number {
    if (integers)  // modulo 2^64: the product may overflow even if the sum does not
      return static_cast<int64_t>(static_cast<uint64_t>(start.integer) +
                                  static_cast<uint64_t>(i) * static_cast<uint64_t>(step.integer));
    return start.floating + static_cast<double>(i) * step.floating;
  };
  if (n > 0) {
    core::check_range("arange", at(0), dtype);
    core::check_range("arange", at(n - 1), dtype);
  }
  return integers ? computed({n}, dtype, [&](int64_t i) { return at(i).integer; })
                  : computed({n}, dtype, [&](int64_t i) { return at(i).floating; });
}

Tensor linspace(double from, double to, int64_t steps, DType dtype) {
  if (steps < 0)
    throw ValueError(fmt::format("linspace: {} steps; it must not be negative", steps));
  const double step = steps > 1 ? (to - from) / static_cast<double>(steps - 1) : 0;
  // Computed from both ends, so that both are exact.
  return computed({steps}, dtype, [=](int64_t i) {
    return i < (steps + 1) / 2 ? from + static_cast<double>(i) * step
                               : to - static_cast<double>(steps - 1 - i) * step;
  });
}

Tensor eye(int64_t rows, DType dtype) { return eye(rows, rows, dtype); }
Tensor eye(int64_t rows, int64_t columns, DType dtype) {
  return diagonal_mask(
      "eye", rows, columns, dtype, [](int64_t at, int64_t) { return at == 0; }, 0);
}
Tensor tril_mask(int64_t rows, int64_t columns, int64_t diagonal) {
  return diagonal_mask(
      "tril_mask", rows, columns, boolean, [](int64_t at, int64_t last) { return at <= last; },
      diagonal);
}
Tensor tril_indices(int64_t rows, int64_t columns, int64_t diagonal) {
  return triangle_indices("tril_indices", rows, columns, true, diagonal);
}
Tensor triu_indices(int64_t rows, int64_t columns, int64_t diagonal) {
  return triangle_indices("triu_indices", rows, columns, false, diagonal);
}

Tensor triu_mask(int64_t rows, int64_t columns, int64_t diagonal) {
  return diagonal_mask(
      "triu_mask", rows, columns, boolean, [](int64_t at, int64_t first) { return at >= first; },
      diagonal);
}

Tensor padding_mask(const Tensor& lengths, int64_t columns) {
  if (lengths.dim() != 1)
    throw ShapeError(
        fmt::format("padding_mask: lengths are {}; expected [B], one for each sequence",
                    lengths.shape().str()));
  const int64_t B = lengths.size(0);
  const Tensor out = core::empty({B, columns}, boolean);
  const Tensor list = core::check_lengths("padding_mask", lengths, B, columns);
  bool* to = out.data<bool>();
  for (int64_t b = 0; b < B; ++b) {
    const int64_t real = list.data<int64_t>()[b];
    to = std::fill_n(std::fill_n(to, real, false), columns - real, true);
  }
  return out;
}

Tensor one_hot(const Tensor& indices, int64_t classes) {
  if (classes < -1)
    throw ValueError(fmt::format("one_hot: {} classes; the number must not be negative", classes));
  if (classes < 0 && indices.numel() == 0)
    throw ValueError(
        "one_hot: the number of classes cannot be inferred from empty indices; pass it");
  const Tensor list =
      core::check_indices("one_hot", "indices", indices, classes < 0 ? INT64_MAX : classes);
  const auto* at = list.data<int64_t>();
  if (classes < 0) classes = *std::max_element(at, at + list.numel()) + 1;
  Shape shape = indices.shape();
  shape.push_back(classes);
  Tensor out = zeros(shape, i64);
  for (int64_t i = 0; i < list.numel(); ++i) out.data<int64_t>()[i * classes + at[i]] = 1;
  return out;
}

Tensor rand(const Shape& shape, DType dtype, Generator& generator) {
  Tensor out = empty(shape, dtype);
  core::fill_uniform(out, 0, 1, generator);
  return out;
}
Tensor randn(const Shape& shape, DType dtype, Generator& generator) {
  Tensor out = empty(shape, dtype);
  core::fill_normal(out, 0, 1, generator);
  return out;
}
Tensor rand_like(const Tensor& x, Generator& generator) {
  return rand(x.shape(), x.dtype(), generator);
}
Tensor randn_like(const Tensor& x, Generator& generator) {
  return randn(x.shape(), x.dtype(), generator);
}

Tensor randint(int64_t from, int64_t to, const Shape& shape, DType dtype, Generator& generator) {
  Tensor out = empty(shape, dtype);
  core::fill_integers(out, from, to, generator);
  return out;
}
Tensor randint(int64_t to, const Shape& shape, DType dtype, Generator& generator) {
  return randint(0, to, shape, dtype, generator);
}
Tensor randperm(int64_t n, Generator& generator) { return core::permutation(n, generator); }

}  // namespace tapehead
