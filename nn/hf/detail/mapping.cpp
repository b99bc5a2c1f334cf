#include "tapehead/nn/hf/detail/mapping.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/system_error.h"
#include "tapehead/core/file.h"
#include "tapehead/core/pattern.h"
#include "tapehead/nn/detail/differences.h"
#include "tapehead/nn/hf/detail/fields.h"

namespace tapehead::nn::hf {
namespace {

// The number that `*` matches, or "" for a pattern without `*`; none if the name does not match.
std::optional<std::string> number_in(std::string_view name, std::string_view pattern) {
  const size_t star = pattern.find('*');
  if (star == std::string_view::npos) return name == pattern ? std::optional("") : std::nullopt;
  const std::string_view before = pattern.substr(0, star), after = pattern.substr(star + 1);
  if (name.size() <= before.size() + after.size() || !name.starts_with(before) ||
      !name.ends_with(after))
    return {};
  const std::string number(name.substr(before.size(), name.size() - before.size() - after.size()));
  const bool digits = number.find_first_not_of("0123456789") == std::string::npos;
  return digits ? std::optional(number) : std::nullopt;
}

std::string with_number(std::string pattern, const std::string& number) {
  const size_t star = pattern.find('*');
  return star == std::string::npos ? pattern : pattern.replace(star, 1, number);
}

// Adds the places of the parameter at `path` in the model; none if the parameter belongs to another
// module in the same scope.
void add_places(const std::string& path, const Tensor& value, const Mapping& mapping,
                std::vector<Place>& places) {
  const size_t dot = path.rfind('.');
  const std::string module = dot == std::string::npos ? "" : path.substr(0, dot);
  const std::string leaf = dot == std::string::npos ? "" : path.substr(dot);
  for (const Row& row : mapping.rows) {
    const bool whole = row.kind == Row::whole;
    const std::optional<std::string> number = number_in(whole ? path : module, row.ours);
    if (!number) continue;
    int64_t start = 0;
    for (size_t i = 0; i < 3 && row.theirs[i] != nullptr; ++i) {
      Tensor view = value.detach();
      if (row.theirs[1] != nullptr) view = view.slice(0, start, start + mapping.joined[i]);
      if (row.kind == Row::conv1d && view.dim() == 2) view = view.transpose(0, 1);
      start += mapping.joined[i];
      places.push_back({with_number(row.theirs[i], *number) + (whole ? "" : leaf), view});
    }
    return;
  }
}

// Converts between the names in a file, with or without the prefix, and those of the mapping.
class Names {
 public:
  Names(const Folder& folder, const Mapping& mapping)
      : prefix_(mapping.prefix), old_endings_(mapping.old_endings) {
    for (const auto& [name, tensor] : folder.weights) prefixed_ |= name.starts_with(prefix_);
  }
  /// "h.0.ln_1.weight" to "transformer.h.0.ln_1.weight", unless `known` contains the name itself.
  template <class Known>
  std::string full(std::string name, const Known& known) const {
    for (const auto& [old, now] : old_endings_)
      if (name.ends_with(old)) name.replace(name.size() - old.size(), old.size(), now);
    return name.starts_with(prefix_) || known(name) ? name : prefix_ + name;
  }
  /// The inverse: the name as this file spells it.
  std::string in_file(const std::string& full) const {
    return prefixed_ || !full.starts_with(prefix_) ? full : full.substr(prefix_.size());
  }

