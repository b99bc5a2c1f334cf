// Tokenizers of pretrained Hugging Face models, with identical ids.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tapehead::data {

struct EncodeOptions {
  bool add_special_tokens = true;  ///< add the model's special tokens, such as [CLS] and [SEP]
};
struct DecodeOptions {
  bool skip_special_tokens = false;  ///< leave out tokens such as [CLS]
};

struct BpeTrainOptions {
  int64_t size = 8000;    ///< maximum number of tokens, including special tokens and 256 bytes
  int64_t min_count = 2;  ///< minimum number of occurrences of a pair to be merged
  std::vector<std::string> special = {
      "<|endoftext|>"};  ///< special tokens, which get the first ids
};

struct WordPieceTrainOptions {
  int64_t size = 8000;      ///< maximum number of tokens, including special tokens and characters
  int64_t min_count = 2;    ///< minimum number of occurrences of a pair to be merged
  int64_t alphabet = 1000;  ///< maximum number of characters; words with rarer ones are unknown
  bool lower = true;        ///< convert to lower case and strip accents
};

/// A tokenizer as described by tokenizer.json: normalizer, pre-tokenizer, BPE or WordPiece model,
/// post-processor with special tokens, decoder. Produces the ids of Hugging Face's `tokenizers`
/// package. Immutable and thread-safe; copies are cheap.
///
///   auto tokenizer = data::Tokenizer::load("gpt2");  // a folder
///   std::vector<int64_t> ids = tokenizer.encode("Hello world");
///   std::string text = tokenizer.decode(ids);
///
/// For your own data see also Bpe and Vocab, which need no tokenizer files.
/// Example: data::Tokenizer::train_bpe(std::vector<std::string>{"low low lower"}, {.size =
///     260}).encode("low lower")  // [258, 259, 69, 82]
class Tokenizer {
 public:
  /// Loads a tokenizer from a folder, from the first of these files that exist:
  ///   tokenizer.json, with a BPE, WordPiece or WordLevel model;
  ///   vocab.json and merges.txt, as for GPT-2 and RoBERTa: <|endoftext|> is special;
  ///   vocab.txt, as for BERT: text is lower-cased and surrounded by [CLS] and [SEP].
  /// The latter two read options and further special tokens from tokenizer_config.json,
  /// special_tokens_map.json and added_tokens.json, if present. `path` may also be that of a
  /// tokenizer.json. Truncation and padding are ignored; they are up to batching.
  ///
  /// Throws IoError, and FormatError with the file and the position in it, including for
  /// unsupported components, duplicate ids, and merges of tokens that are not in the vocabulary. To
  /// load a file beyond the default limits of read_text(), read it with other limits and call
  /// from_json().
  static Tokenizer load(const std::string& path);
  /// Loads a tokenizer from the text of a tokenizer.json; `name` stands for the file in errors.
  static Tokenizer from_json(std::string_view json, const std::string& name);

  /// Trains a byte-level BPE tokenizer (Radford et al. 2019) with GPT-2's pre-tokenizer: the 256
  /// bytes, then merges of the most frequent pairs, with ties broken by ids. It can encode any
  /// text, and decoding is the exact inverse. Throws ValueError for options out of range,
  /// FormatError for lines that are not UTF-8.
  static Tokenizer train_bpe(std::span<const std::string> lines,
                             const BpeTrainOptions& options = {});
  /// Trains a WordPiece vocabulary for BERT: [PAD], [UNK], [CLS], [SEP] and [MASK], the characters,
  /// also as ##continuations, and the results of BPE merges of the words. Encoding uses the longest
  /// matches. Throws as train_bpe().
  static Tokenizer train_word_piece(std::span<const std::string> lines,
                                    const WordPieceTrainOptions& options = {});

  /// One more than the largest id: the required number of rows of an embedding.
  int64_t size() const;
  /// The token of an id, as spelled in the vocabulary ("Ġthe", "##ing"). Throws IndexError if there
  /// is none.
  const std::string& token(int64_t id) const;
  /// The id of a token, such as "[MASK]". Throws ValueError, with a suggestion, if there is none.
  int64_t id(std::string_view token) const;
  bool contains(std::string_view token) const;
  /// Whether the id is that of a special token.
  bool is_special(int64_t id) const;

  /// Encodes a text. Throws FormatError if the text is not UTF-8, or if the rules of a
  /// tokenizer.json expand it to more than 64 times its length plus 4096 bytes, which repeated
  /// replacements could. decode() has the same limit.
  std::vector<int64_t> encode(std::string_view text, const EncodeOptions& options = {}) const;
  /// Decodes ids. The exact inverse of encode(text, {.add_special_tokens = false}) for a byte-level
  /// tokenizer without prefix space, normalizer and added tokens that strip white space. Invalid
  /// UTF-8 is replaced by U+FFFD. Throws IndexError for an unknown id.
  std::string decode(std::span<const int64_t> ids, const DecodeOptions& options = {}) const;

  /// Writes tokenizer.json to an existing folder, for load() and for the tokenizers package. Throws
  /// IoError.
  void save(const std::string& folder) const;
  /// Writes the vocabulary files of the model: vocab.json and merges.txt, or vocab.txt. They do not
  /// contain the pre-tokenizer and special tokens. Throws IoError, and FormatError for a token that
  /// these formats cannot represent.
  void save_vocabulary(const std::string& folder) const;
  /// The contents of tokenizer.json, as written by save().
  std::string to_json() const;

  struct Impl;

 private:
  explicit Tokenizer(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

}  // namespace tapehead::data
