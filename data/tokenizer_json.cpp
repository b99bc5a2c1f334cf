// Reads tokenizer.json.
#include <fmt/format.h>

#include "tapehead/data/detail/tokenizer_impl.h"

namespace tapehead::data {
namespace tokenizing {
namespace {

/// Reads a merge, "a b" or ["a", "b"]; both formats are in use.
std::pair<std::string, std::string> merge_of(const JsonView& from) {
  if (from.is_array()) {
    const auto sides = from.items();
    if (sides.size() != 2) from.fail("a merge is of two tokens");
    return {sides[0].text(), sides[1].text()};
  }
  const std::string& text = from.text();
  const size_t space = text.find(' ');
  const bool two = space != std::string::npos && space > 0 && space + 1 < text.size() &&
                   text.find(' ', space + 1) == std::string::npos;
  if (!two) from.fail(fmt::format("'{}' is not two tokens with a space between", text));
  return {text.substr(0, space), text.substr(space + 1)};
}

std::unique_ptr<TokenModel> merge_model(const JsonView& from) {
  if (const auto dropout = from.find("dropout")) {
    if (dropout->json() != 0.0)
      dropout->fail("encoding at random is not supported; set it to null");
  }
  MergeOptions options;
  if (const auto unk = from.find("unk_token")) options.unk_token = unk->text();
  options.continuing_subword_prefix = from.text_or("continuing_subword_prefix", "");
  options.end_of_word_suffix = from.text_or("end_of_word_suffix", "");
  options.fuse_unk = from.boolean_or("fuse_unk", false);
  options.byte_fallback = from.boolean_or("byte_fallback", false);
  options.ignore_merges = from.boolean_or("ignore_merges", false);
  auto model = std::make_unique<MergeModel>(TokenTable(from.at("vocab")), std::move(options));
  for (const JsonView& merge : from.at("merges").items()) {
    const auto [left, right] = merge_of(merge);
    const std::string wrong = model->add_merge(left, right);
    if (!wrong.empty()) merge.fail(wrong);
  }
  return model;
}

/// Reads a vocabulary, which must contain the unknown token.
TokenTable table_with(const std::string& unk_token, const JsonView& vocab) {
  TokenTable tokens(vocab);
  if (tokens.find(unk_token) < 0) {
    vocab.fail(fmt::format("the unknown token, '{}', is missing", unk_token));
  }
  return tokens;
}

std::unique_ptr<TokenModel> word_level_model(const JsonView& from) {
  const std::string unk = from.text_or("unk_token", "<unk>");
  return std::make_unique<WordLevelModel>(table_with(unk, from.at("vocab")), unk);
}

std::unique_ptr<TokenModel> word_piece_model(const JsonView& from) {
  WordPieceOptions options;
  options.unk_token = from.text_or("unk_token", "[UNK]");
  options.prefix = from.text_or("continuing_subword_prefix", "##");
  if (const auto longest = from.find("max_input_chars_per_word")) {
    options.longest_word = longest->number(1'000'000);
  }
  TokenTable tokens = table_with(options.unk_token, from.at("vocab"));
  return std::make_unique<WordPieceModel>(std::move(tokens), std::move(options));
}

}  // namespace

std::unique_ptr<TokenModel> make_model(const JsonView& from) {
  // Older files do not have the type, which is inferred from other fields.
  const auto type = from.find("type");
  const std::string name = type ? type->text() : from.find("merges") ? "BPE" : "WordPiece";
  if (name == "BPE") return merge_model(from);
  if (name == "WordPiece") return word_piece_model(from);
  if (name == "WordLevel") return word_level_model(from);
  type->fail(
      fmt::format("the model '{}' is not supported; BPE, WordPiece and WordLevel are", name));
}

}  // namespace tokenizing

using namespace tokenizing;

Tokenizer Tokenizer::Impl::assemble(Json description, std::unique_ptr<const TokenModel> model,
                                    const std::string& name) {
  auto impl = std::make_shared<Impl>();
  description.erase("model");
  impl->description = std::move(description);
  impl->model = std::move(model);
  const JsonView root(impl->description, name);
  if (const auto part = root.find("normalizer")) impl->normalizer = make_normalizer(*part);
  if (const auto part = root.find("pre_tokenizer")) impl->pre_tokenizer = make_pre_tokenizer(*part);
  if (const auto part = root.find("decoder")) impl->decoder = make_decoder(*part);
  if (const auto part = root.find("added_tokens")) {
    impl->added = AddedTokens(*part, impl->model->tokens(), impl->normalizer);
  }
  impl->size = impl->model->tokens().size();
  for (const AddedToken& token : impl->added.all()) {
    impl->size = std::max<int64_t>(impl->size, token.id + 1);
  }
  if (const auto part = root.find("post_processor")) {
    impl->surround = make_surround(*part);
    for (const auto* ids : {&impl->surround.before, &impl->surround.after}) {
      for (const int64_t id : *ids) {
        if (id >= impl->size) {
          part->fail(fmt::format("id {} is outside the vocabulary, 0..{}", id, impl->size - 1));
        }
      }
    }
  }
  return Tokenizer(std::move(impl));
}

Tokenizer Tokenizer::from_json(std::string_view json, const std::string& name) {
  Json root = parse_json(json, name);
  std::unique_ptr<TokenModel> model = make_model(JsonView(root, name).at("model"));
  return Impl::assemble(std::move(root), std::move(model), name);
}

}  // namespace tapehead::data
