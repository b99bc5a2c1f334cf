#include <fmt/format.h>

#include <algorithm>
#include <queue>

#include "tapehead/core/error.h"
#include "tapehead/data/detail/bpe_model.h"
#include "tapehead/data/detail/token_model.h"
#include "tapehead/data/text.h"

namespace tapehead::data::tokenizing {
namespace {

using bpe::pair_key;

constexpr size_t kCachedPieces = 1 << 16;
constexpr size_t kLongestCached = 256;

/// The length in bytes of the code point that begins with this byte of well-formed UTF-8.
size_t length_of(char lead) {
  const auto byte = static_cast<unsigned char>(lead);
  return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

/// A piece during merging: a linked list over the positions of its initial symbols.
struct Symbols {
  std::vector<int32_t> ids, previous, next;

  explicit Symbols(std::vector<int32_t> initial)
      : ids(std::move(initial)), previous(ids.size()), next(ids.size()) {
    for (size_t i = 0; i < ids.size(); ++i) {
      previous[i] = static_cast<int32_t>(i) - 1;
      next[i] = i + 1 < ids.size() ? static_cast<int32_t>(i) + 1 : -1;
    }
  }
};

struct Candidate {
  int32_t rank, place, id;
  /// The top of the heap has the lowest rank and, among equal ones, is the leftmost.
  bool operator<(const Candidate& other) const {
    return rank != other.rank ? rank > other.rank : place > other.place;
  }
};

constexpr int32_t kGone = -1;

}  // namespace

MergeModel::MergeModel(TokenTable table, MergeOptions options)
    : TokenModel(std::move(table)), options_(std::move(options)) {
  if (options_.unk_token) unk_ = tokens().find(*options_.unk_token);
}

std::string MergeModel::add_merge(std::string_view left, std::string_view right) {
  const int32_t ids[] = {tokens().find(left), tokens().find(right)};
  for (const int side : {0, 1}) {
    if (ids[side] < 0) {
      return fmt::format("the vocabulary has no '{}', which is merged here",
                         side == 0 ? left : right);
    }
  }
  const std::string& prefix = options_.continuing_subword_prefix;
  if (right.size() < prefix.size()) {
    return fmt::format("'{}' is shorter than the prefix '{}'", right, prefix);
  }
  const std::string whole = std::string(left) + std::string(right.substr(prefix.size()));
  const int32_t id = tokens().find(whole);
  if (id < 0) return fmt::format("the vocabulary has no '{}', which this merge produces", whole);
  const auto rank = static_cast<int32_t>(merges_.size());
  made_[pair_key(ids[0], ids[1])] = {rank, id};  // the last of duplicate merges is used
  merges_.emplace_back(ids[0], ids[1]);
  return "";
}

const MergeModel::Made* MergeModel::find(int32_t left, int32_t right) const {
  const auto found = made_.find(pair_key(left, right));
  return found == made_.end() ? nullptr : &found->second;
}

std::vector<int32_t> MergeModel::initial(std::string_view piece) const {
  std::vector<int32_t> ids;
  ids.reserve(piece.size());
  bool unknown = false;  // an unk that is emitted before the next known character
  const auto put_unknown = [&] {
    if (std::exchange(unknown, false)) ids.push_back(unk_);
  };
  std::string decorated;
  for (size_t at = 0; at < piece.size();) {
    const size_t length = length_of(piece[at]);
    std::string_view symbol = piece.substr(at, length);
    const bool first = at == 0, last = at + length == piece.size();
    if ((!first && !options_.continuing_subword_prefix.empty()) ||
        (last && !options_.end_of_word_suffix.empty())) {
      decorated = (first ? "" : options_.continuing_subword_prefix) + std::string(symbol) +
                  (last ? options_.end_of_word_suffix : "");
      symbol = decorated;
    }
    at += length;
    if (const int32_t id = tokens().find(symbol); id >= 0) {
      put_unknown();
      ids.push_back(id);
      continue;
    }
    if (options_.byte_fallback) {
      std::vector<int32_t> bytes;
      for (const char byte : symbol) {
        bytes.push_back(tokens().find(fmt::format("<0x{:02X}>", static_cast<unsigned char>(byte))));
      }
      if (std::find(bytes.begin(), bytes.end(), -1) == bytes.end()) {
        ids.insert(ids.end(), bytes.begin(), bytes.end());
        continue;
      }
    }
    if (!options_.unk_token) continue;  // the model has no unknown token
    if (unk_ < 0) {
      throw FormatError(fmt::format("Tokenizer: the unknown token '{}' is not in the vocabulary",
                                    *options_.unk_token));
    }
    if (!options_.fuse_unk) put_unknown();
    unknown = true;
  }
  put_unknown();
  return ids;
}

std::vector<int32_t> MergeModel::merged(std::string_view piece) const {
  if (piece.size() > INT32_MAX)
    throw ValueError(fmt::format(
        "Tokenizer::encode: a piece of {} bytes that cannot be split; encode shorter texts",
        piece.size()));
  Symbols s(initial(piece));
  std::priority_queue<Candidate> queue;
  const auto consider = [&](int32_t left) {
    if (left < 0 || s.next[static_cast<size_t>(left)] < 0) return;
    const int32_t right = s.next[static_cast<size_t>(left)];
    const Made* made = find(s.ids[static_cast<size_t>(left)], s.ids[static_cast<size_t>(right)]);
    if (made != nullptr) queue.push({made->rank, left, made->id});
  };
  for (size_t i = 0; i < s.ids.size(); ++i) consider(static_cast<int32_t>(i));
  while (!queue.empty()) {
    const Candidate top = queue.top();
    queue.pop();
    const auto at = static_cast<size_t>(top.place);
    if (s.ids[at] == kGone || s.next[at] < 0) continue;
    const auto right = static_cast<size_t>(s.next[at]);
    // A candidate is stale unless the symbols at this position still merge to the same token.
    const Made* made = find(s.ids[at], s.ids[right]);
    if (made == nullptr || made->id != top.id) continue;
    s.ids[at] = top.id;
    s.ids[right] = kGone;
    s.next[at] = s.next[right];
    if (s.next[at] >= 0) s.previous[static_cast<size_t>(s.next[at])] = top.place;
    consider(s.previous[at]);
    consider(top.place);
  }
  std::erase(s.ids, kGone);
  return std::move(s.ids);
}

void MergeModel::encode(std::string_view piece, std::vector<int64_t>& ids) const {
  if (options_.ignore_merges) {
    if (const int32_t id = tokens().find(piece); id >= 0) {
      ids.push_back(id);
      return;
    }
  }
  if (piece.size() > kLongestCached) {
    const std::vector<int32_t> found = merged(piece);
    ids.insert(ids.end(), found.begin(), found.end());
    return;
  }
  const std::lock_guard lock(mutex_);
  auto found = cache_.find(piece);
  if (found == cache_.end()) {
    if (cache_.size() >= kCachedPieces) cache_.clear();
    found = cache_.emplace(std::string(piece), merged(piece)).first;
  }
  ids.insert(ids.end(), found->second.begin(), found->second.end());
}

std::string MergeModel::to_json() const {
  const auto text_or_null = [](const std::string& text) {
    return text.empty() ? std::string("null") : json_string(text);
  };
  std::string out = fmt::format(
      "{{\n  \"type\": \"BPE\",\n  \"dropout\": null,\n  \"unk_token\": {},\n"
      "  \"continuing_subword_prefix\": {},\n  \"end_of_word_suffix\": {},\n  \"fuse_unk\": {},\n"
      "  \"byte_fallback\": {},\n  \"ignore_merges\": {},\n  \"vocab\": {},\n  \"merges\": [",
      options_.unk_token ? json_string(*options_.unk_token) : "null",
      text_or_null(options_.continuing_subword_prefix), text_or_null(options_.end_of_word_suffix),
      options_.fuse_unk, options_.byte_fallback, options_.ignore_merges, tokens().to_json());
  const char* comma = "";
  for (const auto& [left, right] : merges_) {
    out += fmt::format("{}\n    [{}, {}]", std::exchange(comma, ","),
                       json_string(*tokens().token(left)), json_string(*tokens().token(right)));
  }
  return out + "\n  ]\n}";
}

std::vector<std::pair<std::string, std::string>> MergeModel::to_files() const {
  std::string merges = "#version: 0.2\n";
  for (const auto& [left, right] : merges_) {
    const std::string& a = *tokens().token(left);
    const std::string& b = *tokens().token(right);
    if ((a + b).find_first_of(" \n\r") != std::string::npos) {
      throw FormatError(
          fmt::format("Tokenizer: the merge of '{}' and '{}' cannot be written to merges.txt; save "
                      "tokenizer.json instead",
                      a, b));
    }
    merges += fmt::format("{} {}\n", a, b);
  }
  return {{"vocab.json", tokens().to_json() + "\n"}, {"merges.txt", merges}};
}

}  // namespace tapehead::data::tokenizing
