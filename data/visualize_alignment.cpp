// Alignments as text.
#include <fmt/format.h>

#include <algorithm>

#include "tapehead/core/error.h"
#include "tapehead/data/error_rate.h"
#include "tapehead/data/text.h"

namespace tapehead::data {
namespace {

int64_t width_of(const std::string& text) { return std::ssize(code_points(text)); }

/// A reference above its hypothesis and the letters of errors, in columns.
class Comparison {
 public:
  Comparison(bool spaced, int64_t line_width) : spaced_(spaced), line_width_(line_width) {}

  void add(const std::string& reference, const std::string& hypothesis, char edit) {
    const int64_t width = std::max({width_of(reference), width_of(hypothesis), int64_t{1}});
    if (line_width_ > 0 && width_ + width > line_width_) {
      finish_lines();
      text_ += '\n';
    }
    const auto stars = [&](char of) {
      return edit == of ? std::string(static_cast<size_t>(width), '*') : "";
    };
    append(reference_, stars('I') + reference, width);
    append(hypothesis_, stars('D') + hypothesis, width);
    append(edits_, std::string(1, edit), width);
    width_ += width + static_cast<int64_t>(spaced_);
  }

  std::string finish() {
    finish_lines();
    return std::move(text_);
  }

 private:
  void append(std::string& line, const std::string& token, int64_t width) const {
    line.append(static_cast<size_t>(width - width_of(token)), ' ').append(token);
    if (spaced_) line += ' ';
  }
  void finish_lines() {
    for (std::string* line : {&reference_, &hypothesis_, &edits_}) {
      if (spaced_) line->pop_back();  // the space after the last token
      text_.append(*line).append("\n");
    }
    reference_ = "REF: ", hypothesis_ = "HYP: ", edits_ = "     ";
    width_ = 5;
  }

  bool spaced_;
  int64_t line_width_, width_ = 5;
  std::string reference_ = "REF: ", hypothesis_ = "HYP: ", edits_ = "     ", text_;
};

std::string compare(const ErrorRates& errors, size_t pair, int64_t line_width) {
  const auto token = [](const std::vector<std::string>& tokens, int64_t i) {
    return tokens[static_cast<size_t>(i)];
  };
  Comparison out(!errors.of_characters, line_width);
  for (const AlignmentChunk& chunk : errors.alignments[pair]) {
    const int64_t count = std::max(chunk.reference_end - chunk.reference_begin,
                                   chunk.hypothesis_end - chunk.hypothesis_begin);
    constexpr char kLetters[] = {' ', 'S', 'I', 'D'};
    for (int64_t i = 0; i < count; ++i)
      out.add(
          chunk.edit == Edit::kInsert ? ""
                                      : token(errors.references[pair], chunk.reference_begin + i),
          chunk.edit == Edit::kDelete ? ""
                                      : token(errors.hypotheses[pair], chunk.hypothesis_begin + i),
          kLetters[static_cast<size_t>(chunk.edit)]);
  }
  return out.finish();
}

std::string measures(const ErrorRates& e) {
  std::string out = fmt::format(
      "=== SUMMARY ===\nnumber of sentences: {}\nsubstitutions={} deletions={} insertions={} "
      "hits={}\n\n",
      e.alignments.size(), e.substitutions, e.deletions, e.insertions, e.hits);
  if (e.of_characters) return out + fmt::format("cer={:.2f}%\n", e.error_rate * 100);
  return out + fmt::format("mer={:.2f}%\nwil={:.2f}%\nwip={:.2f}%\nwer={:.2f}%\n",
                           e.match_error_rate * 100, e.information_lost * 100,
                           e.information_preserved * 100, e.error_rate * 100);
}

}  // namespace

std::string visualize_alignment(const ErrorRates& errors,
                                const VisualizeAlignmentOptions& options) {
  if (options.line_width < 0)
    throw ValueError(fmt::format("visualize_alignment: line_width is {}; expected at least 0",
                                 options.line_width));
  std::string out;
  for (size_t i = 0; i < errors.alignments.size(); ++i) {
    const std::vector<AlignmentChunk>& chunks = errors.alignments[i];
    const bool correct = chunks.empty() || (chunks.size() == 1 && chunks[0].edit == Edit::kEqual);
    if (options.skip_correct && correct) continue;
    out +=
        fmt::format("=== SENTENCE {} ===\n\n{}\n", i + 1, compare(errors, i, options.line_width));
  }
  if (options.show_measures) return out + measures(errors);
  if (!out.empty()) out.pop_back();
  return out;
}

}  // namespace tapehead::data
