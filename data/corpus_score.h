// The score of a corpus of generated texts.
#pragma once

#include <vector>

namespace tapehead::data {

/// A score of a corpus, and of each of its texts.
struct CorpusScore {
  double score = 0;          ///< of the corpus
  std::vector<double> each;  ///< of each text
};

}  // namespace tapehead::data
