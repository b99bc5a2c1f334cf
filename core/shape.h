// Sizes and strides.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

namespace tapehead {

/// Up to eight sizes (or strides), outermost first. A value type without heap memory.
class Shape {
 public:
  static constexpr int kMaxRank = 8;  ///< the largest number of axes

  constexpr Shape() = default;
  /// Throws ShapeError for more than kMaxRank sizes.
  Shape(std::initializer_list<int64_t> sizes) { assign(sizes.begin(), sizes.size()); }
  explicit Shape(std::span<const int64_t> sizes) { assign(sizes.data(), sizes.size()); }
  Shape(const std::vector<int64_t>& sizes) { assign(sizes.data(), sizes.size()); }
  /// A single size: zeros(5), x.view(-1).
  template <class T>
  requires(std::is_integral_v<T> && !std::is_same_v<T, bool>) Shape(T size)
      : Shape({static_cast<int64_t>(size)}) {}
  /// A shape of `rank` sizes, each equal to `value`.
  static Shape filled(int rank, int64_t value);

  /// The number of axes.
  int rank() const { return rank_; }
  bool empty() const { return rank_ == 0; }
  int64_t operator[](int i) const { return sizes_[i]; }
  int64_t& operator[](int i) { return sizes_[i]; }
  int64_t back() const { return sizes_[rank_ - 1]; }
  const int64_t* begin() const { return sizes_; }
  const int64_t* end() const { return sizes_ + rank_; }
  int64_t* begin() { return sizes_; }
  int64_t* end() { return sizes_ + rank_; }

  void push_back(int64_t size) { insert(rank_, size); }
  /// Inserts a size before position `at`. Throws ShapeError if there are already kMaxRank sizes.
  void insert(int at, int64_t size);
  void erase(int at);

  /// The product of the sizes; 1 for a 0-d shape. Throws ShapeError if it overflows int64_t.
  int64_t numel() const {
    int64_t n = 1;
    for (int i = 0; i < rank_; ++i)
      if (__builtin_mul_overflow(n, sizes_[i], &n)) [[unlikely]]
        throw_too_large();
    return n;
  }
  bool operator==(const Shape& o) const {
    if (rank_ != o.rank_) return false;
    for (int i = 0; i < rank_; ++i)
      if (sizes_[i] != o.sizes_[i]) return false;
    return true;
  }
  /// Formatted as `[32, 10, 512]`.
  std::string str() const;

 private:
  void assign(const int64_t* sizes, size_t count);
  [[noreturn]] void throw_too_large() const;
  friend void check_sizes(const Shape& sizes);

  int64_t sizes_[kMaxRank] = {};
  int rank_ = 0;
};

/// The axes that an op reduces or modifies: `sum(x, 1)`, `sum(x, {0, -1})`. Empty means all axes.
class Axes {
 public:
  template <class T>
  requires(std::is_integral_v<T> && !std::is_same_v<T, bool>) Axes(T axis)
      : list_{static_cast<int64_t>(axis)} {}
  Axes(std::initializer_list<int64_t> axes) : list_(axes) {}
  Axes(const Shape& axes) : list_(axes) {}

  /// The axes of a tensor of this rank as a bit mask. Throws IndexError for an axis out of range
  /// and ValueError for a repeated axis; both messages name `op`.
  uint32_t mask(const char* op, int rank) const;

 private:
  Shape list_;
};

/// Throws ShapeError if a size is negative, or if the product of the non-zero sizes (needed for
/// strides) overflows int64_t.
void check_sizes(const Shape& sizes);

/// The strides, in elements, of a row-major tensor. Throws like check_sizes().
Shape contiguous_strides(const Shape& sizes);

/// The shape that `a` and `b` broadcast to under NumPy's rules. Throws ShapeError, naming `op` and
/// both shapes, if they do not broadcast.
Shape broadcast_shapes(const char* op, const Shape& a, const Shape& b);

/// Whether a tensor of shape `from` broadcasts to shape `to`.
bool broadcasts_to(const Shape& from, const Shape& to);

/// Converts a negative axis, such as -1 for the last, to one counted from the front. Throws
/// IndexError, naming `op`, if it is outside -rank..rank-1 (a 0-d tensor counts as rank 1, as in
/// PyTorch).
int normalize_axis(const char* op, int64_t axis, int rank);

}  // namespace tapehead
