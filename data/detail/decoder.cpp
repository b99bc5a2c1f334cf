#include "tapehead/data/detail/decoder.h"

#include <fmt/format.h>

#include <array>

#include "tapehead/data/detail/growth.h"
#include "tapehead/data/detail/normalizer.h"
#include "tapehead/data/detail/pre_tokenizer.h"
#include "tapehead/data/text.h"

namespace tapehead::data::tokenizing {
namespace {

using Tokens = std::vector<DecodedToken>;
/// A decoder that expands the text by at most a small factor.
using BoundedDecoder = std::function<void(Tokens&)>;

void fuse(Tokens& tokens) {
  std::string text;
  for (const DecodedToken& token : tokens) text += token.text;
  tokens = {{std::move(text)}};
}

/// Replaces characters by the bytes that they represent, except in added tokens, which are text.
void decode_byte_level(Tokens& tokens) {
  std::string bytes;
  for (const DecodedToken& token : tokens) {
    if (token.added || !from_byte_level(token.text, bytes)) bytes += token.text;
  }
  tokens = {{repaired_utf8(bytes)}};
}

/// The byte of a token <0x..>, or -1.
int byte_of(std::string_view token) {
  if (token.size() != 6 || !token.starts_with("<0x") || token[5] != '>') return -1;
  int byte = 0;
  for (const char c : token.substr(3, 2)) {
    const size_t digit = std::string_view("0123456789ABCDEF")
                             .find(c >= 'a' && c <= 'f' ? static_cast<char>(c - 0x20) : c);
    if (digit == std::string_view::npos) return -1;
    byte = byte * 16 + static_cast<int>(digit);
  }
  return byte;
}

/// Replaces each byte of consecutive invalid bytes by U+FFFD.
void byte_fallback(Tokens& tokens) {
  Tokens out;
  std::string bytes;
  const auto flush = [&] {
    if (bytes.empty()) return;
    if (find_invalid_utf8(bytes) >= 0) {
      for (size_t i = 0; i < bytes.size(); ++i) out.push_back({"\uFFFD"});
    } else {
      out.push_back({bytes});
    }
    bytes.clear();
  };
  for (DecodedToken& token : tokens) {
    if (const int byte = byte_of(token.text); byte >= 0) {
      bytes += static_cast<char>(byte);
    } else {
      flush();
      out.push_back(std::move(token));
    }
  }
  flush();
  tokens = std::move(out);
}

BoundedDecoder decode_metaspace(const JsonView& from) {
  const std::string mark = from.text_or("replacement", "\u2581");
  const bool prefixed = prepend_scheme(from) != Prepend::kNever;
  return [=](Tokens& tokens) {
    for (size_t i = 0; i < tokens.size(); ++i) {
      tokens[i].text = replace_all(tokens[i].text, mark, i == 0 && prefixed ? "" : " ");
    }
  };
}

/// Removes the spaces that tokenizing leaves in English text, within each token, as BERT's
/// tokenizers do.
std::string cleaned(std::string text) {
  constexpr std::array<std::pair<const char*, const char*>, 11> kTraces = {{{" .", "."},
                                                                            {" ?", "?"},
                                                                            {" !", "!"},
                                                                            {" ,", ","},
                                                                            {" ' ", "'"},
                                                                            {" n't", "n't"},
                                                                            {" 'm", "'m"},
                                                                            {" do not", " don't"},
                                                                            {" 's", "'s"},
                                                                            {" 've", "'ve"},
                                                                            {" 're", "'re"}}};
  for (const auto& [what, with] : kTraces) text = replace_all(text, what, with);
  return text;
}

BoundedDecoder decode_word_piece(const JsonView& from) {
  return [prefix = from.text_or("prefix", "##"),
          clean = from.boolean_or("cleanup", true)](Tokens& tokens) {
    for (size_t i = 0; i < tokens.size(); ++i) {
      std::string& text = tokens[i].text;
      if (i > 0 && text.starts_with(prefix)) text.erase(0, prefix.size());
      else if (i > 0) text.insert(0, " ");
      if (clean) text = cleaned(std::move(text));
    }
  };
}

BoundedDecoder strip(const JsonView& from) {
  const std::string content = from.at("content").text();
  const auto begin = from.at("start").number(1'000), end = from.at("stop").number(1'000);
  return [=](Tokens& tokens) {
    for (DecodedToken& token : tokens) {
      std::string& text = token.text;
      for (int64_t i = 0; i < begin && text.starts_with(content); ++i)
        text.erase(0, content.size());
      for (int64_t i = 0; i < end && text.ends_with(content); ++i) {
        text.resize(text.size() - content.size());
      }
    }
  };
}

/// A suffix marks the ends of words.
BoundedDecoder decode_bpe(const JsonView& from) {
  return [suffix = from.text_or("suffix", "</w>")](Tokens& tokens) {
    for (size_t i = 0; i < tokens.size(); ++i) {
      tokens[i].text = replace_all(tokens[i].text, suffix, i + 1 == tokens.size() ? "" : " ");
    }
  };
}

Decoder decode_sequence(const JsonView& from) {
  std::vector<Decoder> parts;
  for (const JsonView& part : from.at("decoders").items()) parts.push_back(make_decoder(part));
  return [parts](Tokens& tokens, size_t most) {
    for (const Decoder& part : parts) part(tokens, most);
  };
}

Decoder replace(const JsonView& from) {
  return [what = plain_pattern(from), with = from.at("content").text(), place = from.place()](
             Tokens& tokens, size_t most) {
    size_t bytes = 0;
    for (DecodedToken& token : tokens) {
      token.text = replace_all(token.text, what, with, most - bytes);
      check_growth(bytes += token.text.size(), most, place);
    }
  };
}

BoundedDecoder make_bounded_decoder(const JsonView& from) {
  const JsonView type = from.at("type");
  const std::string& name = type.text();
  if (name == "ByteLevel") return decode_byte_level;
  if (name == "WordPiece") return decode_word_piece(from);
  if (name == "Metaspace") return decode_metaspace(from);
  if (name == "ByteFallback") return byte_fallback;
  if (name == "Fuse") return fuse;
  if (name == "Strip") return strip(from);
  if (name == "BPEDecoder") return decode_bpe(from);
  type.fail(
      fmt::format("the decoder '{}' is not supported; Sequence, ByteLevel, WordPiece, "
                  "Metaspace, ByteFallback, Fuse, Strip, BPEDecoder and Replace are",
                  name));
}

}  // namespace

std::string repaired_utf8(std::string_view bytes) {
  std::string out;
  while (true) {
    const int64_t bad = find_invalid_utf8(bytes);
    if (bad < 0) return out.append(bytes);
    out.append(bytes.substr(0, static_cast<size_t>(bad))).append("\uFFFD");
    bytes.remove_prefix(static_cast<size_t>(bad));
    // A truncated character is replaced as a whole: its first byte restricts its second.
    const auto byte = [&](size_t i) {
      return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0;
    };
    const int lead = byte(0);
    const int wanted = lead >= 0xC2 && lead <= 0xDF   ? 1
                       : lead >= 0xE0 && lead <= 0xEF ? 2
                       : lead >= 0xF0 && lead <= 0xF4 ? 3
                                                      : 0;
    const int low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    const int high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    size_t size = 1;
    if (wanted > 0 && byte(1) >= low && byte(1) <= high) {
      for (size = 2; size <= static_cast<size_t>(wanted) && (byte(size) & 0xC0) == 0x80;) ++size;
    }
    bytes.remove_prefix(size);
  }
}

size_t bytes_of(const std::vector<DecodedToken>& tokens) {
  size_t bytes = 0;
  for (const DecodedToken& token : tokens) bytes += token.text.size();
  return bytes;
}

Decoder make_decoder(const JsonView& from) {
  const std::string& name = from.at("type").text();
  if (name == "Sequence") return decode_sequence(from);
  if (name == "Replace") return replace(from);
  return [decode = make_bounded_decoder(from), place = from.place()](Tokens& tokens, size_t most) {
    decode(tokens);
    check_growth(bytes_of(tokens), most, place);
  };
}

}  // namespace tapehead::data::tokenizing
