#include <fmt/format.h>

#include <algorithm>

#include "tapehead/core/error.h"
#include "tapehead/data/detail/token_model.h"
#include "tapehead/data/text.h"

namespace tapehead::data::tokenizing {

WordPieceModel::WordPieceModel(TokenTable table, WordPieceOptions options)
    : TokenModel(std::move(table)),
      options_(std::move(options)),
      unk_(tokens().find(options_.unk_token)) {
  for (int64_t id = 0; id < tokens().size(); ++id) {
    if (const std::string* token = tokens().token(id)) longest_ = std::max(longest_, token->size());
  }
}

void WordPieceModel::encode(std::string_view piece, std::vector<int64_t>& ids) const {
  std::vector<size_t> starts;  // of the characters, in bytes
  for (size_t i = 0; i < piece.size(); ++i) {
    if ((static_cast<unsigned char>(piece[i]) & 0xC0) != 0x80) starts.push_back(i);
  }
  if (static_cast<int64_t>(starts.size()) > options_.longest_word) {
    ids.push_back(unk_);
    return;
  }
  starts.push_back(piece.size());
  const size_t before = ids.size(), end = starts.size() - 1;
  std::string candidate;
  for (size_t begin = 0; begin < end;) {
    int32_t id = -1;
    // Substrings longer than every token need not be looked up.
    const auto beyond = std::upper_bound(starts.begin() + static_cast<std::ptrdiff_t>(begin),
                                         starts.end(), starts[begin] + longest_);
    size_t stop = std::min(end, static_cast<size_t>(beyond - starts.begin()));
    for (; stop > begin && id < 0; --stop) {
      candidate = begin == 0 ? "" : options_.prefix;
      candidate += piece.substr(starts[begin], starts[stop] - starts[begin]);
      id = tokens().find(candidate);
    }
    if (id < 0) {
      ids.resize(before);
      ids.push_back(unk_);
      return;
    }
    ids.push_back(id);
    begin = stop + 1;
  }
}

std::string WordPieceModel::to_json() const {
  return fmt::format(
      "{{\n  \"type\": \"WordPiece\",\n  \"unk_token\": {},\n  \"continuing_subword_prefix\": {},\n"
      "  \"max_input_chars_per_word\": {},\n  \"vocab\": {}\n}}",
      json_string(options_.unk_token), json_string(options_.prefix), options_.longest_word,
      tokens().to_json());
}

std::vector<std::pair<std::string, std::string>> WordPieceModel::to_files() const {
  std::string text;
  for (int64_t id = 0; id < tokens().size(); ++id) {
    const std::string* token = tokens().token(id);
    if (token == nullptr || token->find_first_of("\r\n") != std::string::npos) {
      throw FormatError(fmt::format(
          "Tokenizer: id {} cannot be written to vocab.txt; save tokenizer.json instead", id));
    }
    text += *token + "\n";
  }
  return {{"vocab.txt", text}};
}

}  // namespace tapehead::data::tokenizing
