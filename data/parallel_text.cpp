#include "tapehead/data/parallel_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "tapehead/core/error.h"
#include "tapehead/data/files.h"
#include "tapehead/data/text.h"

namespace tapehead::data {
namespace {

namespace fs = std::filesystem;

fs::path in_folder(const std::string& dir, const std::string& file) { return fs::path(dir) / file; }

/// The path of NAME.LANGUAGE, plain or gzipped; "" if neither exists.
std::string find(const std::string& dir, const std::string& name, const std::string& language) {
  return find_data_file(in_folder(dir, name + "." + language).string());
}

/// A readable list of the files in the folder that begin with `prefix`, at most a dozen.
std::string list(const std::string& dir, const std::string& prefix) {
  constexpr size_t kMost = 12;
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(dir, ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(prefix)) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  const size_t more = names.size() > kMost ? names.size() - kMost : 0;
  names.resize(names.size() - more);
  return fmt::format("{}{}", fmt::join(names, ", "), more ? fmt::format(" and {} more", more) : "");
}

[[noreturn]] void fail_missing(const std::string& dir, const std::string& name,
                               const std::string& language) {
  if (!path_exists(dir))
    throw IoError(no_such_file(in_folder(dir, name + "." + language).string()));
  require_folder(dir);
  const std::string same = list(dir, name + "."), all = list(dir, "");
  throw IoError(fmt::format("{}: there is neither {}.{} nor {}.{}.gz; {}", dir, name, language,
                            name, language,
                            !same.empty()  ? fmt::format("the folder has {}", same)
                            : !all.empty() ? fmt::format("the folder has {}", all)
                                           : "the folder is empty"));
}

/// Reads the lines of one language, which must not be blank.
std::vector<std::string> sentences(const std::string& path, const FileLimits& limits) {
  std::vector<std::string> lines = read_lines(path, limits);
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::u32string text = code_points(lines[i]);
    if (std::all_of(text.begin(), text.end(), is_space)) {
      throw FormatError(fmt::format(
          "{}:{}: an empty line; every line must contain a sentence; remove it from both files",
          path, i + 1));
    }
  }
  return lines;
}

}  // namespace

ParallelText::Split ParallelText::split(const std::string& dir, const std::string& name,
                                        const std::string& source, const std::string& target,
                                        const FileLimits& limits) {
  const std::string source_path = find(dir, name, source), target_path = find(dir, name, target);
  if (source_path.empty()) fail_missing(dir, name, source);
  if (target_path.empty()) fail_missing(dir, name, target);
  Split split{sentences(source_path, limits), sentences(target_path, limits)};
  if (split.source.size() != split.target.size()) {
    throw FormatError(
        fmt::format("{} has {} lines, {} has {}; line N of one must translate line N of the other",
                    source_path, split.source.size(), target_path, split.target.size()));
  }
  return split;
}

ParallelText ParallelText::open(const std::string& dir, const std::string& source,
                                const std::string& target, const FileLimits& limits) {
  ParallelText corpus;
  corpus.train = split(dir, "train", source, target, limits);
  corpus.val = split(dir, "val", source, target, limits);
  for (const char* name : {"test", "test_2016_flickr"}) {
    if (find(dir, name, source).empty() && find(dir, name, target).empty()) continue;
    corpus.test = split(dir, name, source, target, limits);
    break;
  }
  return corpus;
}

}  // namespace tapehead::data
