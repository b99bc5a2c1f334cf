// How the parameters of a model are called in Hugging Face's files.
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

/// A module of ours, or a parameter that is in none, and theirs; `*` stands for the same number in
/// both.
struct Row {
  enum Kind {
    plain,
    conv1d,  ///< the weight is transposed: [in, out]
    whole    ///< names are those of a parameter, not of a module
  };
  const char* ours;
  /// One, or the three that ours holds one after the other.
  const char* theirs[3];
  Kind kind = plain;
};

/// A tensor of their files, and the view of our parameter that holds it, in their layout.
struct Place {
  std::string name;
  Tensor value;
};

using Renamed = std::vector<std::pair<std::string, std::string>>;

/// The names of a family of models.
struct Mapping {
  std::vector<Row> rows;
  /// What names of everything but the heads begin with, in files of a model that has a head.
  std::string prefix;
  bool prefixed = true;  ///< this model is saved with it
  /// Patterns of what older files hold besides, which says nothing.
  std::vector<const char*> ignored = {};
  /// Other names, first, of what a file may hold as well, or instead.
  Renamed copies = {};
  /// Endings of names in old files, and what has become of them.
  Renamed old_endings = {};
  /// How many rows of what is joined each of the three has.
  std::array<int64_t, 3> joined = {};
};

/// How many rows of the packed projection `qkv` each of the three has.
std::array<int64_t, 3> joined_heads(const MultiHeadOptions& completed);

/// Whether a row's module of ours ends so.
bool has_row(const Mapping& mapping, std::string_view ending);

/// The places of all parameters below `at`.
std::vector<Place> places_of(const Scope& at, const Mapping& mapping);

/// Whether the head is the embedding. As transformers decides it: what the config says, unless the
/// weights hold both, and different.
bool is_tied(const Folder& folder, const Mapping& mapping, const std::string& head,
             const std::string& embedding, bool declared);

/// Whether a weight's name ends so.
bool has_weight(const Folder& folder, std::string_view ending);

/// Copies the folder's weights to their places in the model of `params`. Throws FormatError that
/// lists every difference; then nothing was loaded.
void load_weights(const Folder& folder, const std::vector<Place>& places, const Mapping& mapping,
                  const Params& params);

/// Throws FormatError where load_weights() would, for the places of a model that takes no memory:
/// `places_in` makes it, as config.json says, in the parameters that it is given. A folder without
/// weights is not checked.
void check_weights(const Folder& folder, const Mapping& mapping,
                   const std::function<std::vector<Place>(const Params&)>& places_in);

/// Writes config.json and the weights into a folder, which is made if need be; what stands there
/// under the names of such files and would be read instead is removed.
void save_folder(const std::string& path, const Json& config, const std::vector<Place>& places,
                 const Mapping& mapping, const SaveOptions& options);

/// "float32", of the first place: how config.json calls it.
std::string dtype_name(const std::vector<Place>& places);

}  // namespace tapehead::nn::hf
