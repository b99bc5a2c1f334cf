#include "tapehead/data/vocab.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "tapehead/core/error.h"
#include "tapehead/data/detail/token_file.h"
#include "tapehead/data/files.h"
#include "tapehead/data/text.h"

namespace tapehead::data {
namespace {

constexpr std::string_view kVocabTitle = "tapehead vocabulary 1";
constexpr int64_t kMostWords = 100'000'000;
constexpr std::string_view kSpecialNames[kSpecials] = {"<pad>", "<unk>", "<s>", "</s>"};

bool is_special(std::string_view token) {
  return std::find(std::begin(kSpecialNames), std::end(kSpecialNames), token) !=
         std::end(kSpecialNames);
}

using WordCounts = std::unordered_map<std::string, int64_t>;

/// The tokens to keep, in order of decreasing frequency.
std::vector<std::string> select(const WordCounts& counts, const VocabOptions& options) {
  if (options.min_count < 1) {
    throw ValueError(
        fmt::format("Vocab: min_count is {}; it must be at least 1", options.min_count));
  }
  if (options.max_size != 0 && options.max_size <= kSpecials) {
    throw ValueError(
        fmt::format("Vocab: max_size is {}; it must be above {}, the number of special tokens, or "
                    "0 for no limit",
                    options.max_size, static_cast<int64_t>(kSpecials)));
  }
  std::vector<const WordCounts::value_type*> order;
  for (const auto& entry : counts) {
    const std::string& token = entry.first;
    if (token.empty()) throw FormatError("Vocab: an empty token; remove it first");
    if (const int64_t bad = find_invalid_utf8(token); bad >= 0) {
      throw FormatError(fmt::format("Vocab: a token is not UTF-8 at byte {}", bad));
    }
    if (entry.second >= options.min_count && !is_special(token)) order.push_back(&entry);
  }
  std::sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
    return a->second != b->second ? a->second > b->second : a->first < b->first;
  });
  const auto room = static_cast<size_t>(options.max_size - kSpecials);
  if (options.max_size != 0 && order.size() > room) order.resize(room);

  std::vector<std::string> tokens;
  tokens.reserve(order.size());
  for (const auto* entry : order) tokens.push_back(entry->first);
  return tokens;
}

}  // namespace

struct Vocab::Table {
  std::vector<std::string> tokens;                    // by id
  std::unordered_map<std::string_view, int64_t> ids;  // views into tokens, without special tokens
};

Vocab::Vocab(std::vector<std::string> ordinary) {
  auto table = std::make_shared<Table>();
  table->tokens.assign(std::begin(kSpecialNames), std::end(kSpecialNames));
  std::move(ordinary.begin(), ordinary.end(), std::back_inserter(table->tokens));
  for (size_t i = kSpecials; i < table->tokens.size(); ++i) {
    table->ids.emplace(table->tokens[i], static_cast<int64_t>(i));
  }
  table_ = std::move(table);
}

Vocab Vocab::build(std::span<const std::vector<std::string>> sentences, const Options& options) {
  WordCounts counts;
  for (const auto& sentence : sentences) {
    for (const std::string& token : sentence) ++counts[token];
  }
  return Vocab(select(counts, options));
}

Vocab Vocab::build(std::span<const std::pair<std::string, int64_t>> counts,
                   const Options& options) {
  WordCounts sums;
  for (const auto& [token, count] : counts) {
    if (count < 0) {
      throw ValueError(
          fmt::format("Vocab: the count of '{}' is {}; it must not be negative", token, count));
    }
    sums[token] += count;
  }
  return Vocab(select(sums, options));
}

int64_t Vocab::size() const { return static_cast<int64_t>(table_->tokens.size()); }

int64_t Vocab::id(std::string_view token) const {
  const auto found = table_->ids.find(token);
  return found == table_->ids.end() ? static_cast<int64_t>(kUnk) : found->second;
}

const std::string& Vocab::token(int64_t id) const {
  if (id < 0 || id >= size()) {
    throw IndexError(fmt::format("Vocab: id {} is outside 0..{}", id, size() - 1));
  }
  return table_->tokens[static_cast<size_t>(id)];
}

std::vector<int64_t> Vocab::encode(std::span<const std::string> tokens) const {
  std::vector<int64_t> ids;
  ids.reserve(tokens.size());
  for (const std::string& token : tokens) ids.push_back(id(token));
  return ids;
}

std::vector<std::string> Vocab::decode(std::span<const int64_t> ids) const {
  std::vector<std::string> tokens;
  for (const int64_t id : ids) {
    if (id != kPad && id != kBos && id != kEos) tokens.push_back(token(id));
  }
  return tokens;
}

std::string Vocab::to_text() const {
  std::string text = fmt::format("{}\ntokens {}\n", kVocabTitle, size() - kSpecials);
  for (int64_t i = kSpecials; i < size(); ++i) text += escape_token(token(i)) + "\n";
  return text;
}

Vocab Vocab::from_text(std::string_view text, const std::string& name) {
  TokenFile file(text, name, kVocabTitle);
  const int64_t count = file.number("tokens", kMostWords);
  std::vector<std::string> tokens;
  std::unordered_set<std::string> seen;
  for (int64_t i = 0; i < count; ++i) {
    std::string token = std::move(file.tokens(1)[0]);
    if (is_special(token)) file.fail(fmt::format("'{}' is the name of a special token", token));
    if (!seen.insert(token).second) file.fail(fmt::format("'{}' is listed twice", token));
    tokens.push_back(std::move(token));
  }
  file.end();
  return Vocab(std::move(tokens));
}

void Vocab::save(const std::string& path) const { write_atomic(path, to_text()); }

Vocab Vocab::load(const std::string& path) { return from_text(read_text(path), path); }

}  // namespace tapehead::data
