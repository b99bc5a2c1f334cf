// Parses and writes Json with nlohmann/json.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <unordered_map>
#include <variant>
#include <vector>

#include "tapehead/core/detail/input_file.h"
#include "tapehead/core/error.h"
#include "tapehead/core/formats/detail/json.h"

namespace tapehead::core {

using Library = nlohmann::ordered_json;

/// Access to the value inside a Json, and conversion to the library's type.
class JsonLibrary {
 public:
  /// The elements or members, for appending.
  static Json::Array& elements(Json& json) { return std::get<Json::Array>(json.value_); }
  static Json::Object& members(Json& json) { return std::get<Json::Object>(json.value_); }

  static Library convert(const Json& json, bool sort_keys) {
    if (json.is_array()) {
      Library out = Library::array();
      for (const Json& element : json.as_array()) out.push_back(convert(element, sort_keys));
      return out;
    }
    if (!json.is_object())
      return std::visit([](const auto& value) { return scalar(value); }, json.value_);
    Library out = Library::object();
    // Keys are unique already; the library's emplace() would search for each.
    auto& list =
        static_cast<std::vector<Library::object_t::value_type>&>(out.get_ref<Library::object_t&>());
    const auto add = [&](const Json::Member& member) {
      list.emplace_back(member.first, convert(member.second, sort_keys));
    };
    if (sort_keys)
      for (const Json::Member* member : json.sorted_members()) add(*member);
    else
      for (const Json::Member& member : json.as_object()) add(member);
    return out;
  }

 private:
  template <class Scalar>
  static Library scalar(const Scalar& value) {
    return value;
  }
  static Library scalar(const Json::Array&) { return {}; }  // needed for std::visit, never called
  static Library scalar(const Json::Object&) { return {}; }
};

namespace {

constexpr size_t kMaxDepth = 64;
constexpr int kOutOfRange = 406;  // the library's id of this error

/// Builds the value and enforces limits that the library does not have.
class Reader : public nlohmann::json_sax<Library> {
 public:
  Reader(const std::string& name, const JsonParseOptions& options)
      : name_(name), options_(options) {}

  Json root;

  bool start_object(std::size_t) override { return open(Json::object()); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& key) override {
    Json::Object& members = JsonLibrary::members(*open_.back().value);
    const auto [at, fresh] = open_.back().places.emplace(key, members.size());
    if (fresh) members.emplace_back(key, Json());
    else if (!options_.repeated_keys)
      throw FormatError(fmt::format("{}: '{}' is repeated in one object", name_, key));
    place_ = at->second;
    return true;
  }
  bool null() override { return put(nullptr); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(number_integer_t n) override { return put(n); }
  bool number_unsigned(number_unsigned_t n) override { return put(n); }
  bool number_float(number_float_t n, const string_t&) override { return put(n); }
  bool string(string_t& text) override { return put(std::move(text)); }
  bool binary(binary_t&) override { return false; }  // not in text
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& error) override {
    if (error.id == kOutOfRange)
      throw FormatError(
          fmt::format("{}: the number that ends at byte {} is too large", name_, position));
    throw FormatError(fmt::format("{}: not JSON at byte {}", name_, position));
  }

 private:
  struct Open {
    Json* value;  // stable: its parent does not grow while it is open
    std::unordered_map<std::string, size_t> places;  // index of each key of an object
  };

  Json& place(Json value) {
    if (++values_ > options_.max_values)
      throw FormatError(
          fmt::format("{}: it holds more than {} values", name_, options_.max_values));
    if (open_.empty()) return root = std::move(value);
    Json& parent = *open_.back().value;
    if (parent.is_object()) return JsonLibrary::members(parent)[place_].second = std::move(value);
    return JsonLibrary::elements(parent).emplace_back(std::move(value));
  }
  bool put(Json value) {
    place(std::move(value));
    return true;
  }
  bool open(Json container) {
    Json& placed = place(std::move(container));
    if (open_.size() == kMaxDepth)
      throw FormatError(fmt::format("{}: nested more than {} levels deep", name_, kMaxDepth));
    open_.push_back({&placed, {}});
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  const std::string& name_;
  const JsonParseOptions& options_;
  int64_t values_ = 0;
  std::vector<Open> open_;
  size_t place_ = 0;  // index of the latest key's member
};

}  // namespace

Json parse_json(std::string_view text, const std::string& name, const JsonParseOptions& options) {
  return reading(name, [&] {
    Reader reader(name, options);
    Library::sax_parse(text, &reader);
    return std::move(reader.root);
  });
}

std::string Json::dump(const DumpOptions& options) const {
  using Handler = Library::error_handler_t;
  const Library value = JsonLibrary::convert(*this, options.sort_keys);
  try {
    return value.dump(options.indent, ' ', false,
                      options.replace_invalid_utf8 ? Handler::replace : Handler::strict);
  } catch (const Library::type_error&) {
    throw ValueError("Json: a string to write is not UTF-8");
  }
}

}  // namespace tapehead::core
