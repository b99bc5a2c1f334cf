// Sentence pairs for translation: one file per language, one sentence per line.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tapehead/data/files.h"

namespace tapehead::data {

/// A corpus of sentence pairs in the layout of Multi30k (Elliott et al. 2016) and most others:
/// DIR/NAME.LANGUAGE or DIR/NAME.LANGUAGE.gz, where line N of one language is the translation of
/// line N of the other.
///
///   auto corpus = data::ParallelText::open("multi30k", "de", "en");
///   corpus.train.source[0], corpus.train.target[0];
struct ParallelText {
  /// Lines of both languages; line i of one is the translation of line i of the other.
  struct Split {
    std::vector<std::string> source, target;  ///< equally many
    int64_t size() const { return static_cast<int64_t>(source.size()); }
  };

  Split train, val, test;

  /// Reads train, val and, for test, the first of test and test_2016_flickr that exists; otherwise
  /// test is empty. Throws as split().
  static ParallelText open(const std::string& dir, const std::string& source,
                           const std::string& target, const FileLimits& limits = {});

  /// Reads DIR/NAME.SOURCE and DIR/NAME.TARGET, plain or with .gz. Throws IoError for a missing
  /// folder or file, listing the existing files, and FormatError for files of unequal length, an
  /// empty line, or text that is not UTF-8.
  static Split split(const std::string& dir, const std::string& name, const std::string& source,
                     const std::string& target, const FileLimits& limits = {});
};

}  // namespace tapehead::data
