// COCO's captions: {"images": [{"id", "file_name"}], "annotations": [{"id", "image_id",
// "caption"}]} with further members, which are ignored.
#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "tapehead/core/error.h"
#include "tapehead/core/file.h"
#include "tapehead/core/formats/detail/json.h"
#include "tapehead/data/detail/caption_files.h"

namespace tapehead::data::detail {
namespace {

namespace fs = std::filesystem;
using core::Json;

/// Calls f(name for errors, element) for each element of an array; FormatErrors get the name.
template <class F>
void each_element(const std::string& path, const Json& json, const char* array, F f) {
  const Json* elements = json.find(array);
  if (elements == nullptr || !elements->is_array())
    throw FormatError(fmt::format("{}: expected an object with an array \"{}\"", path, array));
  for (size_t i = 0; i < elements->size(); ++i) {
    const std::string at = fmt::format("{}: {}[{}]", path, array, i);
    try {
      f(at, (*elements)[i]);
    } catch (const FormatError& error) {
      const std::string text = error.what();
      throw FormatError(text.starts_with(at) ? text : fmt::format("{}: {}", at, text));
    }
  }
}

CaptionTable read_annotations(const std::string& path, Captions& corpus, const FileLimits& limits) {
  const Json json = core::parse_json(read_bytes(path, limits), path);
  CaptionTable table;
  std::map<int64_t, std::string> names;
  std::set<int64_t> ids;
  each_element(path, json, "images", [&](const std::string& at, const Json& image) {
    const std::string& name = image["file_name"].as_string();
    table.image(at, name);
    if (!names.emplace(image["id"].as_int64(), name).second)
      throw FormatError(fmt::format("{}: id {} appears twice", at, image["id"].as_int64()));
  });
  each_element(path, json, "annotations", [&](const std::string& at, const Json& annotation) {
    const int64_t id = annotation["id"].as_int64();
    if (!ids.insert(id).second) throw FormatError(fmt::format("{}: id {} appears twice", at, id));
    std::string caption = checked_caption(at, annotation["caption"].as_string());
    const auto name = names.find(annotation["image_id"].as_int64());
    if (name == names.end()) corpus.captions_without_image.add(fmt::format("annotation {}", id));
    else table.image(at, name->second).captions.push_back(std::move(caption));
  });
  return table;
}

/// The path of captions_SPLIT*.json in a folder, and the * in its name; "" if there is none.
std::pair<std::string, std::string> find_annotations(const std::string& folder,
                                                     const std::string& split) {
  std::vector<std::pair<std::string, std::string>> found;
  const std::string prefix = "captions_" + split, ending = ".json";
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(prefix) && name.ends_with(ending))
      found.emplace_back(entry.path().string(),
                         name.substr(prefix.size(), name.size() - prefix.size() - ending.size()));
  }
  if (found.size() > 1)
    throw IoError(fmt::format("{}: there are several {}*{}; expected one", folder, prefix, ending));
  return found.empty() ? std::pair<std::string, std::string>() : found.front();
}

}  // namespace

Captions coco_captions(const std::string& dir, const CaptionsOptions& options) {
  Captions corpus;
  const std::string annotations = (fs::path(dir) / "annotations").string();
  for (const auto& [name, split] : {std::pair("train", &corpus.train), {"val", &corpus.valid}}) {
    const auto [path, year] = find_annotations(annotations, name);
    if (path.empty()) {
      if (split != &corpus.train) continue;
      throw IoError(fmt::format("{}: there is no captions_train*.json", annotations));
    }
    ImageFolder images((fs::path(dir) / (name + year)).string());
    *split = images.existing(read_annotations(path, corpus, options.limits), corpus);
    images.add_others(corpus);
  }
  return corpus;
}

}  // namespace tapehead::data::detail
