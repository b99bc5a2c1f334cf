// JSON values: parsing of untrusted text, construction, access and serialisation.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace tapehead::core {

/// A JSON value: null, a bool, a number, a string, an array, or an object that preserves the order
/// of its members.
///
///   Json config = {{"name", "gpt"}, {"sizes", Json::array({1, 2})}};
///   config["tied"] = true;
///   config["sizes"][0].as_int64();  // 1
///   config.dump();                  // {"name":"gpt","sizes":[1,2],"tied":true}
///
/// Members are found by linear search. Reading a value as a type that it does not have throws
/// FormatError.
class Json {
 public:
  using Array = std::vector<Json>;
  using Member = std::pair<std::string, Json>;
  using Object = std::vector<Member>;

  Json() = default;  ///< null
  Json(std::nullptr_t) {}
  template <std::same_as<bool> Bool>
  Json(Bool value) : value_(value) {}
  template <std::signed_integral Int>
  Json(Int value) : value_(static_cast<int64_t>(value)) {}
  template <std::unsigned_integral Int>
  requires(!std::same_as<Int, bool>) Json(Int value) : value_(whole(value)) {}
  template <std::floating_point Real>
  Json(Real value) : value_(static_cast<double>(value)) {}
  Json(const char* value) : value_(std::string(value)) {}
  Json(std::string value) : value_(std::move(value)) {}
  Json(std::string_view value) : value_(std::string(value)) {}
  Json(Array elements) : value_(std::move(elements)) {}
  /// Constructs an object, like object().
  Json(std::initializer_list<Member> members) : Json(object(members)) {}

  static Json array(std::initializer_list<Json> elements = {});
  /// Of several members with the same key, the last is kept.
  static Json object(std::initializer_list<Member> members = {});

  bool is_null() const { return std::holds_alternative<std::nullptr_t>(value_); }
  bool is_bool() const { return std::holds_alternative<bool>(value_); }
  /// Whether it is an integer that int64_t can hold.
  bool is_int64() const { return std::holds_alternative<int64_t>(value_); }
  bool is_number() const;
  bool is_string() const { return std::holds_alternative<std::string>(value_); }
  bool is_array() const { return std::holds_alternative<Array>(value_); }
  bool is_object() const { return std::holds_alternative<Object>(value_); }

  bool as_bool() const;
  int64_t as_int64() const;
  /// The value of any number.
  double as_double() const;
  const std::string& as_string() const;
  const Array& as_array() const;
  const Object& as_object() const;
  /// The members of an object, sorted by the bytes of their keys.
  std::vector<const Member*> sorted_members() const;

  /// The number of elements of an array or members of an object.
  size_t size() const;

  /// An element of an array. Throws IndexError past its end.
  const Json& operator[](size_t index) const;
  Json& operator[](size_t index);
  /// Appends to an array; null becomes one.
  void push_back(Json element);

  /// The member of an object, or nullptr if it is absent or the value is not an object.
  const Json* find(std::string_view key) const;
  bool contains(std::string_view key) const { return find(key) != nullptr; }
  /// The member of an object. Throws FormatError if it is absent.
  const Json& operator[](std::string_view key) const;
  /// The member of an object, appended as null if it is absent; null becomes an object.
  Json& operator[](std::string_view key);
  /// Removes the member of an object, if present.
  void erase(std::string_view key);

  /// Numbers are equal if their values are; objects, if their members are, in any order.
  friend bool operator==(const Json& a, const Json& b);

  struct DumpOptions {
    int indent = -1;                    ///< spaces per level; negative: all on one line
    bool sort_keys = false;             ///< as sorted_members()
    bool replace_invalid_utf8 = false;  ///< by U+FFFD, instead of throwing ValueError
  };
  /// The value as JSON text. Numbers read back as the same values; NaN and infinities are null.
  std::string dump(const DumpOptions& options) const;
  std::string dump() const { return dump(DumpOptions()); }

 private:
  friend class JsonLibrary;
  /// uint64_t holds what int64_t cannot.
  using Value =
      std::variant<std::nullptr_t, bool, int64_t, uint64_t, double, std::string, Array, Object>;
  static Value whole(uint64_t value);
  [[noreturn]] void fail(const char* expected) const;

  Value value_;
};

struct JsonParseOptions {
  int64_t max_values = 16'000'000;  ///< of about 50 bytes each
  bool repeated_keys = false;       ///< the last member with a key is kept; else FormatError
};

/// Parses a text; `name` stands for the file in errors. Throws FormatError for invalid JSON (with
/// the position of the first invalid byte), for more than 64 levels of nesting or max_values
/// values, for a number that overflows a double, and for a repeated key.
Json parse_json(std::string_view text, const std::string& name,
                const JsonParseOptions& options = {});

}  // namespace tapehead::core
