// Training: counts the words of the lines, and learns merges from them.
#include <fmt/format.h>

#include <set>

#include "tapehead/core/error.h"
#include "tapehead/data/detail/bpe_impl.h"
#include "tapehead/data/detail/bpe_trainer.h"

namespace tapehead::data::bpe {
namespace {

/// The distinct words of the lines in a fixed order, as character ids; adds the characters to the
/// model.
std::vector<Word> count_words(std::span<const std::span<const std::string>> texts, Model& model) {
  std::unordered_map<std::u32string, int64_t> counts;
  for (const std::span<const std::string> lines : texts) {
    for (const std::string& line : lines) {
      for_each_word(line, model.options(),
                    [&](std::u32string_view word) { ++counts[std::u32string(word)]; });
    }
  }
  std::set<char32_t> alphabet;
  for (const auto& [text, count] : counts) alphabet.insert(text.begin(), text.end());
  for (const char32_t c : alphabet) model.add_character(c);

  std::vector<Word> words;
  words.reserve(counts.size());
  for (const auto& [text, count] : counts) {
    Word& word = words.emplace_back(Word{{}, count});
    for (const char32_t c : text) word.symbols.push_back(model.character(c));
  }
  return words;
}

std::shared_ptr<Bpe::Impl> learn(std::span<const std::span<const std::string>> texts,
                                 int64_t merges, const BpeOptions& options) {
  if (merges < 0 || merges > kMostMerges) {
    throw ValueError(
        fmt::format("Bpe::train: {} merges; the number must be in 0..{}", merges, kMostMerges));
  }
  if (options.min_count < 1) {
    throw ValueError(
        fmt::format("Bpe::train: min_count is {}; it must be at least 1", options.min_count));
  }
  Model model(options);
  Trainer trainer(count_words(texts, model),
                  [&model](int32_t left, int32_t right) { return model.add_merge(left, right); });
  for (int64_t i = 0; i < merges && trainer.step(options.min_count); ++i) {
  }
  return std::make_shared<Bpe::Impl>(std::move(model));
}

}  // namespace
}  // namespace tapehead::data::bpe

namespace tapehead::data {

Bpe Bpe::train(std::span<const std::string> lines, int64_t merges, const Options& options) {
  const std::span<const std::string> texts[] = {lines};
  return Bpe(bpe::learn(texts, merges, options));
}

Bpe Bpe::train(const ParallelText::Split& pairs, int64_t merges, const Options& options) {
  const std::span<const std::string> texts[] = {pairs.source, pairs.target};
  return Bpe(bpe::learn(texts, merges, options));
}

}  // namespace tapehead::data
