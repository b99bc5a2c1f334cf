#include "tapehead/core/shape.h"

#include <fmt/format.h>

#include <algorithm>

#include "tapehead/core/error.h"

namespace tapehead {

void Shape::assign(const int64_t* sizes, size_t count) {
  if (count > kMaxRank)
    throw ShapeError(fmt::format("shape: {} dimensions; a tensor has at most {}", count, kMaxRank));
  std::copy_n(sizes, count, sizes_);
  rank_ = static_cast<int>(count);
}

Shape Shape::filled(int rank, int64_t value) {
  Shape s;
  for (int i = 0; i < rank; ++i) s.push_back(value);
  return s;
}

void Shape::insert(int at, int64_t size) {
  if (rank_ == kMaxRank)
    throw ShapeError(
        fmt::format("shape: {} dimensions; a tensor has at most {}", rank_ + 1, kMaxRank));
  std::copy_backward(sizes_ + at, sizes_ + rank_, sizes_ + rank_ + 1);
  sizes_[at] = size;
  ++rank_;
}

void Shape::erase(int at) {
  std::copy(sizes_ + at + 1, sizes_ + rank_, sizes_ + at);
  --rank_;
}

uint32_t Axes::mask(const char* op, int rank) const {
  if (list_.empty()) return (1u << std::max(rank, 1)) - 1;
  uint32_t mask = 0;
  for (const int64_t axis : list_) {
    const uint32_t bit = 1u << normalize_axis(op, axis, rank);
    if (mask & bit)
      throw ValueError(fmt::format("{}: axis {} is named twice in {}; name each axis once", op,
                                   axis, list_.str()));
    mask |= bit;
  }
  return mask;
}

void Shape::throw_too_large() const {
  throw ShapeError(fmt::format("shape: {} is too large to address", str()));
}

std::string Shape::str() const { return fmt::format("[{}]", fmt::join(begin(), end(), ", ")); }

void check_sizes(const Shape& sizes) {
  int64_t product = 1;
  for (const int64_t size : sizes) {
    if (size < 0) throw ShapeError(fmt::format("shape: {} has a negative size", sizes.str()));
    if (size > 0 && __builtin_mul_overflow(product, size, &product)) sizes.throw_too_large();
  }
}

Shape contiguous_strides(const Shape& sizes) {
  check_sizes(sizes);
  Shape strides = sizes;
  int64_t step = 1;
  for (int i = sizes.rank() - 1; i >= 0; --i) {
    strides[i] = step;
    step *= std::max<int64_t>(sizes[i], 1);
  }
  return strides;
}

Shape broadcast_shapes(const char* op, const Shape& a, const Shape& b) {
  const Shape& longer = a.rank() >= b.rank() ? a : b;
  Shape out = longer;
  for (int i = 1; i <= out.rank(); ++i) {
    const int64_t x = i <= a.rank() ? a[a.rank() - i] : 1;
    const int64_t y = i <= b.rank() ? b[b.rank() - i] : 1;
    if (x != y && x != 1 && y != 1)
      throw ShapeError(
          fmt::format("{}: shapes {} and {} do not broadcast: size({}) is {} in one and {} in the "
                      "other; sizes must "
                      "be equal or 1",
                      op, a.str(), b.str(), -i, x, y));
    out[out.rank() - i] = x == 1 ? y : x;
  }
  return out;
}

bool broadcasts_to(const Shape& from, const Shape& to) {
  if (from.rank() > to.rank()) return false;
  for (int i = 1; i <= from.rank(); ++i) {
    const int64_t x = from[from.rank() - i];
    if (x != 1 && x != to[to.rank() - i]) return false;
  }
  return true;
}

int normalize_axis(const char* op, int64_t axis, int rank) {
  const int64_t n = std::max(rank, 1);
  if (axis < -n || axis >= n)
    throw IndexError(fmt::format("{}: axis {} is outside {}..{} of a tensor with {} dimension{}",
                                 op, axis, -n, n - 1, rank, rank == 1 ? "" : "s"));
  return static_cast<int>(axis < 0 ? axis + n : axis);
}

}  // namespace tapehead
