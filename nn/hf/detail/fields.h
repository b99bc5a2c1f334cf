// The fields of a config.json, read one by one so that none is overlooked.
#pragma once

#include <array>
#include <initializer_list>
#include <optional>
#include <set>
#include <string>

#include "tapehead/core/detail/json.h"

namespace tapehead::nn::hf {

struct Folder;
using core::Json;
using core::parse_json;

/// Each function marks its field as known. A null is as good as nothing. Without `otherwise` the
/// field must be there. Everything throws FormatError that names file and field.
class Fields {
 public:
  /// Those of the folder's config.json.
  explicit Fields(const Folder& folder);

  bool has(const char* name) const;
  /// An integer of at least 1.
  int64_t count(const char* name, std::optional<int64_t> otherwise = {});
  /// An integer of at least 0.
  int64_t index(const char* name, std::optional<int64_t> otherwise = {});
  double number(const char* name, std::optional<double> otherwise = {});
  bool flag(const char* name, std::optional<bool> otherwise = {});
  std::string word(const char* name, std::optional<std::string> otherwise = {});
  /// One size for both axes, or a list of two.
  std::array<int64_t, 2> sizes(const char* name);
  /// How many fields an object has.
  int64_t entries(const char* name);
  /// The fields of an object.
  Fields within(const char* name);

  /// Where other values would change what the model computes, which is not supported.
  void only(const char* name, const Json& value);
  /// What the model does not depend on.
  void ignore(std::initializer_list<const char*> names);
  /// That the value makes no sense beside the others.
  [[noreturn]] void fail(const char* name, const std::string& why) const;
  /// Throws when there are fields that nobody asked for, other than those which no model depends
  /// on.
  void finish() const;

 private:
  Fields(Json json, std::string file) : json_(std::move(json)), file_(std::move(file)) {}
  const Json* find(const char* name, bool must);
  int64_t integer(const char* name, int64_t least, std::optional<int64_t> otherwise);
  [[noreturn]] void other_type(const char* name, const char* wanted) const;

  Json json_;
  std::string file_;
  std::set<std::string, std::less<>> known_;
};

/// Whether the folder's architecture is the one with a head. None is named in the oldest files,
/// which have one. Throws FormatError for other classes than the two.
bool read_head(const Folder& folder, const Fields& fields, const std::string& with_head,
               const std::string& base);

/// How many classes a classifier has, and fields that say so.
int64_t read_classes(Fields& fields);
void write_classes(int64_t classes, Json& config);

/// Whether no model depends on the field: names, versions, ids of tokens.
bool is_ignored_field(const std::string& name);

/// The path of a folder's config.json.
std::string config_path(const std::string& folder);

}  // namespace tapehead::nn::hf
