#include "tapehead/data/text_stream.h"

#include <algorithm>

#include "tapehead/core/error.h"

namespace tapehead::data {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

// The number of last tokens and bytes that determine the decoding of further tokens.
constexpr size_t kContext = 6, kContextBytes = 16;
constexpr size_t kLimit = 16;

// The number of bytes at the end that may still change: those of an incomplete character, and
// replacement characters, one or more of which a decoder emits for an incomplete character.
size_t unfinished_bytes(std::string_view text) {
  size_t replaced = 0;
  for (size_t i = 0; i < 3 && text.ends_with(kReplacement); ++i) {
    text.remove_suffix(kReplacement.size());
    replaced += kReplacement.size();
  }
  if (replaced > 0) return replaced;
  for (size_t back = 1; back <= std::min<size_t>(3, text.size()); ++back) {
    const auto byte = static_cast<unsigned char>(text[text.size() - back]);
    if ((byte & 0xc0) == 0x80) continue;
    const size_t wanted = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return wanted > back ? back : 0;
  }
  return 0;
}

// The length of the common prefix in bytes, in whole characters.
size_t common_bytes(std::string_view a, std::string_view b) {
  const size_t most = std::min(a.size(), b.size());
  auto n = static_cast<size_t>(
      std::mismatch(a.begin(), a.begin() + static_cast<int64_t>(most), b.begin()).first -
      a.begin());
  while (n > 0 && n < a.size() && (static_cast<unsigned char>(a[n]) & 0xc0) == 0x80) --n;
  return n;
}

// The length of the longest suffix of the text that is a prefix of a stop string.
size_t may_become_stop(std::string_view text, const std::vector<std::string>& stop) {
  size_t longest = 0;
  for (const std::string& each : stop)
    for (size_t n = std::min(each.size() - 1, text.size()); n > longest; --n)
      if (text.ends_with(std::string_view(each).substr(0, n))) longest = n;
  return longest;
}

}  // namespace

TextStream::TextStream(Decode decode, TextStreamOptions options)
    : decode_(std::move(decode)), options_(std::move(options)), limit_(kLimit) {
  for (const std::string& each : options_.stop)
    if (each.empty())
      throw ValueError("text_stream: a stop string is empty and would end every text; remove it");
}

void TextStream::give(std::string_view text) {
  if (text.empty()) return;
  text_ += text;
  given_ += text;
  if (options_.on_text) options_.on_text(text);
}

// The part of the text of tokens_ that was not emitted yet.
std::string_view TextStream::not_given(const std::string& text) {
  // A decoder may change earlier text when invalid bytes follow.
  if (!text.starts_with(given_)) given_.resize(common_bytes(text, given_));
  return std::string_view(text).substr(given_.size());
}

// Drops the first of tokens_ if this does not change the emitted text.
void TextStream::forget(std::string_view text) {
  if (tokens_.size() < limit_) return;
  for (size_t n = kContext; n <= tokens_.size() / 2; n += 1 + n / 16) {
    const auto first = tokens_.end() - static_cast<int64_t>(n);
    const std::string shorter = decode_({first, tokens_.end()});
    if (shorter.size() < kContextBytes || !text.ends_with(shorter)) continue;
    const size_t dropped = text.size() - shorter.size();
    if (dropped > given_.size()) continue;
    tokens_.erase(tokens_.begin(), first);
    given_.erase(0, dropped);
    limit_ = std::max(kLimit, 2 * n);
    return;
  }
  limit_ = 2 * tokens_.size();
}

bool TextStream::push(int64_t token) {
  if (stopped_) return false;
  tokens_.push_back(token);
  const std::string text = decode_(tokens_);
  // If the bytes of characters arrive separately, an incomplete one may temporarily change those
  // before it.
  if (!text.starts_with(given_) && text.ends_with(kReplacement)) return true;
  std::string_view rest = not_given(text);
  size_t end = std::string_view::npos;
  for (const std::string& each : options_.stop) end = std::min(end, rest.find(each));
  if (end != std::string_view::npos) {
    stopped_ = true;
    give(rest.substr(0, end));
    return false;
  }
  rest.remove_suffix(unfinished_bytes(rest));
  give(rest.substr(0, rest.size() - may_become_stop(rest, options_.stop)));
  forget(text);
  return true;
}

void TextStream::finish() {
  if (stopped_) return;
  const std::string text = decode_(tokens_);
  give(not_given(text));
}

}  // namespace tapehead::data
