// Sizes of windows, such as the kernel of a convolution.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace tapehead {

/// One value for each of N axes. A single value stands for all of them, as in libtorch:
/// `.stride = 2` is `.stride = {2, 2}`.
template <int N, class T = int64_t>
class ExpandingArray {
 public:
  constexpr ExpandingArray(std::convertible_to<T> auto all) { values_.fill(static_cast<T>(all)); }
  constexpr ExpandingArray(std::convertible_to<T> auto... each) requires(N > 1 &&
                                                                         sizeof...(each) == N)
      : values_{static_cast<T>(each)...} {}

  constexpr const T& operator[](int axis) const { return values_[static_cast<size_t>(axis)]; }
  constexpr T& operator[](int axis) { return values_[static_cast<size_t>(axis)]; }
  constexpr bool operator==(const ExpandingArray&) const = default;

 private:
  std::array<T, N> values_{};
};

/// As ExpandingArray, for values that may be left open with std::nullopt.
template <int N>
using OptionalArray = ExpandingArray<N, std::optional<int64_t>>;

/// Whether a padding is given by sizes or by a name.
enum class PaddingType : uint8_t {
  sizes,  ///< those of the padding
  valid,  ///< none
  same    ///< such that a convolution of stride 1 keeps the sizes
};
/// PyTorch's "valid" and "same".
inline constexpr PaddingType kValid = PaddingType::valid, kSame = PaddingType::same;

/// The padding of a convolution: sizes, kValid or kSame.
template <int N>
class ConvPadding {
 public:
  constexpr ConvPadding(int64_t all) : sizes_(all) {}
  constexpr ConvPadding(const ExpandingArray<N>& sizes) : sizes_(sizes) {}
  constexpr ConvPadding(std::convertible_to<int64_t> auto... each) requires(N > 1 &&
                                                                            sizeof...(each) == N)
      : sizes_(each...) {}
  constexpr ConvPadding(PaddingType type) : type_(type) {}

  /// Whether it is given by sizes or by a name.
  constexpr PaddingType type() const { return type_; }
  /// The sizes; 0 if it is given by a name.
  constexpr const ExpandingArray<N>& sizes() const { return sizes_; }

 private:
  PaddingType type_ = PaddingType::sizes;
  ExpandingArray<N> sizes_ = 0;
};

}  // namespace tapehead
