// Maps the names of a model's parameters to those in Hugging Face's files.
#pragma once

#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tapehead/nn/hf/detail/fields.h"
#include "tapehead/nn/hf/folder.h"
#include "tapehead/nn/multi_head.h"
#include "tapehead/nn/params.h"

namespace tapehead::nn::hf {

/// The name of a module, or of a parameter outside of any module, in this library and in Hugging
/// Face's files. `*` stands for the same number in both.
struct Row {
  enum Kind {
    plain,
    conv1d,  ///< the weight is transposed: [in, out]
    whole    ///< the names are of a parameter, not of a module
  };
  const char* ours;
  /// One name, or the three modules that ours concatenates.
  const char* theirs[3];
  Kind kind = plain;
};

/// The name of a tensor in Hugging Face's files, and the view of our parameter that corresponds to
/// it, in their layout.
struct Place {
  std::string name;
  Tensor value;
};

using Renamed = std::vector<std::pair<std::string, std::string>>;

/// The names of a family of models.
struct Mapping {
  std::vector<Row> rows;
  /// The prefix of all names except those of the heads, in files of a model that has a head.
  std::string prefix;
  bool prefixed = true;  ///< whether this model is saved with the prefix
  /// Patterns of redundant tensors in older files, which are skipped.
  std::vector<const char*> ignored = {};
  /// Pairs of an alias and the name that it stands for; a file may have either or both.
  Renamed copies = {};
  /// Pairs of a suffix of names in old files and its replacement.
  Renamed old_endings = {};
  /// The number of rows of each of the three concatenated modules.
  std::array<int64_t, 3> joined = {};
};

/// The numbers of rows of the query, key and value in the packed projection `qkv`.
std::array<int64_t, 3> joined_heads(const MultiHeadOptions& completed);

/// Whether the name of a row's module in this library has this ending.
bool has_row(const Mapping& mapping, std::string_view ending);

/// The places of all parameters below `at`.
std::vector<Place> places_of(const Scope& at, const Mapping& mapping);

/// Whether the head is tied to the embedding. Decided as in transformers: as the config declares,
/// unless the weights have both and they differ.
bool is_tied(const Folder& folder, const Mapping& mapping, const std::string& head,
             const std::string& embedding, bool declared);

/// Whether a weight's name has this ending.
bool has_weight(const Folder& folder, std::string_view ending);

/// Copies the folder's weights to their places in the model of `params`. Throws FormatError that
/// lists every difference; nothing is loaded then.
void load_weights(const Folder& folder, const std::vector<Place>& places, const Mapping& mapping,
                  const Params& params);

/// Throws FormatError if load_weights() would, without allocating the model: `places_in` constructs
/// the model that config.json describes with the given parameters, which have shapes only. A folder
/// without weights is not checked.
void check_weights(const Folder& folder, const Mapping& mapping,
                   const std::function<std::vector<Place>(const Params&)>& places_in);

/// Writes config.json and the weights into a folder, which is created if necessary. Older weight
/// files in it that would be read instead are removed.
void save_folder(const std::string& path, const Json& config, const std::vector<Place>& places,
                 const Mapping& mapping, const SaveOptions& options);

/// The data type of the first place as config.json spells it, such as "float32".
std::string dtype_name(const std::vector<Place>& places);

}  // namespace tapehead::nn::hf
