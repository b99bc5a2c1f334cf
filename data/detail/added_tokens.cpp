#include "tapehead/data/detail/added_tokens.h"

#include <fmt/format.h>

#include <algorithm>

#include "tapehead/data/detail/growth.h"
#include "tapehead/data/detail/unicode_classes.h"

namespace tapehead::data::tokenizing {
namespace {

constexpr size_t kLongest = 1000;  // matching tries each token at each position

/// The last code point before `end`, which begins at *begin; 0 at the start of the text.
char32_t before(std::string_view text, size_t end, size_t* begin) {
  *begin = end;
  if (end == 0) return 0;
  do --*begin;
  while ((static_cast<unsigned char>(text[*begin]) & 0xC0) == 0x80);
  return code_points(text.substr(*begin, end - *begin))[0];
}

/// The code point at `begin`, which ends at *end; 0 at the end of the text.
char32_t after(std::string_view text, size_t begin, size_t* end) {
  *end = begin;
  if (begin == text.size()) return 0;
  do ++*end;
  while (*end < text.size() && (static_cast<unsigned char>(text[*end]) & 0xC0) == 0x80);
  return code_points(text.substr(begin, *end - begin))[0];
}

bool in_a_word(std::string_view text, size_t begin, size_t end) {
  size_t ignored = 0;
  return unicode::is_word(before(text, begin, &ignored)) ||
         unicode::is_word(after(text, end, &ignored));
}

size_t without_space_before(std::string_view text, size_t begin, size_t from) {
  size_t at = 0;
  while (begin > from && unicode::is_white_space(before(text, begin, &at))) begin = at;
  return begin;
}

size_t with_space_after(std::string_view text, size_t end) {
  size_t at = 0;
  while (end < text.size() && unicode::is_white_space(after(text, end, &at))) end = at;
  return end;
}

}  // namespace

AddedTokens::AddedTokens(const JsonView& from, const TokenTable& model,
                         const Normalizer& normalizer) {
  for (const JsonView& token : from.items()) add(token, model);
  // If two tokens are equal after normalization, the special one matches.
  for (const bool special : {true, false}) {
    for (size_t i = 0; i < tokens_.size(); ++i) {
      const AddedToken& token = tokens_[i];
      if (token.special != special) continue;
      if (!token.normalized) raw_.add(token.content, i);
      else
        normalized_.add(normalizer ? normalizer(token.content, most_bytes(token.content.size()))
                                   : token.content,
                        i);
    }
  }
}

void AddedTokens::add(const JsonView& from, const TokenTable& model) {
  AddedToken token;
  token.content = from.at("content").text();
  token.id = static_cast<int32_t>(from.at("id").number(kMostTokens));
  token.special = from.boolean_or("special", false);
  token.single_word = from.boolean_or("single_word", false);
  token.lstrip = from.boolean_or("lstrip", false);
  token.rstrip = from.boolean_or("rstrip", false);
  token.normalized = from.boolean_or("normalized", !token.special);
  if (token.content.empty()) from.fail("the content is empty");
  if (token.content.size() > kLongest)
    from.fail(fmt::format("a content of {} bytes; at most {} are supported", token.content.size(),
                          kLongest));
  if (find(token.content) != nullptr) {
    from.fail(fmt::format("'{}' is added twice", token.content));
  }
  const int32_t of_model = model.find(token.content);
  if (of_model >= 0 && of_model != token.id) {
    from.fail(fmt::format("'{}' has id {} here and {} in the vocabulary", token.content, token.id,
                          of_model));
  }
  const std::string* there = of_model < 0 ? model.token(token.id) : nullptr;
  if (there == nullptr && find(token.id) != nullptr) there = &find(token.id)->content;
  if (there != nullptr) {
    from.fail(fmt::format("'{}' has the id of '{}', {}", token.content, *there, token.id));
  }
  by_id_.emplace(token.id, tokens_.size());
  by_content_.emplace(token.content, tokens_.size());
  tokens_.push_back(std::move(token));
}

std::vector<AddedTokens::Part> AddedTokens::cut_at(std::string_view text,
                                                   const Finder& finder) const {
  std::vector<Part> parts;
  const auto put = [&](size_t begin, size_t end, int32_t id) {
    if (begin < end)
      parts.push_back({std::string(text.substr(begin, end - begin)), id, begin == 0});
  };
  size_t done = 0;
  Finder::Match match{};
  for (size_t at = 0; finder.next(text, at, &match); at = match.end) {
    const AddedToken& token = tokens_[match.token];
    if (token.single_word && in_a_word(text, match.begin, match.end)) continue;
    size_t begin = match.begin, end = match.end;
    if (token.lstrip) begin = without_space_before(text, begin, done);
    if (token.rstrip) end = with_space_after(text, end);
    put(done, begin, -1);
    put(begin, end, token.id);
    done = end;
  }
  put(done, text.size(), -1);
  return parts;
}

std::vector<AddedTokens::Part> AddedTokens::cut(std::string_view text,
                                                const Normalizer& normalizer) const {
  std::vector<Part> out;
  size_t left = most_bytes(text.size());
  for (Part& part : cut_at(text, raw_)) {
    if (part.id >= 0) {
      out.push_back(std::move(part));
      continue;
    }
    const std::string normalized = normalizer ? normalizer(part.text, left) : part.text;
    left -= normalized.size();
    for (Part& piece : cut_at(normalized, normalized_)) {
      piece.first = piece.first && part.first;
      out.push_back(std::move(piece));
    }
  }
  return out;
}

const AddedToken* AddedTokens::find(int64_t id) const {
  const auto found = by_id_.find(static_cast<int32_t>(id));
  return found == by_id_.end() ? nullptr : &tokens_[found->second];
}

const AddedToken* AddedTokens::find(std::string_view content) const {
  const auto found = by_content_.find(content);
  return found == by_content_.end() ? nullptr : &tokens_[found->second];
}

int32_t AddedTokens::Finder::child(int32_t node, unsigned char byte) const {
  const auto& children = nodes_[static_cast<size_t>(node)].children;
  const auto at = std::lower_bound(children.begin(), children.end(), byte,
                                   [](const auto& c, unsigned char b) { return c.first < b; });
  return at == children.end() || at->first != byte ? -1 : at->second;
}

void AddedTokens::Finder::add(std::string_view pattern, size_t token) {
  if (pattern.empty()) return;  // normalized away
  begins_[static_cast<unsigned char>(pattern[0])] = true;
  int32_t node = 0;
  for (const char c : pattern) {
    const auto byte = static_cast<unsigned char>(c);
    int32_t next = child(node, byte);
    if (next < 0) {
      next = static_cast<int32_t>(nodes_.size());
      nodes_.emplace_back();
      auto& children = nodes_[static_cast<size_t>(node)].children;
      children.emplace_back(byte, next);
      std::sort(children.begin(), children.end());
    }
    node = next;
  }
  int32_t& found = nodes_[static_cast<size_t>(node)].token;
  if (found < 0) found = static_cast<int32_t>(token);
}

bool AddedTokens::Finder::next(std::string_view text, size_t from, Match* match) const {
  for (size_t begin = from; begin < text.size(); ++begin) {
    if (!begins_[static_cast<unsigned char>(text[begin])]) continue;
    int32_t node = 0, found = -1;
    for (size_t at = begin; at < text.size(); ++at) {
      node = child(node, static_cast<unsigned char>(text[at]));
      if (node < 0) break;
      if (const int32_t token = nodes_[static_cast<size_t>(node)].token; token >= 0) {
        found = token;
        match->end = at + 1;
      }
    }
    if (found < 0) continue;
    match->begin = begin;
    match->token = static_cast<size_t>(found);
    return true;
  }
  return false;
}

}  // namespace tapehead::data::tokenizing
