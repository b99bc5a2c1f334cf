// A vocabulary: tokens and their ids.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tapehead::data {

/// The ids that every vocabulary and tokenizer here reserves.
enum SpecialId : int64_t { kPad = 0, kUnk = 1, kBos = 2, kEos = 3, kSpecials = 4 };

struct VocabOptions {
  int64_t min_count = 1;  ///< rarer tokens are left out and become unk
  int64_t max_size = 0;   ///< at most so many tokens, specials included; 0: no limit
};

/// An immutable vocabulary; copies are cheap and share it. Ids 0 to 3 are <pad>, <unk>, <s> and
/// </s>; a token of the text that is spelled like one of them is unknown, never the special itself.
///
///   auto vocab = data::Vocab::build(sentences, {.min_count = 2});
///   std::vector<int64_t> ids = vocab.encode(data::words(line));
class Vocab {
 public:
  using Options = VocabOptions;

  /// From tokenized sentences: the commonest first, equally common ones in byte order. Throws
  /// ValueError for options out of range, FormatError for a token that is not UTF-8 or empty.
  static Vocab build(std::span<const std::vector<std::string>> sentences,
                     const Options& options = {});
  /// The same from tokens and how often each occurs; entries of one token add up.
  static Vocab build(std::span<const std::pair<std::string, int64_t>> counts,
                     const Options& options = {});

  /// The number of ids, specials included.
  int64_t size() const;
  /// The token's id, kUnk when it has none.
  int64_t id(std::string_view token) const;
  bool contains(std::string_view token) const { return id(token) != kUnk; }
  /// The token of an id, "<unk>" and the like for the specials. Throws IndexError.
  const std::string& token(int64_t id) const;

  std::vector<int64_t> encode(std::span<const std::string> tokens) const;
  /// The tokens, without pad, bos and eos. Throws IndexError.
  std::vector<std::string> decode(std::span<const int64_t> ids) const;

  /// One text file, written atomically. save throws IoError; load throws IoError or FormatError. A
  /// file beyond the limits of read_text() can be read with others, and given to from_text().
  void save(const std::string& path) const;
  static Vocab load(const std::string& path);
  /// The same as a string; `name` stands for the file in errors.
  std::string to_text() const;
  static Vocab from_text(std::string_view text, const std::string& name);

 private:
  struct Table;
  explicit Vocab(std::vector<std::string> tokens);
  std::shared_ptr<const Table> table_;
};

}  // namespace tapehead::data
