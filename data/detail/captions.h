// The words of generated captions and of their references.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace tapehead::data {

struct CaptionTokens {
  std::vector<std::vector<std::string>> hypotheses;
  std::vector<std::vector<std::vector<std::string>>> references;  // [i] are of hypothesis i
};

/// Splits captions at white space. Throws the errors of cider(), which name `op`.
CaptionTokens caption_tokens(const char* op, std::span<const std::string> hypotheses,
                             std::span<const std::vector<std::string>> references);

}  // namespace tapehead::data
