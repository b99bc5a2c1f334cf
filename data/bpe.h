// Subword units by byte pair encoding.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tapehead/data/parallel_text.h"
#include "tapehead/data/vocab.h"

namespace tapehead::data {

struct BpeOptions {
  bool lower = false;        ///< put all text into lower case first
  bool prefix_space = true;  ///< a word at the start of a line is the same as one after a space
  int64_t min_count = 2;     ///< a pair that occurs less often is not merged
};

/// A trainable subword tokenizer (Sennrich, Haddow and Birch 2016, "Neural machine translation of
/// rare words with subword units"), on code points, with the space that leads a word as part of it.
/// Merges stay within a word: a run of letters, of digits or of other characters, with its space.
/// Immutable and safe to use from several threads; copies are cheap and share it.
///
///   auto bpe = data::Bpe::train(lines, 8000);
///   std::vector<int64_t> ids = bpe.encode("ein Haus");
///   std::string text = bpe.decode(ids);  // "ein Haus"
///
/// With 0 merges and prefix_space off it reads character by character. Ids 0 to 3 are pad, unk, bos
/// and eos (SpecialId); encode adds none of bos and eos.
class Bpe {
 public:
  using Options = BpeOptions;

  /// Learns at most `merges` merges, the commonest pair first; equally common ones in the order of
  /// their ids, so that the same lines give the same tokenizer. Throws ValueError for a negative
  /// number, FormatError for lines that are not UTF-8.
  static Bpe train(std::span<const std::string> lines, int64_t merges, const Options& options = {});
  /// One tokenizer for both languages, joint BPE.
  static Bpe train(const ParallelText::Split& pairs, int64_t merges, const Options& options = {});

  /// The number of ids: specials, characters and merged units.
  int64_t size() const;
  /// What an id stands for, with the space that leads it; "<pad>" and the like for the specials.
  /// Throws IndexError.
  const std::string& token(int64_t id) const;

  /// Characters never seen in training become kUnk. Throws FormatError when not UTF-8.
  std::vector<int64_t> encode(std::string_view text) const;
  /// A random segmentation, to train with (BPE-dropout, Provilkov et al. 2020): each merge that
  /// could be made is left out with probability `dropout`. The same seed gives the same ids.
  std::vector<int64_t> encode(std::string_view text, double dropout, uint64_t seed) const;

  /// decode(encode(text)) is text, lower-cased where the option says so, for characters seen in
  /// training. pad, bos and eos are skipped, unk is U+FFFD. Throws IndexError.
  std::string decode(std::span<const int64_t> ids) const;

  /// One text file, written atomically. save throws IoError; load throws IoError or FormatError. A
  /// file beyond the limits of read_text() can be read with others, and given to from_text().
  void save(const std::string& path) const;
  static Bpe load(const std::string& path);
  /// The same as a string; `name` stands for the file in errors.
  std::string to_text() const;
  static Bpe from_text(std::string_view text, const std::string& name);

  struct Impl;

 private:
  explicit Bpe(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<Impl> impl_;
};

}  // namespace tapehead::data
