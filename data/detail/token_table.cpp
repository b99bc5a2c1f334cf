#include "tapehead/data/detail/token_table.h"

#include <fmt/format.h>

namespace tapehead::data::tokenizing {

TokenTable::TokenTable(const JsonView& vocab) {
  if (!vocab.json().is_object()) vocab.fail("must be an object of tokens and their ids");
  ids_.reserve(vocab.json().size());
  for (const auto& [token, id] : vocab.fields()) {
    const auto at = static_cast<size_t>(id.number(kMostTokens));
    if (at >= tokens_.size()) tokens_.resize(at + 1, nullptr);
    if (tokens_[at] != nullptr) {
      vocab.fail(fmt::format("'{}' and '{}' have the same id, {}", *tokens_[at], token, at));
    }
    tokens_[at] = &ids_.emplace(token, static_cast<int32_t>(at)).first->first;
  }
}

int32_t TokenTable::add(std::string token) {
  const auto id = static_cast<int32_t>(tokens_.size());
  const auto [place, fresh] = ids_.emplace(std::move(token), id);
  if (!fresh) return -1;
  tokens_.push_back(&place->first);
  return id;
}

int32_t TokenTable::find(std::string_view token) const {
  const auto found = ids_.find(token);
  return found == ids_.end() ? -1 : found->second;
}

const std::string* TokenTable::token(int64_t id) const {
  return id >= 0 && id < size() ? tokens_[static_cast<size_t>(id)] : nullptr;
}

std::string TokenTable::to_json() const {
  std::string out = "{";
  for (size_t id = 0; id < tokens_.size(); ++id) {
    if (tokens_[id] == nullptr) continue;
    if (out.size() > 1) out += ",";
    out += fmt::format("\n    {}: {}", json_string(*tokens_[id]), id);
  }
  return out + "\n  }";
}

std::string json_string(std::string_view text) { return Json(text).dump(); }

}  // namespace tapehead::data::tokenizing
