// A vocabulary, which maps tokens to ids.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tapehead::data {

/// The reserved ids of Vocab and Bpe.
enum SpecialId : int64_t { kPad = 0, kUnk = 1, kBos = 2, kEos = 3, kSpecials = 4 };

struct VocabOptions {
  int64_t min_count = 1;  ///< rarer tokens are excluded and become unk
  int64_t max_size = 0;   ///< maximum number of tokens, including special tokens; 0: no limit
};

/// An immutable vocabulary; copies are cheap. Ids 0 to 3 are <pad>, <unk>, <s> and </s>. A token in
/// the text that is spelled like one of them is encoded as unknown.
///
///   auto vocab = data::Vocab::build(sentences, {.min_count = 2});
///   std::vector<int64_t> ids = vocab.encode(data::words(line));
/// Example: using Words = std::vector<std::string>; data::Vocab::build(std::vector<Words>{{"a",
///     "b", "b"}}).encode(Words{"a", "b", "c"})  // [5, 4, 1]
class Vocab {
 public:
  using Options = VocabOptions;

  /// Builds a vocabulary from tokenized sentences, in order of decreasing frequency, then byte
  /// order. Throws ValueError for options out of range, FormatError for a token that is empty or
  /// not UTF-8.
  static Vocab build(std::span<const std::vector<std::string>> sentences,
                     const Options& options = {});
  /// Builds a vocabulary from tokens and their counts; counts of equal tokens are added. Also
  /// throws ValueError for a negative count.
  static Vocab build(std::span<const std::pair<std::string, int64_t>> counts,
                     const Options& options = {});

  /// The number of ids, including special tokens.
  int64_t size() const;
  /// The id of a token; kUnk if it is not in the vocabulary.
  int64_t id(std::string_view token) const;
  bool contains(std::string_view token) const { return id(token) != kUnk; }
  /// The token of an id; "<unk>" etc. for special tokens. Throws IndexError for an id out of range.
  const std::string& token(int64_t id) const;

  /// The ids of tokens; kUnk for those that are not in the vocabulary.
  std::vector<int64_t> encode(std::span<const std::string> tokens) const;
  /// The tokens of ids, without pad, bos and eos. Throws IndexError for an id out of range.
  std::vector<std::string> decode(std::span<const int64_t> ids) const;

  /// Writes or reads a text file; writing is atomic. save() throws IoError; load() throws IoError
  /// or FormatError. To load a file beyond the default limits of read_text(), read it with other
  /// limits and call from_text().
  void save(const std::string& path) const;
  static Vocab load(const std::string& path);
  /// The file's contents as a string; `name` stands for the file in errors.
  std::string to_text() const;
  static Vocab from_text(std::string_view text, const std::string& name);

 private:
  struct Table;
  explicit Vocab(std::vector<std::string> tokens);
  std::shared_ptr<const Table> table_;
};

}  // namespace tapehead::data
