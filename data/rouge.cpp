#include "tapehead/data/rouge.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "tapehead/core/error.h"
#include "tapehead/data/detail/lcs.h"
#include "tapehead/data/detail/score_texts.h"
#include "tapehead/data/text.h"

namespace tapehead::data {
namespace {

using Words = std::vector<int32_t>;  // words as numbers

RougeScore score_of(int64_t common, int64_t summary, int64_t reference) {
  RougeScore s;
  s.precision = static_cast<double>(common) / static_cast<double>(std::max<int64_t>(summary, 1));
  s.recall = static_cast<double>(common) / static_cast<double>(std::max<int64_t>(reference, 1));
  if (s.precision + s.recall > 0) s.f1 = 2 * s.precision * s.recall / (s.precision + s.recall);
  return s;
}

/// The n-grams, n 1 or 2, in order.
std::vector<int64_t> sorted_ngrams(const Words& words, size_t n) {
  std::vector<int64_t> out;
  for (size_t i = 0; i + n <= words.size(); ++i)
    out.push_back(n == 1 ? words[i] : (int64_t{words[i]} << 32) + words[i + 1]);
  std::sort(out.begin(), out.end());
  return out;
}

RougeScore score_ngrams(const Words& summary, const Words& reference, size_t n) {
  const std::vector<int64_t> a = sorted_ngrams(summary, n), b = sorted_ngrams(reference, n);
  int64_t common = 0;
  for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    if (a[i] == b[j]) ++common, ++i, ++j;
    else if (a[i] < b[j]) ++i;
    else ++j;
  }
  return score_of(common, std::ssize(a), std::ssize(b));
}

RougeScore score_lcs(const Words& summary, const Words& reference) {
  if (summary.empty() || reference.empty()) return {};
  return score_of(lcs_length(reference, summary), std::ssize(summary), std::ssize(reference));
}

/// Marks the words of a reference sentence that are in its longest common subsequence with a
/// sentence of the summary. Of several, chooses the same one as the original program, by walking
/// back from the ends: it skips a word of the summary if that keeps a longer subsequence, otherwise
/// a word of the reference. One bit per pair of words stores the direction.
void mark_lcs(const Words& reference, const Words& sentence, std::vector<bool>& marked) {
  const size_t columns = sentence.size();
  std::vector<bool> leftwards(reference.size() * columns);
  each_lcs_row(reference, sentence, [&](size_t i, const auto& above, const auto& row) {
    for (size_t j = 0; j < columns; ++j) leftwards[i * columns + j] = row[j] > above[j + 1];
  });
  for (size_t i = reference.size(), j = columns; i > 0 && j > 0;) {
    if (reference[i - 1] == sentence[j - 1]) marked[--i] = true, --j;
    else if (leftwards[(i - 1) * columns + j - 1]) --j;
    else --i;
  }
}

std::vector<Words> sentences_of(std::string_view text, const RougeOptions& options,
                                TokenNumbers& numbers) {
  std::vector<Words> out;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    out.push_back(numbers(rouge_tokens(text.substr(0, end), options)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

// Lin 2004, section 3.2. The count of a word is limited to its count in the summary.
RougeScore score_union(const std::vector<Words>& summary, const std::vector<Words>& reference,
                       size_t distinct) {
  std::vector<int64_t> left(distinct + 1);
  int64_t n = 0, m = 0, hits = 0;
  for (const Words& sentence : summary)
    for (const int32_t word : sentence) ++left[static_cast<size_t>(word)], ++n;
  for (const Words& sentence : reference) {
    m += std::ssize(sentence);
    std::vector<bool> marked(sentence.size());
    for (const Words& other : summary) mark_lcs(sentence, other, marked);
    for (size_t i = 0; i < sentence.size(); ++i) {
      const auto word = static_cast<size_t>(sentence[i]);
      if (marked[i] && left[word] > 0) ++hits, --left[word];
    }
  }
  return score_of(hits, n, m);
}

constexpr RougeScore RougeScores::*kMeasures[] = {&RougeScores::rouge1, &RougeScores::rouge2,
                                                  &RougeScores::rougeL, &RougeScores::rougeLsum};
constexpr double RougeScore::*kParts[] = {&RougeScore::precision, &RougeScore::recall,
                                          &RougeScore::f1};

}  // namespace

std::vector<std::string> rouge_tokens(std::string_view text, const RougeOptions& options) {
  const auto in_word = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  const std::string lowered = lower(text);
  std::vector<std::string> out;
  for (auto at = lowered.begin(); at != lowered.end();) {
    const auto first = std::find_if(at, lowered.end(), in_word);
    at = std::find_if_not(first, lowered.end(), in_word);
    if (first != at) out.emplace_back(first, at);
  }
  if (options.stem)
    for (std::string& token : out)
      if (token.size() > 3) token = porter_stem(token);
  return out;
}

RougeScores rouge(std::string_view summary, std::string_view reference,
                  const RougeOptions& options) {
  TokenNumbers numbers;
  const Words a = numbers(rouge_tokens(summary, options));
  const Words b = numbers(rouge_tokens(reference, options));
  const std::vector<Words> as = sentences_of(summary, options, numbers);
  const std::vector<Words> bs = sentences_of(reference, options, numbers);
  return {.rouge1 = score_ngrams(a, b, 1),
          .rouge2 = score_ngrams(a, b, 2),
          .rougeL = score_lcs(a, b),
          .rougeLsum = score_union(as, bs, numbers.size())};
}

RougeScores rouge(std::span<const std::string> summaries, std::span<const std::string> references,
                  const RougeOptions& options) {
  if (summaries.empty()) throw ValueError("rouge: there are no summaries; pass at least one");
  if (summaries.size() != references.size())
    throw ValueError(fmt::format("rouge: {} summaries, {} references; each needs one of the other",
                                 summaries.size(), references.size()));
  RougeScores mean;
  for (size_t i = 0; i < summaries.size(); ++i) {
    check_utf8("rouge", summaries[i], "summary", i);
    check_utf8("rouge", references[i], "reference", i);
    const RougeScores one = rouge(summaries[i], references[i], options);
    for (const auto kind : kMeasures)
      for (const auto part : kParts) (mean.*kind).*part += (one.*kind).*part;
  }
  for (const auto kind : kMeasures)
    for (const auto part : kParts) (mean.*kind).*part /= static_cast<double>(summaries.size());
  return mean;
}

}  // namespace tapehead::data
