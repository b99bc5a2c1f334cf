#include "tapehead/core/parse_number.h"

#include <charconv>

namespace tapehead {
namespace {

template <class T, class... Base>
std::optional<T> parse(std::string_view text, Base... base) {
  T value{};
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value, base...);
  if (error != std::errc{} || stopped != end) return std::nullopt;
  return value;
}

}  // namespace

template <class T>
std::optional<T> parse_number(std::string_view text) {
  return parse<T>(text);
}
template <class T>
std::optional<T> parse_number(std::string_view text, int base) {
  return parse<T>(text, base);
}

template std::optional<int64_t> parse_number(std::string_view);
template std::optional<uint64_t> parse_number(std::string_view);
template std::optional<double> parse_number(std::string_view);
template std::optional<int64_t> parse_number(std::string_view, int);
template std::optional<uint64_t> parse_number(std::string_view, int);

}  // namespace tapehead
