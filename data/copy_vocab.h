// A vocabulary that grows by the words of one text, for models that copy: Gu et al. 2016, See, Liu
// and Manning 2017.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "tapehead/data/vocab.h"

namespace tapehead::data {

/// A text for a model that copies. A word that the vocabulary lacks has an id all the same: its
/// size plus the word's place in `extra`.
struct CopySource {
  std::vector<int64_t> ids;
  std::vector<std::string> extra;  ///< in the order in which they came first
};

/// Cuts nothing off: one id for each word.
CopySource copy_source(const Vocab& vocab, std::span<const std::string> words);
/// What is to be written about the source: a word that neither the vocabulary nor the source has is
/// kUnk.
std::vector<int64_t> copy_target(const Vocab& vocab, std::span<const std::string> words,
                                 const CopySource& source);
/// The words of ids that a model wrote about the source, without pad, bos and eos. Throws
/// IndexError for an id that is of neither.
std::vector<std::string> copy_decode(const Vocab& vocab, std::span<const int64_t> ids,
                                     const CopySource& source);

}  // namespace tapehead::data
