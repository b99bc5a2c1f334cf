// Validated access to the fields of a config.json.
#pragma once

#include <array>
#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tapehead/core/formats/detail/json.h"

namespace tapehead::nn::hf {

struct Folder;
using core::Json;
using core::parse_json;

/// The fields of a JSON object. Each accessor marks its field as known; finish() rejects the fields
/// that no accessor asked for. A null counts as absent. Without `otherwise` the field is required.
/// Errors are FormatErrors that name the file and the field.
class Fields {
 public:
  /// The fields of the folder's config.json, without its ignored_fields. Sizes are checked against
  /// its weights, if present.
  explicit Fields(const Folder& folder);

  bool has(const char* name) const;
  /// An integer of at least 1.
  int64_t count(const char* name, std::optional<int64_t> otherwise = {});
  /// An integer of at least 0.
  int64_t index(const char* name, std::optional<int64_t> otherwise = {});
  /// The length of an axis of a weight, at least 1 and at most the size of the largest weight.
  int64_t size(const char* name, std::optional<int64_t> otherwise = {});
  /// The number of layers, at least 1 and at most the number of weights.
  int64_t layers(const char* name, std::optional<int64_t> otherwise = {});
  double number(const char* name, std::optional<double> otherwise = {});
  bool flag(const char* name, std::optional<bool> otherwise = {});
  std::string word(const char* name, std::optional<std::string> otherwise = {});
  /// Two sizes of at least 1, given as a list or as one number for both.
  std::array<int64_t, 2> sizes(const char* name);
  /// The number of fields of an object.
  int64_t entries(const char* name);
  /// The fields of an object.
  Fields within(const char* name);

  /// Requires this value, if the field is present: others are not supported.
  void only(const char* name, const Json& value);
  /// The same for a list with an entry for each of `count` layers.
  void only_each(const char* name, const Json& value, int64_t count);
  /// Accepts fields that the model does not depend on.
  void ignore(std::initializer_list<const char*> names);
  /// Throws if a product of sizes, reported under `name`, is larger than every weight.
  void check_size(const char* name, int64_t size) const;
  /// Throws a FormatError about the field's value.
  [[noreturn]] void fail(const char* name, const std::string& why) const;
  /// Throws if there are unknown fields, except those that no model depends on and those whose
  /// value has no effect.
  void finish() const;

 private:
  Fields(Json json, std::string file, std::vector<std::string> ignored);
  void check_value(const char* name, const Json& there, const Json& value) const;
  const Json* find(const char* name, bool must);
  int64_t integer(const char* name, int64_t least, std::optional<int64_t> otherwise);
  [[noreturn]] void other_type(const char* name, const char* wanted) const;

  Json json_;
  std::string file_, weights_file_;
  std::vector<std::string> ignored_;   // read as if they were absent
  int64_t weights_ = 0, largest_ = 0;  // the number of weights and the size of the largest
  std::set<std::string, std::less<>> known_;
};

/// Whether the folder's architecture is the one with a head. The oldest files name none and have a
/// head. Throws FormatError for classes other than the two.
bool read_head(const Folder& folder, const Fields& fields, const std::string& with_head,
               const std::string& base);

/// The number of classes of a classifier, checked against the weight `head`, if present.
int64_t read_classes(const Folder& folder, Fields& fields, const char* head);
/// Writes labels for so many classes to the config.
void write_classes(int64_t classes, Json& config);

/// Whether no model depends on the field, such as names, versions and token ids.
bool is_ignored_field(const std::string& name);

/// The path of a folder's config.json.
std::string config_path(const std::string& folder);

}  // namespace tapehead::nn::hf
