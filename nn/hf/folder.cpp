#include "tapehead/nn/hf/folder.h"

#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <set>

#include "tapehead/core/error.h"
#include "tapehead/core/file.h"
#include "tapehead/nn/hf/detail/fields.h"

namespace tapehead::nn::hf {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMaxJson = int64_t{1} << 26;
constexpr const char* kWhole = "model.safetensors";
constexpr const char* kIndex = "model.safetensors.index.json";

std::string in_folder(const std::string& folder, const std::string& file) {
  return fmt::format("{}/{}", folder, file);
}

bool exists(const std::string& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

// The shard of each tensor. A file name with a directory could point outside of the folder.
std::map<std::string, std::string> read_index(const std::string& path) {
  const Json index = parse_json(read_file(path, kMaxJson), path);
  const Json* map = index.find("weight_map");
  if (map == nullptr || !map->is_object())
    throw FormatError(fmt::format("{}: there is no object 'weight_map'", path));
  std::map<std::string, std::string> shards;
  for (const Json::Member* entry : map->sorted_members()) {
    const auto& [tensor, file] = *entry;
    const std::string name = file.is_string() ? file.as_string() : "";
    if (name.find('/') != std::string::npos || !name.ends_with(".safetensors"))
      throw FormatError(
          fmt::format("{}: the file of '{}' is {}; it must be a .safetensors file of "
                      "the same folder",
                      path, tensor, file.dump()));
    shards.emplace(tensor, name);
  }
  return shards;
}

// Each shard must contain exactly the tensors that the index assigns to it.
std::vector<NamedTensor> read_shards(const std::string& folder) {
  const std::string index = in_folder(folder, kIndex);
  const std::map<std::string, std::string> shards = read_index(index);
  std::set<std::string> files, missing;
  for (const auto& [tensor, file] : shards)
    (exists(in_folder(folder, file)) ? files : missing).insert(file);
  if (!missing.empty())
    throw IoError(fmt::format("{}: it lists {}, which {} missing", index, fmt::join(missing, ", "),
                              missing.size() == 1 ? "is" : "are"));
  std::vector<NamedTensor> weights;
  std::set<std::string> found;
  for (const std::string& file : files) {
    for (NamedTensor& tensor : read_safetensors(in_folder(folder, file)).tensors) {
      const auto it = shards.find(tensor.first);
      if (it == shards.end() || it->second != file)
        throw FormatError(
            fmt::format("{}: {} contains '{}', which is not listed", index, file, tensor.first));
      found.insert(tensor.first);
      weights.push_back(std::move(tensor));
    }
  }
  for (const auto& [tensor, file] : shards)
    if (!found.contains(tensor))
      throw FormatError(fmt::format("{}: '{}' is not in {}", index, tensor, file));
  return weights;
}

}  // namespace

Folder read_folder(const std::string& path, const std::vector<std::string>& ignored_fields) {
  Folder folder;
  folder.ignored_fields = ignored_fields;
  folder.path = path;
  folder.config = read_file(config_path(path), kMaxJson);
  Fields fields(folder);
  folder.model_type = fields.word("model_type");
  const Json config = parse_json(folder.config, config_path(path));
  if (const Json* list = config.find("architectures"); list != nullptr && !list->is_null()) {
    if (!list->is_array() || list->size() != 1 || !(*list)[0].is_string())
      fields.fail("architectures", "it must be a list of one name");
    folder.architecture = (*list)[0].as_string();
  }
  if (exists(in_folder(path, kWhole)) || !exists(in_folder(path, kIndex))) {
    folder.weights_file = kWhole;
    folder.weights = read_safetensors(in_folder(path, kWhole)).tensors;
  } else {
    folder.weights_file = kIndex;
    folder.weights = read_shards(path);
  }
  return folder;
}

}  // namespace tapehead::nn::hf
