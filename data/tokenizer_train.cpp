// Trains byte-level BPE and WordPiece vocabularies.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "tapehead/core/error.h"
#include "tapehead/data/detail/bpe_trainer.h"
#include "tapehead/data/detail/growth.h"
#include "tapehead/data/detail/tokenizer_impl.h"
#include "tapehead/data/text.h"

namespace tapehead::data {
namespace tokenizing {
namespace {

// Longer words are not natural text and are ignored.
constexpr size_t kLongestLearned = 1000;
constexpr size_t kLongestWordPiece = 100;

/// Normalizes and pre-tokenizes the lines, and counts the pieces.
std::map<std::u32string, int64_t> count_pieces(std::span<const std::string> lines,
                                               const Json& description, size_t longest) {
  const std::string name = "Tokenizer";
  const JsonView root(description, name);
  const auto normalizer = root.find("normalizer");
  const Normalizer normalize = normalizer ? make_normalizer(*normalizer) : nullptr;
  const PreTokenizer cut = make_pre_tokenizer(root.at("pre_tokenizer"));
  std::map<std::string, int64_t> counts;
  std::vector<Piece> pieces;
  for (const std::string& line : lines) {
    pieces.clear();
    code_points(line);  // throws when it is not UTF-8
    if (!line.empty())
      pieces.push_back({normalize ? normalize(line, most_bytes(line.size())) : line, true});
    cut(pieces, most_bytes(line.size()));
    for (Piece& piece : pieces) ++counts[std::move(piece.text)];
  }
  std::map<std::u32string, int64_t> out;
  for (const auto& [text, count] : counts) {
    std::u32string points = code_points(text);
    if (points.size() <= longest) out.emplace(std::move(points), count);
  }
  return out;
}

std::string as_text(char32_t c) { return to_utf8(std::u32string_view(&c, 1)); }

void check_options(const char* op, int64_t size, int64_t min_count, int64_t least) {
  if (size < least || size > kMostTokens) {
    throw ValueError(
        fmt::format("{}: size is {}; it must be within {}..{}: special tokens and "
                    "characters come first",
                    op, size, least, kMostTokens));
  }
  if (min_count < 1) {
    throw ValueError(fmt::format("{}: min_count is {}; it must be at least 1", op, min_count));
  }
}

/// The most frequent characters of the words, in the order of their code points.
std::set<char32_t> alphabet_of(const std::map<std::u32string, int64_t>& words, int64_t most) {
  std::map<char32_t, int64_t> counts;
  for (const auto& [word, count] : words) {
    for (const char32_t c : word) counts[c] += count;
  }
  std::vector<std::pair<int64_t, char32_t>> order;
  order.reserve(counts.size());
  for (const auto& [c, count] : counts) order.emplace_back(-count, c);
  std::sort(order.begin(), order.end());
  if (static_cast<int64_t>(order.size()) > most) order.resize(static_cast<size_t>(most));
  std::set<char32_t> alphabet;
  for (const auto& [count, c] : order) alphabet.insert(c);
  return alphabet;
}

/// The characters of the alphabet that occur inside words.
std::set<char32_t> continuing(const std::map<std::u32string, int64_t>& words,
                              const std::set<char32_t>& alphabet) {
  std::set<char32_t> out;
  for (const auto& [word, count] : words) {
    for (size_t i = 1; i < word.size(); ++i) {
      if (alphabet.contains(word[i])) out.insert(word[i]);
    }
  }
  return out;
}

/// The words as symbols, with ##continuations after the first one. Omits words with characters
/// outside of the alphabet, which are unknown.
std::vector<bpe::Word> spell(const std::map<std::u32string, int64_t>& counts,
                             const std::set<char32_t>& alphabet, const TokenTable& tokens) {
  std::vector<bpe::Word> words;
  for (const auto& [text, count] : counts) {
    const auto known = [&](char32_t c) { return alphabet.contains(c); };
    if (!std::all_of(text.begin(), text.end(), known)) continue;
    bpe::Word& word = words.emplace_back(bpe::Word{{}, count});
    for (const char32_t c : text) {
      const std::string token = (word.symbols.empty() ? "" : "##") + as_text(c);
      word.symbols.push_back(tokens.find(token));
    }
  }
  return words;
}

}  // namespace
}  // namespace tokenizing

using namespace tokenizing;

Tokenizer Tokenizer::train_bpe(std::span<const std::string> lines, const BpeTrainOptions& options) {
  constexpr const char* kOp = "Tokenizer::train_bpe";
  check_options(kOp, options.size, options.min_count,
                static_cast<int64_t>(options.special.size()) + 256);
  Json description = gpt2_description(false);
  TokenTable tokens;
  for (const std::string& special : options.special) {
    const bool bad = special.empty() || find_invalid_utf8(special) >= 0;
    if (const int32_t id = bad ? -1 : tokens.add(special); id >= 0) {
      description["added_tokens"].push_back(special_token(special, id));
    } else {
      throw ValueError(fmt::format("{}: special token '{}' is {}", kOp, bad ? "" : special,
                                   bad ? "empty or not UTF-8" : "given twice"));
    }
  }
  std::vector<std::string> alphabet = byte_alphabet();
  std::sort(alphabet.begin(), alphabet.end());
  for (std::string& character : alphabet) tokens.add(std::move(character));

  std::vector<bpe::Word> words;
  for (const auto& [text, count] : count_pieces(lines, description, kLongestLearned)) {
    bpe::Word& word = words.emplace_back(bpe::Word{{}, count});
    for (const char32_t c : text) word.symbols.push_back(tokens.find(as_text(c)));
  }
  std::vector<std::pair<std::string, std::string>> merges;
  bpe::Trainer trainer(std::move(words), [&](int32_t left, int32_t right) {
    merges.emplace_back(*tokens.token(left), *tokens.token(right));
    std::string whole = merges.back().first + merges.back().second;
    const int32_t known = tokens.find(whole);
    return known >= 0 ? known : tokens.add(std::move(whole));
  });
  while (tokens.count() < options.size && trainer.step(options.min_count)) {
  }
  auto model = std::make_unique<MergeModel>(std::move(tokens), MergeOptions{});
  for (const auto& [left, right] : merges) model->add_merge(left, right);
  return Impl::assemble(std::move(description), std::move(model), kOp);
}

Tokenizer Tokenizer::train_word_piece(std::span<const std::string> lines,
                                      const WordPieceTrainOptions& options) {
  constexpr const char* kOp = "Tokenizer::train_word_piece";
  if (options.alphabet < 1) {
    throw ValueError(
        fmt::format("{}: alphabet is {}; it must be at least 1", kOp, options.alphabet));
  }
  TokenTable tokens;
  for (const char* special : {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}) tokens.add(special);
  const BertDescription bert{.lower = options.lower};
  const Json description = bert_description(tokens, bert);
  const auto counts = count_pieces(lines, description, kLongestWordPiece);
  const std::set<char32_t> alphabet = alphabet_of(counts, options.alphabet);
  for (const char32_t c : alphabet) tokens.add(as_text(c));
  for (const char32_t c : continuing(counts, alphabet)) tokens.add("##" + as_text(c));
  check_options(kOp, options.size, options.min_count, tokens.count());

  bpe::Trainer trainer(spell(counts, alphabet, tokens), [&](int32_t left, int32_t right) {
    std::string whole = *tokens.token(left) + tokens.token(right)->substr(2);
    const int32_t known = tokens.find(whole);
    return known >= 0 ? known : tokens.add(std::move(whole));
  });
  while (tokens.count() < options.size && trainer.step(options.min_count)) {
  }
  auto model = std::make_unique<WordPieceModel>(std::move(tokens), WordPieceOptions{});
  return Impl::assemble(description, std::move(model), kOp);
}

}  // namespace tapehead::data
