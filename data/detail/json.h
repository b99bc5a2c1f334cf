// Typed access to the fields of a JSON file, with errors that name the file and the path.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tapehead/core/formats/detail/json.h"

namespace tapehead::data {

using core::Json;
using core::parse_json;

/// A value of a parsed file and its path in the file, such as "model.merges[7]". Does not own the
/// value or the name. Every error is a FormatError `NAME: PATH: the fact`.
class JsonView {
 public:
  JsonView(const Json& root, const std::string& name) : value_(&root), name_(&name) {}

  [[noreturn]] void fail(const std::string& fact) const;
  /// `NAME: PATH`, for errors found after the file was read.
  std::string place() const;

  /// A field of this object. at() throws if it is absent; find() returns nullopt if it is absent or
  /// null.
  JsonView at(const std::string& key) const;
  std::optional<JsonView> find(const std::string& key) const;
  /// The elements of this array.
  std::vector<JsonView> items() const;
  /// The fields of this object, sorted by key.
  std::vector<std::pair<std::string, JsonView>> fields() const;

  bool is_text() const { return value_->is_string(); }
  bool is_array() const { return value_->is_array(); }
  const std::string& text() const;
  bool boolean() const;
  /// An integer within 0..`most`.
  int64_t number(int64_t most) const;

  /// The field, or `otherwise` if it is absent or null.
  std::string text_or(const std::string& key, const std::string& otherwise) const;
  bool boolean_or(const std::string& key, bool otherwise) const;

  const Json& json() const { return *value_; }

 private:
  JsonView(const Json& value, std::string path, const std::string* name)
      : value_(&value), path_(std::move(path)), name_(name) {}
  std::string below(const std::string& key) const;

  const Json* value_;
  std::string path_;
  const std::string* name_;
};

}  // namespace tapehead::data
