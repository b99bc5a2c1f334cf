#include "tapehead/data/tokenizer.h"

#include <fmt/format.h>

#include <algorithm>

#include "tapehead/core/error.h"
#include "tapehead/core/file.h"
#include "tapehead/core/suggest.h"
#include "tapehead/data/detail/growth.h"
#include "tapehead/data/detail/tokenizer_impl.h"
#include "tapehead/data/text.h"

namespace tapehead::data {

using namespace tokenizing;

int64_t Tokenizer::size() const { return impl_->size; }

const std::string& Tokenizer::token(int64_t id) const {
  if (id < 0 || id >= size()) {
    throw IndexError(fmt::format("Tokenizer: id {} is outside 0..{}", id, size() - 1));
  }
  if (const AddedToken* added = impl_->added.find(id)) return added->content;
  const std::string* token = impl_->model->tokens().token(id);
  if (token == nullptr) throw IndexError(fmt::format("Tokenizer: no token has id {}", id));
  return *token;
}

bool Tokenizer::contains(std::string_view token) const {
  return impl_->added.find(token) != nullptr || impl_->model->tokens().find(token) >= 0;
}

int64_t Tokenizer::id(std::string_view token) const {
  if (const AddedToken* added = impl_->added.find(token)) return added->id;
  const int32_t id = impl_->model->tokens().find(token);
  if (id >= 0) return id;
  std::vector<std::string> names;
  for (const AddedToken& added : impl_->added.all()) names.push_back(added.content);
  const std::string meant = closest_name(token, names);
  throw ValueError(fmt::format("Tokenizer: there is no token '{}'{}", token,
                               meant.empty() ? "" : fmt::format("; did you mean '{}'?", meant)));
}

bool Tokenizer::is_special(int64_t id) const {
  const AddedToken* added = id >= 0 && id < size() ? impl_->added.find(id) : nullptr;
  return added != nullptr && added->special;
}

std::vector<int64_t> Tokenizer::encode(std::string_view text, const EncodeOptions& options) const {
  if (const int64_t bad = find_invalid_utf8(text); bad >= 0) {
    throw FormatError(fmt::format("Tokenizer::encode: not UTF-8: byte {:#04x} at offset {}",
                                  static_cast<unsigned char>(text[static_cast<size_t>(bad)]), bad));
  }
  std::vector<int64_t> ids;
  if (options.add_special_tokens) ids = impl_->surround.before;
  std::vector<Piece> pieces;
  size_t left = most_bytes(text.size());
  for (AddedTokens::Part& part : impl_->added.cut(text, impl_->normalizer)) {
    if (part.id >= 0) {
      ids.push_back(part.id);
      continue;
    }
    pieces.clear();
    pieces.push_back({std::move(part.text), part.first});
    if (impl_->pre_tokenizer) impl_->pre_tokenizer(pieces, left);
    left -= std::min(left, bytes_of(pieces));
    for (const Piece& piece : pieces) impl_->model->encode(piece.text, ids);
  }
  if (options.add_special_tokens) {
    ids.insert(ids.end(), impl_->surround.after.begin(), impl_->surround.after.end());
  }
  return ids;
}

std::string Tokenizer::decode(std::span<const int64_t> ids, const DecodeOptions& options) const {
  std::vector<DecodedToken> tokens;
  tokens.reserve(ids.size());
  for (const int64_t id : ids) {
    const std::string& text = token(id);
    if (options.skip_special_tokens && is_special(id)) continue;
    tokens.push_back({text, impl_->added.find(id) != nullptr});
  }
  if (impl_->decoder) impl_->decoder(tokens, most_bytes(bytes_of(tokens)));
  std::string text;
  for (const DecodedToken& token : tokens) {
    // Without a decoder, tokens are joined with spaces, as in the tokenizers package.
    if (!impl_->decoder && !text.empty()) text += ' ';
    text += token.text;
  }
  return text;
}

std::string Tokenizer::to_json() const {
  std::string text = impl_->description.dump({.indent = 2, .sort_keys = true});
  text.erase(text.rfind("\n}"));
  return text + ",\n  \"model\": " + impl_->model->to_json() + "\n}\n";
}

void Tokenizer::save(const std::string& folder) const {
  write_atomic(folder + "/tokenizer.json", to_json());
}

void Tokenizer::save_vocabulary(const std::string& folder) const {
  for (const auto& [name, text] : impl_->model->to_files()) {
    write_atomic(fmt::format("{}/{}", folder, name), text);
  }
}

}  // namespace tapehead::data
