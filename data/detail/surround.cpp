// Post-processors: the special tokens that begin and end a sequence.
#include <fmt/format.h>

#include "tapehead/data/detail/decoder.h"
#include "tapehead/data/detail/token_table.h"

namespace tapehead::data::tokenizing {
namespace {

constexpr size_t kMostSpecial = 10'000;  // a template may name a list of ids many times

void check_length(const Surround& around, const JsonView& from) {
  if (around.before.size() + around.after.size() > kMostSpecial)
    from.fail(fmt::format("it adds more than {} tokens to a text", kMostSpecial));
}

int64_t id_of_pair(const JsonView& pair) {
  const auto items = pair.items();
  if (items.size() != 2) pair.fail("must be a token and its id");
  return items[1].number(kMostTokens);
}

Surround from_template(const JsonView& from) {
  Surround out;
  bool after = false;
  for (const JsonView& piece : from.at("single").items()) {
    if (const auto sequence = piece.find("Sequence")) {
      if (after || sequence->at("id").text() != "A") {
        piece.fail("a template for a single text must contain A exactly once");
      }
      after = true;
      continue;
    }
    const JsonView name = piece.at("SpecialToken").at("id");
    const auto token = from.at("special_tokens").find(name.text());
    if (!token) name.fail(fmt::format("'{}' is not one of special_tokens", name.text()));
    for (const JsonView& id : token->at("ids").items()) {
      (after ? out.after : out.before).push_back(id.number(kMostTokens));
      check_length(out, from);
    }
  }
  if (!after) from.at("single").fail("a template for a single text must contain A exactly once");
  return out;
}

}  // namespace

Surround make_surround(const JsonView& from) {
  const JsonView type = from.at("type");
  const std::string& name = type.text();
  if (name == "ByteLevel") return {};
  if (name == "BertProcessing" || name == "RobertaProcessing") {
    return {{id_of_pair(from.at("cls"))}, {id_of_pair(from.at("sep"))}};
  }
  if (name == "TemplateProcessing") return from_template(from);
  if (name == "Sequence") {
    Surround out;  // each processor surrounds the result of the previous ones
    for (const JsonView& part : from.at("processors").items()) {
      const Surround outer = make_surround(part);
      out.before.insert(out.before.begin(), outer.before.begin(), outer.before.end());
      out.after.insert(out.after.end(), outer.after.begin(), outer.after.end());
      check_length(out, from);
    }
    return out;
  }
  type.fail(
      fmt::format("the post-processor '{}' is not supported; ByteLevel, BertProcessing, "
                  "RobertaProcessing, TemplateProcessing and Sequence are",
                  name));
}

}  // namespace tapehead::data::tokenizing
