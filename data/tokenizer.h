// Tokenizers of pretrained models: Hugging Face's folders, with exactly their ids.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tapehead::data {

struct EncodeOptions {
  bool add_special_tokens =
      true;  ///< those that the model wants around a text, [CLS] and [SEP] say
};
struct DecodeOptions {
  bool skip_special_tokens = false;
};

struct BpeTrainOptions {
  int64_t size = 8000;    ///< the most tokens, special ones and 256 bytes included
  int64_t min_count = 2;  ///< a pair that occurs less often is not merged
  std::vector<std::string> special = {"<|endoftext|>"};  ///< these get the first ids
};

struct WordPieceTrainOptions {
  int64_t size = 8000;      ///< the most tokens, special ones and characters included
  int64_t min_count = 2;    ///< a pair that occurs less often is not merged
  int64_t alphabet = 1000;  ///< the most characters, the commonest; words with others are unknown
  bool lower = true;        ///< lower case and no accents
};

/// A tokenizer as tokenizer.json describes one: normalizer, cutting into pieces, a model of byte
/// pair encoding or WordPiece, special tokens around the text, decoder. Gives the ids of Hugging
/// Face's `tokenizers` package. Immutable and safe to use from several threads; copies are cheap.
///
///   auto tokenizer = data::Tokenizer::load("gpt2");  // a folder
///   std::vector<int64_t> ids = tokenizer.encode("Hello world");
///   std::string text = tokenizer.decode(ids);
///
/// For your own data see also Bpe and Vocab, which need no tokenizer files.
class Tokenizer {
 public:
  /// From a folder, by the first of these that it holds:
  ///   tokenizer.json, with a model of BPE, WordPiece or whole words;
  ///   vocab.json and merges.txt, as GPT-2 and RoBERTa have them: <|endoftext|> is special;
  ///   vocab.txt, as BERT has it: text is lower-cased, and [CLS] and [SEP] go around it.
  /// The latter two take options and other special tokens from tokenizer_config.json,
  /// special_tokens_map.json and added_tokens.json where there are any. `path` may also name a
  /// tokenizer.json itself. Truncation and padding, which belong to batches, are not done.
  ///
  /// Throws IoError, or FormatError with the file and the place in it: also for a component that is
  /// not supported, ids given twice, and merges of tokens that are not in the vocabulary. A file
  /// beyond the limits of read_text() can be read with others, and given to from_json().
  static Tokenizer load(const std::string& path);
  /// From the text of a tokenizer.json; `name` stands for the file in errors.
  static Tokenizer from_json(std::string_view json, const std::string& name);

  /// Learns byte-level BPE (Radford et al. 2019): GPT-2's cutting, the 256 bytes, then the
  /// commonest pairs, equally common ones in the order of their ids. Any text can be encoded and
  /// decodes to itself. Throws ValueError for options out of range, FormatError for lines that are
  /// not UTF-8.
  static Tokenizer train_bpe(std::span<const std::string> lines,
                             const BpeTrainOptions& options = {});
  /// Learns a WordPiece vocabulary for BERT: [PAD], [UNK], [CLS], [SEP] and [MASK], the characters,
  /// alone and as ##continuations, and the results of the merges that BPE makes of the words.
  /// Encoding takes longest matches from it. Throws as train_bpe does.
  static Tokenizer train_word_piece(std::span<const std::string> lines,
                                    const WordPieceTrainOptions& options = {});

  /// One more than the largest id: the rows that an embedding needs.
  int64_t size() const;
  /// The token of an id, as the vocabulary spells it ("Ġthe", "##ing"). Throws IndexError.
  const std::string& token(int64_t id) const;
  /// The id of a token, "[MASK]" say. Throws ValueError when there is none.
  int64_t id(std::string_view token) const;
  bool contains(std::string_view token) const;
  /// Whether the id is a special token's.
  bool is_special(int64_t id) const;

  /// Throws FormatError when the text is not UTF-8, and when the rules of a tokenizer.json would
  /// make it longer than 64 times its length and 4096 bytes: they may feed on their own results.
  /// decode has the same limit.
  std::vector<int64_t> encode(std::string_view text, const EncodeOptions& options = {}) const;
  /// decode(encode(text, {.add_special_tokens = false})) is text for a byte-level tokenizer without
  /// prefix space, normalizer and tokens that strip; bytes that make no UTF-8 become U+FFFD. Throws
  /// IndexError.
  std::string decode(std::span<const int64_t> ids, const DecodeOptions& options = {}) const;

  /// Writes tokenizer.json into an existing folder; `load` of it, and of the tokenizers package,
  /// gives the same ids. Throws IoError.
  void save(const std::string& folder) const;
  /// Writes the model's own files instead: vocab.json and merges.txt, or vocab.txt. What they
  /// cannot say (how text is cut, special tokens) is left to who reads them.
  void save_vocabulary(const std::string& folder) const;
  /// The text that save writes.
  std::string to_json() const;

  struct Impl;

 private:
  explicit Tokenizer(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

}  // namespace tapehead::data
