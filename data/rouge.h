// ROUGE, equal to the rouge-score package's.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tapehead::data {

struct RougeOptions {
  bool stem = false;  ///< compare words without their endings, by porter_stem()
};

/// Of what was written, the share that the reference has; of the reference, the share that was
/// found; and the harmonic mean of both. Each is in 0..1.
struct RougeScore {
  double precision = 0, recall = 0, f1 = 0;
};

struct RougeScores {
  RougeScore rouge1;     ///< common words, as often as both have them
  RougeScore rouge2;     ///< common pairs of neighbours
  RougeScore rougeL;     ///< the longest common subsequence of words
  RougeScore rougeLsum;  ///< the same of lines, one sentence each: the union over a line's matches
};

/// ROUGE of a summary against its reference: Lin 2004, "ROUGE: a package for automatic evaluation
/// of summaries". Equal to the rouge-score package's RougeScorer, to the last bit. Throws
/// FormatError for text that is not UTF-8.
RougeScores rouge(std::string_view summary, std::string_view reference,
                  const RougeOptions& options = {});
/// The mean over a corpus, as papers report it. Throws ValueError when there are no summaries or
/// not as many references, and FormatError that says which text is not UTF-8.
RougeScores rouge(std::span<const std::string> summaries, std::span<const std::string> references,
                  const RougeOptions& options = {});

/// The words in which ROUGE counts: runs of a-z and 0-9 of the text in lower case; with `stem`,
/// those of more than three characters are stemmed.
std::vector<std::string> rouge_tokens(std::string_view text, const RougeOptions& options = {});

/// A word of a-z and 0-9 without its endings: Porter 1980, "An algorithm for suffix stripping",
/// with the changes that NLTK's PorterStemmer makes by default.
///
///   porter_stem("generalizations")  // "gener"
std::string porter_stem(std::string_view word);

}  // namespace tapehead::data
