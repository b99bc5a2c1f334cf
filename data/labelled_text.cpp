#include "tapehead/data/labelled_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "tapehead/core/error.h"
#include "tapehead/data/files.h"
#include "tapehead/data/tales.h"

namespace tapehead::data {
namespace {

std::vector<LabelledText> read(const std::string& path, bool labelled, const FileLimits& limits) {
  std::vector<LabelledText> all;
  int64_t number = 0;
  for (const std::string& line : read_lines(path, limits)) {
    ++number;
    if (line.empty()) continue;
    if (!labelled) {
      all.push_back({"", line, ""});
      continue;
    }
    const size_t tab = line.find('\t'), next = line.find('\t', tab == line.npos ? tab : tab + 1);
    const bool two = next != line.npos;
    LabelledText text{line.substr(0, tab),
                      tab == line.npos ? "" : line.substr(tab + 1, next - tab - 1),
                      two ? line.substr(next + 1) : ""};
    if (text.label.empty() || text.first.empty() || (two && text.second.empty()) ||
        text.second.find('\t') != line.npos)
      throw FormatError(fmt::format(
          "{}:{}: expected a label and one text or two, with tabs between", path, number));
    all.push_back(std::move(text));
  }
  if (all.empty()) throw FormatError(fmt::format("{}: there is no text in it", path));
  return all;
}

std::vector<std::string> labels_of(const std::vector<LabelledText>& texts) {
  std::vector<std::string> labels;
  labels.reserve(texts.size());
  for (const LabelledText& text : texts) labels.push_back(text.label);
  std::sort(labels.begin(), labels.end());
  labels.erase(std::unique(labels.begin(), labels.end()), labels.end());
  return labels;
}

// The tales from number `from` on, split before their last sentence.
std::vector<LabelledText> cut_tales(const std::vector<std::string>& tales, int64_t from,
                                    int64_t count) {
  std::vector<LabelledText> all;
  for (int64_t i = from; i < from + count; ++i) {
    const std::string& tale = tales[static_cast<size_t>(i)];
    const size_t end = tale.rfind(". So ") + 1;
    all.push_back({"", tale.substr(0, end), tale.substr(end + 1)});
  }
  return all;
}

// Labels the tales, and replaces the ending of every second one by that of the one before it.
std::vector<LabelledText> with_labels(std::vector<LabelledText> tales) {
  for (size_t i = 0; i < tales.size(); ++i) {
    tales[i].label = i % 2 == 0 ? "right" : "wrong";
    if (i % 2 != 0) tales[i].second = tales[i - 1].second;
  }
  return tales;
}

}  // namespace

LabelledCorpus labelled_corpus(const std::string& dir, const FileLimits& limits) {
  LabelledCorpus corpus{read(data_file(dir + "/text.txt"), false, limits),
                        read(data_file(dir + "/train.tsv"), true, limits),
                        {},
                        {}};
  const std::string path = data_file(dir + "/test.tsv");
  corpus.test = read(path, true, limits);
  corpus.labels = labels_of(corpus.train);
  for (const std::string& label : labels_of(corpus.test))
    if (!std::binary_search(corpus.labels.begin(), corpus.labels.end(), label))
      throw FormatError(
          fmt::format("{}: no example of the label '{}' is in train.tsv", path, label));
  return corpus;
}

LabelledCorpus tale_endings(uint64_t seed, int64_t text, int64_t train, int64_t test) {
  for (const int64_t count : {text, train, test})
    if (count < 1 || count > 1'000'000)
      throw ValueError(
          fmt::format("tale_endings: a count is {}; it must be in 1..1,000,000", count));
  const std::vector<std::string> lines =
      split_lines(tales(seed, text) + tales(seed + 1, train + test));
  return {cut_tales(lines, 0, text),
          with_labels(cut_tales(lines, text, train)),
          with_labels(cut_tales(lines, text + train, test)),
          {"right", "wrong"}};
}

}  // namespace tapehead::data
