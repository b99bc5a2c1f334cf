#include "tapehead/data/detail/bpe_model.h"

#include <utf8proc.h>

#include "tapehead/data/text.h"

namespace tapehead::data::bpe {
namespace {

// Longer than words in natural text; bounds the time for other input.
constexpr size_t kLongestWord = 128;

enum class Kind { kSpace, kLetter, kDigit, kOther };

Kind kind_of(char32_t c) {
  if (c == U' ') return Kind::kSpace;
  const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(c));
  if (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_ME) return Kind::kLetter;
  if (category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO) return Kind::kDigit;
  return Kind::kOther;
}

}  // namespace

Model::Model(const BpeOptions& options) : options_(options) {
  tokens_ = {"<pad>", "<unk>", "<s>", "</s>"};
}

int32_t Model::add_token(std::string text) {
  const auto id = static_cast<int32_t>(tokens_.size());
  ids_.emplace(text, id);
  tokens_.push_back(std::move(text));
  return id;
}

bool Model::add_character(char32_t c) {
  if (characters_.contains(c)) return false;
  characters_.emplace(c, add_token(to_utf8(std::u32string_view(&c, 1))));
  return true;
}

int32_t Model::add_merge(int32_t left, int32_t right) {
  std::string text = tokens_[static_cast<size_t>(left)] + tokens_[static_cast<size_t>(right)];
  const int32_t known = find(text);
  const int32_t result = known >= 0 ? known : add_token(std::move(text));
  ranks_.emplace(pair_key(left, right), static_cast<int64_t>(merges_.size()));
  merges_.push_back({left, right, result});
  return result;
}

int32_t Model::character(char32_t c) const {
  const auto found = characters_.find(c);
  return found == characters_.end() ? static_cast<int32_t>(kUnk) : found->second;
}

int32_t Model::find(std::string_view text) const {
  const auto found = ids_.find(std::string(text));
  return found == ids_.end() ? -1 : found->second;
}

int64_t Model::rank(int32_t left, int32_t right) const {
  const auto found = ranks_.find(pair_key(left, right));
  return found == ranks_.end() ? -1 : found->second;
}

void for_each_word(std::string_view line, const BpeOptions& options,
                   const std::function<void(std::u32string_view)>& each) {
  if (line.empty()) return;
  std::u32string text = code_points(options.lower ? lower(line) : std::string(line));
  if (options.prefix_space) text.insert(text.begin(), U' ');
  size_t begin = 0;
  while (begin < text.size()) {
    size_t end = begin + 1;
    Kind kind = kind_of(text[begin]);
    // A word includes the last space before it.
    if (kind == Kind::kSpace && end < text.size()) kind = kind_of(text[end]);
    if (kind != Kind::kSpace) {
      while (end < text.size() && end - begin < kLongestWord && kind_of(text[end]) == kind) ++end;
    }
    each(std::u32string_view(text).substr(begin, end - begin));
    begin = end;
  }
}

void apply_merge(const Merge& merge, std::vector<int32_t>& symbols) {
  size_t kept = 0;
  for (size_t i = 0; i < symbols.size(); ++i, ++kept) {
    const bool here =
        i + 1 < symbols.size() && symbols[i] == merge.left && symbols[i + 1] == merge.right;
    symbols[kept] = here ? merge.result : symbols[i];
    if (here) ++i;
  }
  symbols.resize(kept);
}

}  // namespace tapehead::data::bpe
