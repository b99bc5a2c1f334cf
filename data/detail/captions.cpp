#include "tapehead/data/detail/captions.h"

#include <fmt/format.h>

#include "tapehead/core/error.h"
#include "tapehead/data/detail/score_texts.h"

namespace tapehead::data {

CaptionTokens caption_tokens(const char* op, std::span<const std::string> hypotheses,
                             std::span<const std::vector<std::string>> references) {
  if (hypotheses.size() != references.size())
    throw ValueError(
        fmt::format("{}: {} hypotheses, {} sets of references; each needs one of the other", op,
                    hypotheses.size(), references.size()));
  if (hypotheses.empty())
    throw ValueError(fmt::format("{}: there are no hypotheses; pass at least one caption", op));
  CaptionTokens out;
  for (size_t i = 0; i < hypotheses.size(); ++i) {
    if (references[i].empty())
      throw ValueError(
          fmt::format("{}: hypothesis {} has no references; pass at least one", op, i));
    check_utf8(op, hypotheses[i], "hypothesis", i);
    out.hypotheses.push_back(tokens_between_spaces(hypotheses[i]));
    out.references.emplace_back();
    for (const std::string& reference : references[i]) {
      check_utf8(op, reference, "a reference of hypothesis", i);
      out.references.back().push_back(tokens_between_spaces(reference));
    }
  }
  return out;
}

}  // namespace tapehead::data
