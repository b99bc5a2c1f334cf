#include "tapehead/core/formats/detail/json.h"

#include <fmt/format.h>

#include <algorithm>

#include "tapehead/core/error.h"

namespace tapehead::core {

Json Json::array(std::initializer_list<Json> elements) { return Array(elements); }

Json Json::object(std::initializer_list<Member> members) {
  Json out;
  out.value_ = Object();
  for (const auto& [key, value] : members) out[key] = value;
  return out;
}

Json::Value Json::whole(uint64_t value) {
  if (value <= INT64_MAX) return static_cast<int64_t>(value);
  return value;
}

bool Json::is_number() const {
  return is_int64() || std::holds_alternative<uint64_t>(value_) ||
         std::holds_alternative<double>(value_);
}

void Json::fail(const char* expected) const {
  constexpr size_t kShown = 60;
  std::string got = is_array() ? "an array" : is_object() ? "an object" : "";
  if (got.empty()) got = dump({.replace_invalid_utf8 = true});
  if (got.size() > kShown) got = got.substr(0, kShown) + "…";
  throw FormatError(fmt::format("Json: expected {}, got {}", expected, got));
}

bool Json::as_bool() const {
  if (const bool* value = std::get_if<bool>(&value_)) return *value;
  fail("true or false");
}

int64_t Json::as_int64() const {
  if (const int64_t* value = std::get_if<int64_t>(&value_)) return *value;
  fail("a 64-bit integer");
}

double Json::as_double() const {
  if (const auto* value = std::get_if<double>(&value_)) return *value;
  if (const auto* value = std::get_if<int64_t>(&value_)) return static_cast<double>(*value);
  if (const auto* value = std::get_if<uint64_t>(&value_)) return static_cast<double>(*value);
  fail("a number");
}

const std::string& Json::as_string() const {
  if (const auto* value = std::get_if<std::string>(&value_)) return *value;
  fail("a string");
}

const Json::Array& Json::as_array() const {
  if (const auto* value = std::get_if<Array>(&value_)) return *value;
  fail("an array");
}

const Json::Object& Json::as_object() const {
  if (const auto* value = std::get_if<Object>(&value_)) return *value;
  fail("an object");
}

std::vector<const Json::Member*> Json::sorted_members() const {
  std::vector<const Member*> order;
  order.reserve(as_object().size());
  for (const Member& member : as_object()) order.push_back(&member);
  std::ranges::sort(order, {},
                    [](const Member* member) { return std::string_view(member->first); });
  return order;
}

size_t Json::size() const {
  if (is_array()) return as_array().size();
  if (is_object()) return as_object().size();
  fail("an array or an object");
}

const Json& Json::operator[](size_t index) const {
  const Array& elements = as_array();
  if (index >= elements.size())
    throw IndexError(
        fmt::format("Json: index {} is outside an array of size {}", index, elements.size()));
  return elements[index];
}

Json& Json::operator[](size_t index) {
  return const_cast<Json&>(static_cast<const Json&>(*this)[index]);
}

void Json::push_back(Json element) {
  if (is_null()) value_ = Array();
  if (!is_array()) fail("an array");
  std::get<Array>(value_).push_back(std::move(element));
}

const Json* Json::find(std::string_view key) const {
  const auto* members = std::get_if<Object>(&value_);
  if (members == nullptr) return nullptr;
  for (const auto& [name, value] : *members)
    if (name == key) return &value;
  return nullptr;
}

const Json& Json::operator[](std::string_view key) const {
  if (!is_object()) fail("an object");
  if (const Json* member = find(key)) return *member;
  throw FormatError(fmt::format("Json: there is no member '{}'", key));
}

Json& Json::operator[](std::string_view key) {
  if (is_null()) value_ = Object();
  if (!is_object()) fail("an object");
  if (const Json* member = find(key)) return const_cast<Json&>(*member);
  return std::get<Object>(value_).emplace_back(key, Json()).second;
}

void Json::erase(std::string_view key) {
  if (auto* members = std::get_if<Object>(&value_))
    std::erase_if(*members, [&](const Member& member) { return member.first == key; });
}

bool operator==(const Json& a, const Json& b) {
  if (a.is_number() && b.is_number() && a.value_.index() != b.value_.index())
    return a.as_double() == b.as_double();
  if (!a.is_object() || !b.is_object()) return a.value_ == b.value_;
  return a.size() == b.size() &&
         std::ranges::all_of(a.as_object(), [&](const Json::Member& member) {
           const Json* other = b.find(member.first);
           return other != nullptr && *other == member.second;
         });
}

}  // namespace tapehead::core
