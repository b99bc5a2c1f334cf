// Options of optimizers: a struct of Option fields. The optimizer is constructed with it, a
// parameter group overrides the fields that are given, and update() reads a parameter's values.
//
//   struct LionOptions {
//     optim::Option<double> lr{"lr", 1e-4, optim::kAboveZero};
//     optim::Option<double> weight_decay{"weight_decay", 0, optim::kZeroOrMore};
//   };
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace tapehead::optim {
namespace detail {

// How many numbers an option of type T has: one, or those of an array.
template <class T>
inline constexpr size_t kNumbers = 1;
template <size_t N>
inline constexpr size_t kNumbers<std::array<double, N>> = N;

// std::isfinite() without <cmath>, which would be a tenth of the time that tapehead.h takes to
// compile.
constexpr bool is_finite(double x) { return __builtin_isfinite(x); }

}  // namespace detail

/// The valid range of an option.
struct OptionRange {
  bool (*holds)(double value) = nullptr;  ///< null: every value is valid
  const char* text = "";                  ///< for errors: "above 0" in `lr = 0; it must be above 0`
};
/// Ranges of options.
inline constexpr OptionRange kFinite{[](double x) { return detail::is_finite(x); }, "finite"};
inline constexpr OptionRange kAboveZero{[](double x) { return x > 0 && detail::is_finite(x); },
                                        "above 0"};
inline constexpr OptionRange kZeroOrMore{[](double x) { return x >= 0 && detail::is_finite(x); },
                                         "0 or more"};
/// For decay rates of running averages.
inline constexpr OptionRange kBelowOne{[](double x) { return x >= 0 && x < 1; },
                                       "at least 0 and below 1"};

/// An option, which knows whether it was given. T is double, bool, int64_t, an enumeration or an
/// array of doubles.
template <class T>
class Option {
 public:
  /// Declares an option, with its name, default value and range.
  constexpr Option(const char* name, T preset, OptionRange range = {})
      : value_(preset), name_(name), range_(range) {}
  /// Gives a value: `.lr = 0.1`, `.betas = {0.9, 0.98}`.
  template <class U>
  requires(!std::same_as<U, Option> && std::convertible_to<U, T>) constexpr Option(U value)
      : value_(static_cast<T>(value)), given_(true) {}
  template <std::convertible_to<double>... U>
  requires(sizeof...(U) > 1 && sizeof...(U) == detail::kNumbers<T>) constexpr Option(U... numbers)
      : value_{static_cast<double>(numbers)...}, given_(true) {}

  /// The value.
  constexpr const T& value() const { return value_; }
  constexpr operator const T&() const { return value_; }
  /// Whether it was set, not left at its default.
  constexpr bool given() const { return given_; }
  /// As in errors and files.
  constexpr const char* name() const { return name_; }
  /// Which values it takes.
  constexpr const OptionRange& range() const { return range_; }

 private:
  T value_;
  const char* name_ = nullptr;  // null when given
  OptionRange range_ = {};
  bool given_ = false;
};

namespace detail {

// Converts to any Option, to count the fields of a struct.
struct AnyOption {
  template <class T>
  constexpr operator Option<T>() const;
};

template <class Struct, class... Found>
consteval size_t count_options() {
  if constexpr (requires { Struct{Found{}..., AnyOption{}}; })
    return count_options<Struct, Found..., AnyOption>();
  else return sizeof...(Found);
}

/// Calls f with each field of a struct of options, in order.
template <class Struct, class F>
constexpr void for_each_option(Struct& s, F f) {
  constexpr size_t kCount = count_options<std::remove_const_t<Struct>>();
  static_assert(kCount >= 1 && kCount <= 10, "an options struct has 1 to 10 fields, all Option");
  const auto all = [&](auto&... fields) { (f(fields), ...); };
  if constexpr (kCount == 1) {
    auto& [a] = s;
    all(a);
  } else if constexpr (kCount == 2) {
    auto& [a, b] = s;
    all(a, b);
  } else if constexpr (kCount == 3) {
    auto& [a, b, c] = s;
    all(a, b, c);
  } else if constexpr (kCount == 4) {
    auto& [a, b, c, d] = s;
    all(a, b, c, d);
  } else if constexpr (kCount == 5) {
    auto& [a, b, c, d, e] = s;
    all(a, b, c, d, e);
  } else if constexpr (kCount == 6) {
    auto& [a, b, c, d, e, g] = s;
    all(a, b, c, d, e, g);
  } else if constexpr (kCount == 7) {
    auto& [a, b, c, d, e, g, h] = s;
    all(a, b, c, d, e, g, h);
  } else if constexpr (kCount == 8) {
    auto& [a, b, c, d, e, g, h, i] = s;
    all(a, b, c, d, e, g, h, i);
  } else if constexpr (kCount == 9) {
    auto& [a, b, c, d, e, g, h, i, j] = s;
    all(a, b, c, d, e, g, h, i, j);
  } else {
    auto& [a, b, c, d, e, g, h, i, j, k] = s;
    all(a, b, c, d, e, g, h, i, j, k);
  }
}

/// A type-erased option: one number, or those of an array.
struct OptionValue {
  std::string name;
  std::vector<double> numbers;
  OptionRange range;
  bool given = false;
};
using OptionValues = std::vector<OptionValue>;

template <class Struct>
OptionValues values_of(const Struct& options) {
  OptionValues out;
  const Struct declared = {};
  for_each_option(declared, [&](const auto& option) {
    out.push_back({option.name(), {}, option.range(), false});
  });
  size_t at = 0;
  for_each_option(options, [&]<class T>(const Option<T>& option) {
    OptionValue& value = out[at++];
    value.given = option.given();
    if constexpr (kNumbers < T >> 1)
      value.numbers.assign(option.value().begin(), option.value().end());
    else value.numbers = {static_cast<double>(option.value())};
  });
  return out;
}

template <class Struct>
Struct options_from(const OptionValues& values) {
  Struct options = {};
  size_t at = 0;
  for_each_option(options, [&]<class T>(Option<T>& option) {
    const std::vector<double>& numbers = values[at++].numbers;
    if constexpr (kNumbers < T >> 1) {
      T array{};
      for (size_t i = 0; i < kNumbers<T>; ++i) array[i] = numbers[i];
      option = array;
    } else {
      option = static_cast<T>(numbers[0]);
    }
  });
  return options;
}

/// Calls the options struct's `void check(const char* optimizer) const`, which checks combinations
/// of options.
using CheckOptions = std::function<void(const char* optimizer, const OptionValues& values)>;

template <class Struct>
CheckOptions check_of() {
  if constexpr (requires(const Struct& s) { s.check(""); })
    return [](const char* optimizer, const OptionValues& values) {
      options_from<Struct>(values).check(optimizer);
    };
  else return {};
}

}  // namespace detail
}  // namespace tapehead::optim
