// CIDEr and CIDEr-D of captions, equal to pycocoevalcap's.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tapehead/data/corpus_score.h"

namespace tapehead::data {

/// In how many sets of references (one per picture) each n-gram of 1 to 4 words occurs.
class DocumentFrequencies {
 public:
  DocumentFrequencies() = default;  ///< of no pictures
  /// Counts in references[i], the captions of picture i. Throws ValueError if there are none,
  /// FormatError for a caption that is not UTF-8.
  /// Example: data::DocumentFrequencies(std::vector<std::vector<std::string>>{{"a red cat", "a
  ///     cat"}, {"a dog"}}).documents()  // 2
  explicit DocumentFrequencies(std::span<const std::vector<std::string>> references);

  /// The number of pictures.
  int64_t documents() const;
  /// The number of pictures with this n-gram: words with white space between them. 0 for others
  /// than 1 to 4 words.
  int64_t operator()(std::string_view ngram) const;

  struct Impl;
  /// What the scores read.
  const Impl* impl() const { return impl_.get(); }

 private:
  std::shared_ptr<const Impl> impl_;
};

struct CiderOptions {
  double sigma = 6;  ///< CIDEr-D: width of the penalty for a length other than the reference's
  DocumentFrequencies frequencies;  ///< default: those of the references that are passed
};

/// CIDEr (Vedantam, Zitnick and Parikh 2015, "CIDEr: consensus-based image description
/// evaluation"): 10 times the mean over n = 1 to 4 and over the references of a caption of the
/// cosine between vectors of n-gram counts, weighted with their inverse document frequency,
/// log(documents / max(1, frequency)). references[i] are the captions of the picture that
/// hypotheses[i] describes; words are separated by white space and taken as they are, without the
/// stemming of the paper. With the references of one picture alone, every weight, and so the score,
/// is 0: pass a corpus, or its frequencies. The corpus score is the mean. Throws ValueError if
/// there are no captions, the numbers of hypotheses and sets of references differ, or a set is
/// empty; FormatError for a caption that is not UTF-8.
/// Example: data::cider(std::vector<std::string>{"a red cat", "a dog"},
///     std::vector<std::vector<std::string>>{{"a red cat"}, {"the dog"}}).each  // [7.5, 1.25]
CorpusScore cider(std::span<const std::string> hypotheses,
                  std::span<const std::vector<std::string>> references,
                  const CiderOptions& options = {});

/// CIDEr-D, likewise: counts of a hypothesis are limited to the reference's, and a cosine is
/// multiplied by exp(-d² / 2 sigma²), d the difference in length (section 6 of the paper). This is
/// what pycocoevalcap's Cider computes, and what papers report as CIDEr. Also throws ValueError for
/// a sigma that is not above 0.
/// Example: data::cider_d(std::vector<std::string>{"a red cat", "a dog"},
///     std::vector<std::vector<std::string>>{{"a red cat"}, {"the dog"}}).score  // 4.375
CorpusScore cider_d(std::span<const std::string> hypotheses,
                    std::span<const std::vector<std::string>> references,
                    const CiderOptions& options = {});

}  // namespace tapehead::data
