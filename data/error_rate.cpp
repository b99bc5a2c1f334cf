#include "tapehead/data/error_rate.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "tapehead/core/error.h"
#include "tapehead/data/detail/score_texts.h"
#include "tapehead/data/text.h"

namespace tapehead::data {
namespace {

using TokenIds = std::span<const int32_t>;

/// How the edit distance between prefixes changes with the last token of the reference: for the
/// first `row` tokens of the hypothesis, and from `column` to `column + 1` of the reference.
class DistanceSteps {
 public:
  DistanceSteps(TokenIds hypothesis, TokenIds reference) : columns_(reference.size()) {
    const size_t cells = (hypothesis.size() + 1) * columns_;
    rises_.resize(cells);
    falls_.resize(cells);
    std::vector<int32_t> above(columns_ + 1), row(columns_ + 1);
    std::iota(above.begin(), above.end(), 0);
    store(0, above);
    for (size_t r = 1; r <= hypothesis.size(); ++r) {
      row[0] = static_cast<int32_t>(r);
      for (size_t c = 0; c < columns_; ++c) {
        const int32_t replaced = above[c] + static_cast<int32_t>(hypothesis[r - 1] != reference[c]);
        row[c + 1] = std::min({replaced, above[c + 1] + 1, row[c] + 1});
      }
      store(r, row);
      above.swap(row);
    }
  }
  bool rises(size_t row, size_t column) const { return rises_[row * columns_ + column]; }
  bool falls(size_t row, size_t column) const { return falls_[row * columns_ + column]; }

 private:
  void store(size_t row, const std::vector<int32_t>& distances) {
    for (size_t c = 0; c < columns_; ++c) {
      rises_[row * columns_ + c] = distances[c + 1] > distances[c];
      falls_[row * columns_ + c] = distances[c + 1] < distances[c];
    }
  }

