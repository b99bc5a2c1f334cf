#include "tapehead/data/copy_vocab.h"

#include <fmt/format.h>

#include <algorithm>

#include "tapehead/core/error.h"

namespace tapehead::data {
namespace {

// The index of a word among the extra ones, or -1. A linear search, since one text has few.
int64_t place_of(const std::vector<std::string>& extra, const std::string& word) {
  const auto at = std::find(extra.begin(), extra.end(), word);
  return at == extra.end() ? -1 : at - extra.begin();
}

}  // namespace

CopySource copy_source(const Vocab& vocab, std::span<const std::string> words) {
  CopySource source;
  for (const std::string& word : words) {
    int64_t id = vocab.id(word);
    if (id == kUnk) {
      int64_t place = place_of(source.extra, word);
      if (place < 0) {
        place = std::ssize(source.extra);
        source.extra.push_back(word);
      }
      id = vocab.size() + place;
    }
    source.ids.push_back(id);
  }
  return source;
}

std::vector<int64_t> copy_target(const Vocab& vocab, std::span<const std::string> words,
                                 const CopySource& source) {
  std::vector<int64_t> ids = vocab.encode(words);
  for (size_t i = 0; i < ids.size(); ++i)
    if (const int64_t place = place_of(source.extra, words[i]); place >= 0)
      ids[i] = vocab.size() + place;
  return ids;
}

std::vector<std::string> copy_decode(const Vocab& vocab, std::span<const int64_t> ids,
                                     const CopySource& source) {
  const int64_t size = vocab.size() + std::ssize(source.extra);
  std::vector<std::string> words;
  for (const int64_t id : ids) {
    if (id == kPad || id == kBos || id == kEos) continue;
    if (id < 0 || id >= size)
      throw IndexError(
          fmt::format("copy_decode: {} is not an id: the vocabulary has {}, the source {} more", id,
                      vocab.size(), source.extra.size()));
    words.push_back(id < vocab.size() ? vocab.token(id)
                                      : source.extra[static_cast<size_t>(id - vocab.size())]);
  }
  return words;
}

}  // namespace tapehead::data
