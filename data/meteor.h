// METEOR of captions and translations: its exact and stem stages.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tapehead/data/corpus_score.h"

namespace tapehead::data {

/// Parameters of METEOR; the defaults are METEOR 1.5's for English.
struct MeteorOptions {
  double alpha = 0.85;       ///< weight of recall against precision, 0..1
  double beta = 0.2;         ///< exponent of the fragmentation penalty, at least 0
  double gamma = 0.6;        ///< largest fragmentation penalty, 0..1
  double delta = 0.75;       ///< weight of content words; 1 - delta is that of function words, 0..1
  double stem_weight = 0.6;  ///< weight of a match of stems, 0..1; that of equal words is 1
  bool stem = true;          ///< match words with equal porter_stem() as well
  std::vector<std::string> function_words;  ///< default: every word is a content word
  int64_t beam_size = 40;                   ///< of the search for an alignment, at least 1
};

/// METEOR (Denkowski and Lavie 2014, "Meteor universal: language specific translation evaluation
/// for any target language") with two of its four stages: words that are equal, and words with
/// equal stems. Left out are synonyms and paraphrases, which need WordNet and METEOR's tables, its
/// list of function words (pass one as `function_words`) and its normalisation: words are separated
/// by white space and taken as they are. Stems are Porter's; METEOR's are Snowball's. Scores are
/// therefore lower than METEOR's, and comparable with each other only.
///
/// The words of a hypothesis and a reference are aligned one to one: most matches first, where one
/// of stems counts half, then the fewest chunks (runs of words adjacent in both), then the smallest
/// distances; beam search, as in METEOR. With weighted precision P and recall R, the score is P R /
/// (alpha P + (1 - alpha) R) · (1 - gamma (chunks / matches)^beta), where the penalty is 0 if the
/// texts are equal or differ only in words with equal stems. references[i] are those of
/// hypotheses[i], the best of which counts. The corpus score is computed from the sums of all
/// counts, as by METEOR. Throws ValueError as cider(), and for an option out of range; FormatError
/// for a text that is not UTF-8.
/// Example: data::meteor(std::vector<std::string>{"a red cat"},
///     std::vector<std::vector<std::string>>{{"a cat", "a red cat"}}).score  // 1
CorpusScore meteor(std::span<const std::string> hypotheses,
                   std::span<const std::vector<std::string>> references,
                   const MeteorOptions& options = {});

}  // namespace tapehead::data