  size_t columns_;
  std::vector<bool> rises_, falls_;
};

/// The edits, from the last to the first. Of several of equal number, walking back from the ends, a
/// deletion is preferred, then an insertion.
std::vector<Edit> edits_backwards(TokenIds hypothesis, TokenIds reference) {
  const DistanceSteps steps(hypothesis, reference);
  std::vector<Edit> out;
  for (size_t row = hypothesis.size(), column = reference.size(); row > 0 || column > 0;) {
    if (column > 0 && steps.rises(row, column - 1)) {
      out.push_back(Edit::kDelete);
      --column;
    } else if (column == 0 || steps.falls(row - 1, column - 1)) {
      out.push_back(Edit::kInsert);
      --row;
    } else {
      const bool equal = hypothesis[--row] == reference[--column];
      out.push_back(equal ? Edit::kEqual : Edit::kSubstitute);
    }
  }
  return out;
}

void append(std::vector<AlignmentChunk>& chunks, Edit edit, int64_t count) {
  if (count == 0) return;
  if (chunks.empty() || chunks.back().edit != edit) {
    const AlignmentChunk last = chunks.empty() ? AlignmentChunk{} : chunks.back();
    chunks.push_back({.edit = edit,
                      .reference_begin = last.reference_end,
                      .reference_end = last.reference_end,
                      .hypothesis_begin = last.hypothesis_end,
                      .hypothesis_end = last.hypothesis_end});
  }
  if (edit != Edit::kInsert) chunks.back().reference_end += count;
  if (edit != Edit::kDelete) chunks.back().hypothesis_end += count;
}

std::vector<AlignmentChunk> align_ids(TokenIds hypothesis, TokenIds reference) {
  const auto [hypothesis_rest, reference_rest] =
      std::mismatch(hypothesis.begin(), hypothesis.end(), reference.begin(), reference.end());
  const auto prefix = static_cast<size_t>(hypothesis_rest - hypothesis.begin());
  const size_t most = std::min(hypothesis.size(), reference.size()) - prefix;
  size_t suffix = 0;
  while (suffix < most &&
         hypothesis[hypothesis.size() - 1 - suffix] == reference[reference.size() - 1 - suffix])
    ++suffix;
  std::vector<AlignmentChunk> chunks;
  append(chunks, Edit::kEqual, static_cast<int64_t>(prefix));
  const std::vector<Edit> edits =
      edits_backwards(hypothesis.subspan(prefix, hypothesis.size() - prefix - suffix),
                      reference.subspan(prefix, reference.size() - prefix - suffix));
  std::for_each(edits.rbegin(), edits.rend(), [&](Edit edit) { append(chunks, edit, 1); });
  append(chunks, Edit::kEqual, static_cast<int64_t>(suffix));
  return chunks;
}

void count_edits(ErrorRates& errors, const std::vector<AlignmentChunk>& chunks) {
  for (const AlignmentChunk& chunk : chunks) {
    const int64_t of_reference = chunk.reference_end - chunk.reference_begin;
    switch (chunk.edit) {
      case Edit::kEqual: errors.hits += of_reference; break;
      case Edit::kSubstitute: errors.substitutions += of_reference; break;
      case Edit::kDelete: errors.deletions += of_reference; break;
      case Edit::kInsert: errors.insertions += chunk.hypothesis_end - chunk.hypothesis_begin; break;
    }
  }
}

/// Fills in the rates from the counts. A perfect recognition of silence has lost nothing.
void finish_rates(ErrorRates& e) {
  const auto real = [](int64_t count) { return static_cast<double>(count); };
  const int64_t wrong = e.substitutions + e.deletions + e.insertions;
  const int64_t reference = e.hits + e.substitutions + e.deletions;
  const int64_t hypothesis = e.hits + e.substitutions + e.insertions;
  e.error_rate = reference == 0 ? real(wrong) : real(wrong) / real(reference);
  if (reference + hypothesis == 0) {
    e.information_preserved = 1;
  } else {
    e.match_error_rate = real(wrong) / real(reference + e.insertions);
    if (reference > 0 && hypothesis > 0)
      e.information_preserved =
          (real(e.hits) / real(reference)) * (real(e.hits) / real(hypothesis));
  }
  e.information_lost = 1 - e.information_preserved;
}

std::vector<std::string> stripped_characters(std::string_view text) {
  std::u32string points = code_points(text);
  points.erase(std::find_if_not(points.rbegin(), points.rend(), is_space).base(), points.end());
  points.erase(points.begin(), std::find_if_not(points.begin(), points.end(), is_space));
  std::vector<std::string> out;
  for (const char32_t point : points) out.push_back(to_utf8(std::u32string_view(&point, 1)));
  return out;
}

ErrorRates errors_of(const char* op, std::span<const std::string> hypotheses,
                     std::span<const std::string> references, bool of_characters) {
  if (hypotheses.size() != references.size())
    throw ValueError(fmt::format("{}: {} hypotheses, {} references; each needs one of the other",
                                 op, hypotheses.size(), references.size()));
  if (hypotheses.empty())
    throw ValueError(fmt::format("{}: there are no hypotheses; pass at least one line", op));
  ErrorRates errors;
  errors.of_characters = of_characters;
  const auto tokens = of_characters ? stripped_characters : tokens_between_spaces;
  TokenNumbers numbers;
  for (size_t i = 0; i < hypotheses.size(); ++i) {
    check_utf8(op, hypotheses[i], "hypothesis", i);
    check_utf8(op, references[i], "reference", i);
    errors.hypotheses.push_back(tokens(hypotheses[i]));
    errors.references.push_back(tokens(references[i]));
    errors.alignments.push_back(
        align_ids(numbers(errors.hypotheses.back()), numbers(errors.references.back())));
    count_edits(errors, errors.alignments.back());
  }
  finish_rates(errors);
  return errors;
}

}  // namespace

double wer(std::span<const std::string> hypotheses, std::span<const std::string> references) {
  return errors_of("wer", hypotheses, references, false).error_rate;
}

double cer(std::span<const std::string> hypotheses, std::span<const std::string> references) {
  return errors_of("cer", hypotheses, references, true).error_rate;
}

ErrorRates word_errors(std::span<const std::string> hypotheses,
                       std::span<const std::string> references) {
  return errors_of("word_errors", hypotheses, references, false);
}

ErrorRates character_errors(std::span<const std::string> hypotheses,
                            std::span<const std::string> references) {
  return errors_of("character_errors", hypotheses, references, true);
}

std::vector<AlignmentChunk> align_tokens(std::span<const std::string> hypothesis,
                                         std::span<const std::string> reference) {
  TokenNumbers numbers;
  const std::vector<int32_t> a = numbers({hypothesis.begin(), hypothesis.end()});
  const std::vector<int32_t> b = numbers({reference.begin(), reference.end()});
  return align_ids(a, b);
}

}  // namespace tapehead::data
