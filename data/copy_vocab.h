// A vocabulary extended by the words of one text, for copying models (Gu et al. 2016; See, Liu and
// Manning 2017).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "tapehead/data/vocab.h"

namespace tapehead::data {

/// A source text for a copying model. The id of an out-of-vocabulary word is the vocabulary's size
/// plus the word's index in `extra`.
struct CopySource {
  std::vector<int64_t> ids;        ///< of the words
  std::vector<std::string> extra;  ///< out-of-vocabulary words, in order of first occurrence
};

/// Encodes a source text, with one id for each word.
/// Example: using Words = std::vector<std::string>; const auto vocab =
///     data::Vocab::build(std::vector<Words>{{"the", "cat"}}); data::copy_source(vocab,
///     Words{"the", "dog"}).ids  // [5, 6]
CopySource copy_source(const Vocab& vocab, std::span<const std::string> words);
/// Encodes a target text for this source. Words that are neither in the vocabulary nor in the
/// source become kUnk.
/// Example: using Words = std::vector<std::string>; const auto vocab =
///     data::Vocab::build(std::vector<Words>{{"the", "cat"}}); const auto source =
///     data::copy_source(vocab, Words{"the", "dog"}); data::copy_target(vocab, Words{"dog", "cat",
///     "cow"}, source)  // [6, 4, 1]
std::vector<int64_t> copy_target(const Vocab& vocab, std::span<const std::string> words,
                                 const CopySource& source);
/// Decodes ids generated for this source, without pad, bos and eos. Throws IndexError for an id
/// that is neither in the vocabulary nor in `extra`.
/// Example: using Words = std::vector<std::string>; const auto vocab =
///     data::Vocab::build(std::vector<Words>{{"the", "cat"}}); const auto source =
///     data::copy_source(vocab, Words{"the", "dog"}); data::copy_decode(vocab,
///     std::vector<int64_t>{6, 5}, source)  // [dog, the]
std::vector<std::string> copy_decode(const Vocab& vocab, std::span<const int64_t> ids,
                                     const CopySource& source);

}  // namespace tapehead::data
