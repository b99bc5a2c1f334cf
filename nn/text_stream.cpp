#include "tapehead/nn/text_stream.h"

#include <algorithm>

#include "tapehead/core/error.h"

namespace tapehead::nn {
namespace {

// How many bytes the last character lacks or may still change by: those of one that was begun, and
// those of a replacement character, in whose place a decoder puts it.
size_t unfinished_bytes(std::string_view text) {
  if (text.ends_with("\xef\xbf\xbd")) return 3;
  for (size_t back = 1; back <= std::min<size_t>(3, text.size()); ++back) {
    const auto byte = static_cast<unsigned char>(text[text.size() - back]);
    if ((byte & 0xc0) == 0x80) continue;
    const size_t wanted = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return wanted > back ? back : 0;
  }
  return 0;
}

// How long the longest end of the text is that a stop string begins with.
size_t may_become_stop(std::string_view text, const std::vector<std::string>& stop) {
  size_t longest = 0;
  for (const std::string& each : stop)
    for (size_t n = std::min(each.size() - 1, text.size()); n > longest; --n)
      if (text.ends_with(std::string_view(each).substr(0, n))) longest = n;
  return longest;
}

}  // namespace

TextStream::TextStream(Decode decode, TextStreamOptions options)
    : decode_(std::move(decode)), options_(std::move(options)) {
  for (const std::string& each : options_.stop)
    if (each.empty())
      throw ValueError(
          "text_stream: a stop string is empty, and would end every text; leave it out");
}

void TextStream::give(std::string_view text) {
  if (text.empty()) return;
  text_ += text;
  if (options_.on_text) options_.on_text(text);
}

bool TextStream::push(int64_t token) {
  if (stopped_) return false;
  tokens_.push_back(token);
  const std::string all = decode_(tokens_);
  std::string_view rest = std::string_view(all).substr(std::min(text_.size(), all.size()));
  size_t end = std::string_view::npos;
  for (const std::string& each : options_.stop) end = std::min(end, rest.find(each));
  if (end != std::string_view::npos) {
    stopped_ = true;
    give(rest.substr(0, end));
    return false;
  }
  rest.remove_suffix(unfinished_bytes(rest));
  give(rest.substr(0, rest.size() - may_become_stop(rest, options_.stop)));
  return true;
}

void TextStream::finish() {
  if (stopped_) return;
  const std::string all = decode_(tokens_);
  give(std::string_view(all).substr(std::min(text_.size(), all.size())));
}

}  // namespace tapehead::nn
