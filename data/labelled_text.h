// Labelled texts, or pairs of texts, for classification.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tapehead/data/files.h"

namespace tapehead::data {

/// A text and its class.
struct LabelledText {
  std::string label;          ///< empty: none
  std::string first, second;  ///< `second` is empty for a single text
};

/// A corpus of unlabelled text for pre-training, and labelled examples.
struct LabelledCorpus {
  std::vector<LabelledText> text, train, test;
  std::vector<std::string> labels;  ///< of the training examples, in byte order
};

/// Reads DIR/text.txt, with one text per line, and DIR/train.tsv and DIR/test.tsv, whose lines have
/// a label and one or two texts, separated by tabs; each file plain or with .gz. Empty lines are
/// skipped. Throws IoError for a missing file, and FormatError with the line number for another
/// number of fields, an empty label or text, or a label in test.tsv that is not in train.tsv.
LabelledCorpus labelled_corpus(const std::string& dir, const FileLimits& limits = {});

/// Generates tales (data/tales.h), split before their last sentence. The task is to classify
/// whether the ending belongs to the beginning ("right") or to another tale ("wrong"). The `text`
/// pairs are unlabelled and all right; half of the `train` and `test` pairs are right. A language
/// model pre-trained on tales learns the task quickly, while single words are uninformative.
/// Deterministic for a given seed on every machine. Throws ValueError for a count outside
/// 1..1,000,000.
/// Example: data::tale_endings(1, 10, 10, 10).labels  // [right, wrong]
LabelledCorpus tale_endings(uint64_t seed, int64_t text = 4000, int64_t train = 300,
                            int64_t test = 1000);

}  // namespace tapehead::data
