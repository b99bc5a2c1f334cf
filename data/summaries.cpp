#include "tapehead/data/summaries.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "tapehead/core/error.h"
#include "tapehead/data/files.h"
#include "tapehead/data/text.h"

namespace tapehead::data {
namespace {

std::vector<std::string_view> fields_of(std::string_view line) {
  std::vector<std::string_view> fields;
  for (size_t end; (end = line.find('\t')) != line.npos; line.remove_prefix(end + 1))
    fields.push_back(line.substr(0, end));
  fields.push_back(line);
  return fields;
}

bool is_blank(std::string_view text) {
  const std::u32string points = code_points(text);
  return std::all_of(points.begin(), points.end(), is_space);
}

}  // namespace

ParallelText::Split summaries_split(const std::string& dir, const std::string& name,
                                    const FileLimits& limits) {
  namespace fs = std::filesystem;
  const std::string path = data_file((fs::path(dir) / (name + ".tsv")).string());
  ParallelText::Split split;
  int64_t number = 0;
  for (const std::string& line : read_lines(path, limits)) {
    ++number;
    const std::vector<std::string_view> fields = fields_of(line);
    if (fields.size() != 3)
      throw FormatError(fmt::format(
          "{}:{}: {} fields; a line has a name, a summary and a text, with tabs between", path,
          number, fields.size()));
    if (is_blank(fields[1]) || is_blank(fields[2]))
      throw FormatError(fmt::format("{}:{}: the {} is empty; remove the line", path, number,
                                    is_blank(fields[1]) ? "summary" : "text"));
    split.target.emplace_back(fields[1]);
    split.source.emplace_back(fields[2]);
  }
  return split;
}

ParallelText summaries(const std::string& dir, const FileLimits& limits) {
  return {summaries_split(dir, "train", limits), summaries_split(dir, "val", limits),
          summaries_split(dir, "test", limits)};
}

}  // namespace tapehead::data
