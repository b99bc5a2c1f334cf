// Subword units by byte pair encoding.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tapehead/data/parallel_text.h"
#include "tapehead/data/vocab.h"

namespace tapehead::data {

struct BpeOptions {
  bool lower = false;        ///< convert text to lower case
  bool prefix_space = true;  ///< treat a word at the start of a line like one after a space
  int64_t min_count = 2;     ///< minimum number of occurrences of a pair to be merged
};

/// A trainable subword tokenizer (Sennrich, Haddow and Birch 2016, "Neural machine translation of
/// rare words with subword units"), on code points. A word is a run of letters, of digits or of
/// other characters, including the space before it; merges do not cross words. Immutable and
/// thread-safe; copies are cheap.
///
///   auto bpe = data::Bpe::train(lines, 8000);
///   std::vector<int64_t> ids = bpe.encode("ein Haus");
///   std::string text = bpe.decode(ids);  // "ein Haus"
///
/// With 0 merges and without prefix_space, tokens are characters. Ids 0 to 3 are pad, unk, bos and
/// eos (SpecialId); encode() does not add bos or eos.
/// Example: data::Bpe::train(std::vector<std::string>{"low low lower"}, 3).encode("low lower")
///     // [12, 12, 5, 8]
class Bpe {
 public:
  using Options = BpeOptions;

  /// Learns at most `merges` merges, the most frequent pair first; ties are broken by ids, so the
  /// result is deterministic. Throws ValueError for a number or option out of range, FormatError
  /// for lines that are not UTF-8.
  static Bpe train(std::span<const std::string> lines, int64_t merges, const Options& options = {});
  /// Learns joint BPE, one tokenizer for both languages.
  static Bpe train(const ParallelText::Split& pairs, int64_t merges, const Options& options = {});

  /// The number of ids: special tokens, characters and merged units.
  int64_t size() const;
  /// The text of an id, including a leading space; "<pad>" etc. for special tokens. Throws
  /// IndexError for an id out of range.
  const std::string& token(int64_t id) const;

  /// Characters that did not occur in training become kUnk. Throws FormatError if the text is not
  /// UTF-8.
  std::vector<int64_t> encode(std::string_view text) const;
  /// A random segmentation for training (BPE-dropout, Provilkov et al. 2020): each possible merge
  /// is skipped with probability `dropout`. Deterministic for a given seed. Throws ValueError if
  /// `dropout` is outside 0..1.
  std::vector<int64_t> encode(std::string_view text, double dropout, uint64_t seed) const;

  /// The inverse of encode(), up to lower case, for characters that occurred in training. pad, bos
  /// and eos are skipped; unk becomes U+FFFD. Throws IndexError for an id out of range.
  std::string decode(std::span<const int64_t> ids) const;

  /// Writes or reads a text file; writing is atomic. save() throws IoError; load() throws IoError
  /// or FormatError. To load a file beyond the default limits of read_text(), read it with other
  /// limits and call from_text().
  void save(const std::string& path) const;
  static Bpe load(const std::string& path);
  /// The file's contents as a string; `name` stands for the file in errors.
  std::string to_text() const;
  static Bpe from_text(std::string_view text, const std::string& name);

  struct Impl;

 private:
  explicit Bpe(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<Impl> impl_;
};

}  // namespace tapehead::data
