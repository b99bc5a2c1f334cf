// The fields of a config.json, read one by one so that none is overlooked.
#pragma once

#include <array>
#include <initializer_list>
#include <optional>
#include <set>
#include <string>

#include "tapehead/core/formats/detail/json.h"

namespace tapehead::nn::hf {

struct Folder;
using core::Json;
using core::parse_json;

/// Each function marks its field as known. A null is as good as nothing. Without `otherwise` the
/// field must be there. Everything throws FormatError that names file and field.
class Fields {
 public:
  /// Those of the folder's config.json; sizes are checked against its weights, if it has some.
  explicit Fields(const Folder& folder);

  bool has(const char* name) const;
  /// An integer of at least 1.
  int64_t count(const char* name, std::optional<int64_t> otherwise = {});
  /// An integer of at least 0.
  int64_t index(const char* name, std::optional<int64_t> otherwise = {});
  /// How long an axis of some weight is, an integer of at least 1: no weight is smaller than it.
  int64_t size(const char* name, std::optional<int64_t> otherwise = {});
  /// How many layers there are, at least 1: each has a weight of its own.
  int64_t layers(const char* name, std::optional<int64_t> otherwise = {});
  double number(const char* name, std::optional<double> otherwise = {});
  bool flag(const char* name, std::optional<bool> otherwise = {});
  std::string word(const char* name, std::optional<std::string> otherwise = {});
  /// One size of at least 1 for both axes, or a list of two.
  std::array<int64_t, 2> sizes(const char* name);
  /// How many fields an object has.
  int64_t entries(const char* name);
  /// The fields of an object.
  Fields within(const char* name);

  /// Where other values would change what the model computes, which is not supported.
  void only(const char* name, const Json& value);
  /// The same of a list with an entry for each of `count` layers.
  void only_each(const char* name, const Json& value, int64_t count);
  /// What the model does not depend on.
  void ignore(std::initializer_list<const char*> names);
  /// Throws where a product of sizes, found through `name`, is larger than every weight.
  void check_size(const char* name, int64_t size) const;
  /// That the value makes no sense beside the others.
  [[noreturn]] void fail(const char* name, const std::string& why) const;
  /// Throws when there are fields that nobody asked for, other than those which no model depends
  /// on, and those that have the one value with which they change nothing.
  void finish() const;

 private:
  Fields(Json json, std::string file) : json_(std::move(json)), file_(std::move(file)) {}
  void check_value(const char* name, const Json& there, const Json& value) const;
  const Json* find(const char* name, bool must);
  int64_t integer(const char* name, int64_t least, std::optional<int64_t> otherwise);
  [[noreturn]] void other_type(const char* name, const char* wanted) const;

  Json json_;
  std::string file_, weights_file_;
  int64_t weights_ = 0, largest_ = 0;  // how many there are, and the numbers of the largest
  std::set<std::string, std::less<>> known_;
};

/// Whether the folder's architecture is the one with a head. None is named in the oldest files,
/// which have one. Throws FormatError for other classes than the two.
bool read_head(const Folder& folder, const Fields& fields, const std::string& with_head,
               const std::string& base);

/// How many classes a classifier has, as the weight `head` of the folder has them, if it is there;
/// and fields that say so.
int64_t read_classes(const Folder& folder, Fields& fields, const char* head);
void write_classes(int64_t classes, Json& config);

/// Whether no model depends on the field: names, versions, ids of tokens.
bool is_ignored_field(const std::string& name);

/// The path of a folder's config.json.
std::string config_path(const std::string& folder);

}  // namespace tapehead::nn::hf
