// ROUGE, identical to the rouge-score package's.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tapehead::data {

struct RougeOptions {
  bool stem = false;  ///< compare words after porter_stem()
};

/// Precision, recall and their harmonic mean, each in 0..1.
struct RougeScore {
  double precision = 0, recall = 0, f1 = 0;  ///< each from 0 to 1
};

/// The scores of a summary.
struct RougeScores {
  RougeScore rouge1;     ///< unigram overlap
  RougeScore rouge2;     ///< bigram overlap
  RougeScore rougeL;     ///< longest common subsequence of words
  RougeScore rougeLsum;  ///< union of the longest common subsequences of lines (sentences)
};

/// ROUGE of a summary against its reference: Lin 2004, "ROUGE: a package for automatic evaluation
/// of summaries". Bit-identical to the rouge-score package's RougeScorer. Throws FormatError for
/// text that is not UTF-8.
/// Example: data::rouge("the cat sat", "the cat ran").rouge2.f1  // 0.5
RougeScores rouge(std::string_view summary, std::string_view reference,
                  const RougeOptions& options = {});
/// The mean over a corpus, as papers report it. Throws ValueError if there are no summaries or the
/// numbers of summaries and references differ, and FormatError that names a text that is not UTF-8.
RougeScores rouge(std::span<const std::string> summaries, std::span<const std::string> references,
                  const RougeOptions& options = {});

/// ROUGE's tokens: runs of a-z and 0-9 in the lower-cased text. With `stem`, words of more than
/// three characters are stemmed.
/// Example: data::rouge_tokens("Running, again!", {.stem = true})  // [run, again]
std::vector<std::string> rouge_tokens(std::string_view text, const RougeOptions& options = {});

/// The stem of a word of a-z and 0-9 (Porter 1980, "An algorithm for suffix stripping"), with the
/// default extensions of NLTK's PorterStemmer.
/// Example: data::porter_stem("generalizations")  // gener
std::string porter_stem(std::string_view word);

}  // namespace tapehead::data