 private:
  std::string prefix_;
  Renamed old_endings_;
  bool prefixed_ = false;
};

bool is_ignored(const std::string& name, const Mapping& mapping) {
  return std::any_of(mapping.ignored.begin(), mapping.ignored.end(),
                     [&](const char* pattern) { return fits_pattern(name, pattern); });
}

using Found = std::map<std::string, Tensor>;

// The folder's weights by the names of their places. Records weights without a place as
// differences.
Found find_weights(const Folder& folder, const std::map<std::string, Tensor>& wanted,
                   const Mapping& mapping, const Names& names, Differences& differences) {
  std::map<std::string, std::string> copies;  // aliases that have no place of their own
  for (const auto& [copy, of] : mapping.copies)
    if (!wanted.contains(copy)) copies.emplace(copy, of);
  Found found, copied;
  for (const auto& [name, tensor] : folder.weights) {
    const std::string full = names.full(
        name, [&](const std::string& n) { return wanted.contains(n) || copies.contains(n); });
    if (is_ignored(name, mapping) || is_ignored(full, mapping)) continue;
    if (copies.contains(full)) copied.emplace(full, tensor);
    else if (!wanted.contains(full)) differences.unexpected(name);
    else if (!found.emplace(full, tensor).second)
      differences.other(fmt::format("{} appears twice, with and without its prefix", name));
  }
  for (const auto& [name, tensor] : copied) {
    const std::string& of = copies.at(name);
    const auto [original, only] = found.emplace(of, tensor);
    if (!only && !same_values(original->second, tensor))
      differences.not_same(names.in_file(name), names.in_file(of));
  }
  return found;
}

std::string shard_name(size_t i, size_t count) {
  return count == 1 ? "model.safetensors"
                    : fmt::format("model-{:05}-of-{:05}.safetensors", i + 1, count);
}

// Whether to copy a field: one that the config lacks, or labels for its number of classes.
bool may_take(const Json& config, const std::string& name, const Json& value) {
  const Json* own = config.find(name);
  return own == nullptr || (name == "id2label" && value.is_object() && own->size() == value.size());
}

// The config with the model-independent fields of options.from.
Json with_ignored(Json config, const SaveOptions& options) {
  if (options.from == nullptr) return config;
  const Json from = parse_json(options.from->config, config_path(options.from->path));
  for (const auto& [name, value] : from.as_object())
    if (is_ignored_field(name) && name != "dtype" && may_take(config, name, value))
      config[name] = value;
  return config;
}

int64_t bytes_of(const Tensor& t) { return t.numel() * size_of(t.dtype()); }

}  // namespace

std::vector<Place> places_of(const Scope& at, const Mapping& mapping) {
  std::vector<Place> places;
  const std::string start = at.path().empty() ? "" : at.path() + ".";
  for (const Param& p : at.params().all())
    if (p.path.starts_with(start))
      add_places(p.path.substr(start.size()), p.value, mapping, places);
  return places;
}

std::array<int64_t, 3> joined_heads(const MultiHeadOptions& o) {
  const int64_t queries = o.head_dim * o.num_heads, keys = o.head_dim * o.num_kv_heads;
  return {queries, keys, keys};
}

bool has_row(const Mapping& mapping, std::string_view ending) {
  return std::any_of(mapping.rows.begin(), mapping.rows.end(),
                     [&](const Row& row) { return std::string_view(row.ours).ends_with(ending); });
}

bool is_tied(const Folder& folder, const Mapping& mapping, const std::string& head,
             const std::string& embedding, bool declared) {
  const Names names(folder, mapping);
  Tensor own, shared;
  for (const auto& [name, tensor] : folder.weights) {
    if (name == head) own = tensor;
    if (name == names.in_file(embedding)) shared = tensor;
  }
  return declared && (!own.defined() || !shared.defined() || same_values(own, shared));
}

bool has_weight(const Folder& folder, std::string_view ending) {
  return std::any_of(folder.weights.begin(), folder.weights.end(),
                     [&](const NamedTensor& t) { return t.first.ends_with(ending); });
}

namespace {

// The folder's weights by the names of the places. Throws FormatError that lists every difference.
Found fitting_weights(const Folder& folder, const std::vector<Place>& places,
                      const Mapping& mapping, const std::string& model) {
  const Names names(folder, mapping);
  std::map<std::string, Tensor> wanted;
  for (const Place& place : places) wanted.emplace(place.name, place.value);
  Differences differences;
  Found found = find_weights(folder, wanted, mapping, names, differences);
  for (const Place& place : places) {
    const auto it = found.find(place.name);
    if (it == found.end()) differences.missing(names.in_file(place.name));
    else if (it->second.shape() != place.value.shape())
      differences.other_shape(names.in_file(place.name), it->second, place.value);
  }
  differences.check(folder.path + "/" + folder.weights_file, model);
  return found;
}

}  // namespace

void load_weights(const Folder& folder, const std::vector<Place>& places, const Mapping& mapping,
                  const Params& params) {
  params.check_own_weights("load", "load()");
  const NoGradGuard off;
  const Found found = fitting_weights(folder, places, mapping, params.description());
  for (const Place& place : places) place.value.copy_(found.at(place.name));
}

void check_weights(const Folder& folder, const Mapping& mapping,
                   const std::function<std::vector<Place>(const Params&)>& places_in) {
  if (folder.weights_file.empty()) return;
  const NoGradGuard off;
  std::vector<Place> places;
  try {
    places = places_in(Params::shapes_only());
  } catch (const ValueError& e) {  // for example, heads that do not divide the embedding
    throw FormatError(fmt::format("{}: {}", config_path(folder.path), e.what()));
  }
  fitting_weights(folder, places, mapping, "its config.json");
}

void save_folder(const std::string& path, const Json& config, const std::vector<Place>& places,
                 const Mapping& mapping, const SaveOptions& options) {
  namespace fs = std::filesystem;
  std::error_code error;
  fs::create_directories(path, error);
  if (error) throw IoError(fmt::format("{}: {}", path, core::system_error(error.value())));
  remove_abandoned(path);

  std::vector<std::vector<NamedTensor>> shards(1);
  int64_t total = 0, in_shard = 0;
  for (const Place& place : places) {
    const bool bare = !mapping.prefixed && place.name.starts_with(mapping.prefix);
    const int64_t bytes = bytes_of(place.value);
    if (in_shard > 0 && in_shard + bytes > options.max_shard_bytes) {
      shards.emplace_back();
      in_shard = 0;
    }
    shards.back().emplace_back(bare ? place.name.substr(mapping.prefix.size()) : place.name,
                               place.value);
    total += bytes;
    in_shard += bytes;
  }

  Json index = {{"metadata", {{"total_size", total}}}, {"weight_map", Json::object()}};
  const std::vector<std::pair<std::string, std::string>> note{{"format", "pt"}};
  for (size_t i = 0; i < shards.size(); ++i) {
    const std::string name = shard_name(i, shards.size());
    write_safetensors(fmt::format("{}/{}", path, name), shards[i], note);
    for (const auto& [tensor, value] : shards[i]) index["weight_map"][tensor] = name;
  }
  const std::string index_path = path + "/model.safetensors.index.json";
  if (shards.size() > 1) {
    write_atomic(index_path, index.dump({.indent = 2, .sort_keys = true}) + "\n");
    fs::remove(path + "/model.safetensors", error);
  } else {
    fs::remove(index_path, error);
  }
  write_atomic(config_path(path),
               with_ignored(config, options).dump({.indent = 2, .sort_keys = true}) + "\n");
}

std::string dtype_name(const std::vector<Place>& places) {
  const DType dtype = places.empty() ? f32 : places[0].value.dtype();
  return dtype == f64    ? "float64"
         : dtype == bf16 ? "bfloat16"
         : dtype == f16  ? "float16"
                         : "float32";
}

}  // namespace tapehead::nn::hf
