#include <fmt/format.h>

#include "tapehead/data/detail/token_model.h"

namespace tapehead::data::tokenizing {

WordLevelModel::WordLevelModel(TokenTable table, std::string unk_token)
    : TokenModel(std::move(table)),
      unk_token_(std::move(unk_token)),
      unk_(tokens().find(unk_token_)) {}

void WordLevelModel::encode(std::string_view piece, std::vector<int64_t>& ids) const {
  const int32_t id = tokens().find(piece);
  ids.push_back(id >= 0 ? id : unk_);
}

std::string WordLevelModel::to_json() const {
  return fmt::format("{{\n  \"type\": \"WordLevel\",\n  \"vocab\": {},\n  \"unk_token\": {}\n}}",
                     tokens().to_json(), json_string(unk_token_));
}

std::vector<std::pair<std::string, std::string>> WordLevelModel::to_files() const {
  return {{"vocab.json", tokens().to_json() + "\n"}};
}

}  // namespace tapehead::data::tokenizing
