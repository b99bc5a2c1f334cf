// Texts, or pairs of them, with labels: what a classifier learns from.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tapehead/data/files.h"

namespace tapehead::data {

struct LabelledText {
  std::string label;          ///< empty: none
  std::string first, second;  ///< second is empty where there is one text
};

/// Much text without labels, and a little with.
struct LabelledCorpus {
  std::vector<LabelledText> text, train, test;
  std::vector<std::string> labels;  ///< of the training examples, in byte order
};

/// DIR/text.txt, with a text on each line, and DIR/train.tsv and test.tsv, whose lines have a label
/// and a text or two, with tabs between; each plain or else with .gz. Empty lines are passed over.
/// Throws IoError for a missing file; FormatError, with the line, for another number of fields, an
/// empty label or text, or a label of the test that the training examples do not have.
LabelledCorpus labelled_corpus(const std::string& dir, const FileLimits& limits = {});

/// Tales (data/tales.h), cut before their last sentence. The task: is the end that of the beginning
/// ("right"), or of another tale ("wrong")? `text` without labels, all right, `train` and `test`
/// with labels, half of each; no two tales are the same, but by chance. Who knows how tales go on
/// learns it soon; single words say nothing. The same seed gives the same texts on every machine.
/// Throws ValueError for a count outside 1..1,000,000.
LabelledCorpus tale_endings(uint64_t seed, int64_t text = 4000, int64_t train = 300,
                            int64_t test = 1000);

}  // namespace tapehead::data
