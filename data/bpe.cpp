#include "tapehead/data/bpe.h"

#include <fmt/format.h>

#include "tapehead/core/error.h"
#include "tapehead/data/detail/bpe_impl.h"
#include "tapehead/data/detail/splitmix.h"
#include "tapehead/data/detail/token_file.h"
#include "tapehead/data/files.h"
#include "tapehead/data/text.h"

namespace tapehead::data {
namespace {

constexpr std::string_view kBpeTitle = "tapehead bpe 1";
constexpr size_t kCachedWords = 1 << 16;

std::vector<int32_t> to_symbols(const bpe::Model& model, std::u32string_view word) {
  std::vector<int32_t> symbols;
  symbols.reserve(word.size());
  for (const char32_t c : word) symbols.push_back(model.character(c));
  return symbols;
}

/// Applies merges in order of rank, in which they were learned, until none applies.
std::vector<int32_t> segment(const bpe::Model& model, std::u32string_view word) {
  std::vector<int32_t> symbols = to_symbols(model, word);
  while (true) {
    int64_t best = -1;
    for (size_t i = 0; i + 1 < symbols.size(); ++i) {
      const int64_t rank = model.rank(symbols[i], symbols[i + 1]);
      if (rank >= 0 && (best < 0 || rank < best)) best = rank;
    }
    if (best < 0) return symbols;
    bpe::apply_merge(model.merges()[static_cast<size_t>(best)], symbols);
  }
}

/// Like segment(), but skips each possible merge in a round with probability `dropout`; ends after
/// a round without merges.
std::vector<int32_t> segment(const bpe::Model& model, std::u32string_view word, double dropout,
                             SplitMix& random) {
  std::vector<int32_t> symbols = to_symbols(model, word);
  while (true) {
    int64_t best = -1;
    size_t where = 0;
    for (size_t i = 0; i + 1 < symbols.size(); ++i) {
      const int64_t rank = model.rank(symbols[i], symbols[i + 1]);
      if (rank < 0 || random.uniform() < dropout) continue;
      if (best < 0 || rank < best) {
        best = rank;
        where = i;
      }
    }
    if (best < 0) return symbols;
    symbols[where] = model.merges()[static_cast<size_t>(best)].result;
    symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(where) + 1);
  }
}

}  // namespace

int64_t Bpe::size() const { return static_cast<int64_t>(impl_->model.tokens().size()); }

const std::string& Bpe::token(int64_t id) const {
  if (id < 0 || id >= size()) {
    throw IndexError(fmt::format("Bpe: id {} is outside 0..{}", id, size() - 1));
  }
  return impl_->model.tokens()[static_cast<size_t>(id)];
}

std::vector<int64_t> Bpe::encode(std::string_view text) const {
  std::vector<int64_t> ids;
  const std::lock_guard lock(impl_->mutex);
  bpe::for_each_word(text, impl_->model.options(), [&](std::u32string_view word) {
    std::u32string key(word);
    auto found = impl_->cache.find(key);
    if (found == impl_->cache.end()) {
      if (impl_->cache.size() >= kCachedWords) impl_->cache.clear();
      found = impl_->cache.emplace(std::move(key), segment(impl_->model, word)).first;
    }
    ids.insert(ids.end(), found->second.begin(), found->second.end());
  });
  return ids;
}

std::vector<int64_t> Bpe::encode(std::string_view text, double dropout, uint64_t seed) const {
  if (!(dropout >= 0 && dropout <= 1)) {
    throw ValueError(fmt::format("Bpe::encode: dropout is {}; it must be within 0..1", dropout));
  }
  std::vector<int64_t> ids;
  SplitMix random(seed);
  bpe::for_each_word(text, impl_->model.options(), [&](std::u32string_view word) {
    const std::vector<int32_t> symbols = segment(impl_->model, word, dropout, random);
    ids.insert(ids.end(), symbols.begin(), symbols.end());
  });
  return ids;
}

std::string Bpe::decode(std::span<const int64_t> ids) const {
  std::string text;
  for (const int64_t id : ids) {
    if (id == kPad || id == kBos || id == kEos) continue;
    text += id == kUnk ? "\uFFFD" : token(id);
  }
  if (impl_->model.options().prefix_space && text.starts_with(' ')) text.erase(0, 1);
  return text;
}

std::string Bpe::to_text() const {
  const bpe::Model& model = impl_->model;
  const auto& tokens = model.tokens();
  std::string text =
      fmt::format("{}\nlower {:d}\nprefix_space {:d}\ncharacters {}\n", kBpeTitle,
                  model.options().lower, model.options().prefix_space, model.character_count());
  const size_t characters_end = static_cast<size_t>(kSpecials + model.character_count());
  for (size_t i = kSpecials; i < characters_end; ++i) text += escape_token(tokens[i]) + "\n";
  text += fmt::format("merges {}\n", model.merges().size());
  for (const bpe::Merge& merge : model.merges()) {
    text += escape_token(tokens[static_cast<size_t>(merge.left)]) + " " +
            escape_token(tokens[static_cast<size_t>(merge.right)]) + "\n";
  }
  return text;
}

Bpe Bpe::from_text(std::string_view text, const std::string& name) {
  TokenFile file(text, name, kBpeTitle);
  Options options;
  options.lower = file.number("lower", 1) == 1;
  options.prefix_space = file.number("prefix_space", 1) == 1;
  bpe::Model model(options);
  const int64_t characters = file.number("characters", 0x110000);
  for (int64_t i = 0; i < characters; ++i) {
    const std::string token = file.tokens(1)[0];
    const std::u32string c = code_points(token);
    if (c.size() != 1) file.fail(fmt::format("'{}' is not one character", token));
    if (!model.add_character(c[0])) file.fail(fmt::format("'{}' is listed twice", token));
  }
  const int64_t merges = file.number("merges", bpe::kMostMerges);
  for (int64_t i = 0; i < merges; ++i) {
    int32_t ids[2];
    const std::vector<std::string> pair = file.tokens(2);
    for (const size_t side : {0, 1}) {
      ids[side] = model.find(pair[side]);
      if (ids[side] < 0) {
        file.fail(fmt::format("'{}' is neither a character nor made by an earlier merge",
                              escape_token(pair[side])));
      }
    }
    if (model.rank(ids[0], ids[1]) >= 0) file.fail("this merge is listed twice");
    model.add_merge(ids[0], ids[1]);
  }
  file.end();
  return Bpe(std::make_shared<Impl>(std::move(model)));
}

void Bpe::save(const std::string& path) const { write_atomic(path, to_text()); }

Bpe Bpe::load(const std::string& path) { return from_text(read_text(path), path); }

}  // namespace tapehead::data
