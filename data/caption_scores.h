// Scores of generated captions, equal to pycocoevalcap's on the same tokens.
#pragma once

#include <array>
#include <span>
#include <string>
#include <vector>

#include "tapehead/data/corpus_score.h"

namespace tapehead::data {

/// BLEU-1 to BLEU-4 (Papineni et al. 2002) as pycocoevalcap's Bleu computes it: the closest
/// reference length, no smoothing except that a count of 0 is taken as 1e-15. references[i] are the
/// captions of the picture that hypotheses[i] describes, of any number; in bleu_score() they are
/// the other way round. Words are separated by white space and taken as they are: tokenise and
/// convert case before (pycocoevalcap's evaluation uses the Stanford tokenizer and removes
/// punctuation). Scores are 0..1. Throws ValueError if there are no captions, the numbers of
/// hypotheses and sets of references differ, or a set is empty; FormatError for a caption that is
/// not UTF-8.
/// Example: data::caption_bleu(std::vector<std::string>{"a red cat"},
///     std::vector<std::vector<std::string>>{{"a cat", "the red cat"}})[1].score  // 0.707107
std::array<CorpusScore, 4> caption_bleu(std::span<const std::string> hypotheses,
                                        std::span<const std::vector<std::string>> references);

/// ROUGE-L (Lin 2004) as pycocoevalcap's Rouge computes it, likewise: with beta 1.2, from the
/// largest precision and the largest recall over the references. The corpus score is the mean.
/// Example: data::caption_rouge_l(std::vector<std::string>{"a red cat"},
///     std::vector<std::vector<std::string>>{{"a cat"}}).score  // 0.829932
CorpusScore caption_rouge_l(std::span<const std::string> hypotheses,
                            std::span<const std::vector<std::string>> references);

/// The scores that papers on captions report.
struct CaptionScores {
  std::array<CorpusScore, 4> bleu;  ///< BLEU-1 to BLEU-4
  CorpusScore rouge_l;              ///< caption_rouge_l()
  CorpusScore meteor;               ///< data::meteor(): exact and stem stages
  CorpusScore cider;                ///< data::cider()
  CorpusScore cider_d;              ///< data::cider_d(), which pycocoevalcap calls CIDEr
  /// `BLEU-1 0.733 BLEU-2 0.564 …`, in one line.
  std::string to_string() const;
};

/// All of them. Throws as caption_bleu().
/// Example: data::caption_scores(std::vector<std::string>{"a red cat"},
///     std::vector<std::vector<std::string>>{{"a red cat"}}).rouge_l.score  // 1
CaptionScores caption_scores(std::span<const std::string> hypotheses,
                             std::span<const std::vector<std::string>> references);

}  // namespace tapehead::data
