#include "tapehead/data/detail/json.h"

#include <fmt/format.h>

#include "tapehead/core/error.h"

namespace tapehead::data {
void JsonView::fail(const std::string& fact) const {
  throw FormatError(fmt::format("{}: {}", place(), fact));
}

std::string JsonView::place() const {
  return path_.empty() ? *name_ : fmt::format("{}: {}", *name_, path_);
}

std::string JsonView::below(const std::string& key) const {
  return path_.empty() ? key : path_ + "." + key;
}

JsonView JsonView::at(const std::string& key) const {
  if (!value_->is_object()) fail("must be an object");
  const Json* found = value_->find(key);
  if (found == nullptr) fail(fmt::format("field '{}' is missing", key));
  return {*found, below(key), name_};
}

std::optional<JsonView> JsonView::find(const std::string& key) const {
  if (!value_->is_object()) fail("must be an object");
  const Json* found = value_->find(key);
  if (found == nullptr || found->is_null()) return std::nullopt;
  return JsonView(*found, below(key), name_);
}

std::vector<JsonView> JsonView::items() const {
  if (!value_->is_array()) fail("must be an array");
  std::vector<JsonView> out;
  out.reserve(value_->size());
  for (size_t i = 0; i < value_->size(); ++i) {
    out.push_back(JsonView((*value_)[i], fmt::format("{}[{}]", path_, i), name_));
  }
  return out;
}

std::vector<std::pair<std::string, JsonView>> JsonView::fields() const {
  if (!value_->is_object()) fail("must be an object");
  std::vector<std::pair<std::string, JsonView>> out;
  out.reserve(value_->size());
  for (const Json::Member* field : value_->sorted_members()) {
    const auto& [key, value] = *field;
    out.emplace_back(key, JsonView(value, below(key), name_));
  }
  return out;
}

const std::string& JsonView::text() const {
  if (!value_->is_string()) fail("must be a string");
  return value_->as_string();
}

bool JsonView::boolean() const {
  if (!value_->is_bool()) fail("must be true or false");
  return value_->as_bool();
}

int64_t JsonView::number(int64_t most) const {
  if (!value_->is_int64() || value_->as_int64() < 0 || value_->as_int64() > most) {
    fail(fmt::format("must be a whole number within 0..{}", most));
  }
  return value_->as_int64();
}

std::string JsonView::text_or(const std::string& key, const std::string& otherwise) const {
  const auto field = find(key);
  return field ? field->text() : otherwise;
}

bool JsonView::boolean_or(const std::string& key, bool otherwise) const {
  const auto field = find(key);
  return field ? field->boolean() : otherwise;
}

}  // namespace tapehead::data
