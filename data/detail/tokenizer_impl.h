// The parts of a tokenizer and their assembly.
#pragma once

#include "tapehead/data/detail/added_tokens.h"
#include "tapehead/data/detail/decoder.h"
#include "tapehead/data/detail/token_model.h"
#include "tapehead/data/tokenizer.h"

namespace tapehead::data {

struct Tokenizer::Impl {
  Json description;  // the tokenizer.json without its model
  std::unique_ptr<const tokenizing::TokenModel> model;
  tokenizing::Normalizer normalizer;  // these may be empty
  tokenizing::PreTokenizer pre_tokenizer;
  tokenizing::Decoder decoder;
  tokenizing::Surround surround;
  tokenizing::AddedTokens added;
  int64_t size = 0;

  /// A tokenizer from a model and a tokenizer.json, whose field "model" is ignored. Throws
  /// FormatError with `name` for the file.
  static Tokenizer assemble(Json description, std::unique_ptr<const tokenizing::TokenModel> model,
                            const std::string& name);
};

namespace tokenizing {

/// The entry of a token among "added_tokens".
Json special_token(const std::string& content, int64_t id);

/// The tokenizer.json of GPT-2 and of BERT, without the model. For BERT, text is surrounded by
/// [CLS] and [SEP] if the vocabulary has them.
Json gpt2_description(bool prefix_space);
struct BertDescription {
  bool lower = true, clean = true, space_cjk = true;
  std::optional<bool> strip_accents;  ///< none: same as `lower`
};
Json bert_description(const TokenTable& tokens, const BertDescription& options);

}  // namespace tokenizing
}  // namespace tapehead::data
