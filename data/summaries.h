// Texts and what they come down to in one line.
#pragma once

#include <cstdint>
#include <string>

#include "tapehead/data/parallel_text.h"

namespace tapehead::data {

/// One split of a corpus of texts (source) and summaries (target): DIR/NAME.tsv, plain or else with
/// .gz; a line has a name, the summary and the text, with tabs between. Throws IoError for a
/// missing folder or file, FormatError, with the line, for another number of fields, an empty
/// summary or text, or what is not UTF-8.
ParallelText::Split summaries_split(const std::string& dir, const std::string& name,
                                    const FileLimits& limits = {});
/// train, val and test.
ParallelText summaries(const std::string& dir, const FileLimits& limits = {});

/// News that our own code makes, `count` to train on, 500 to validate and 1,000 to test:
///   "It rained in Ombra all Sunday. The school of Velkatin burned down on Monday night. Ms Turgel
///   from Darosk, who saw it first, called for help."     "Fire destroys school in Velkatin"
/// Places and people have names of which most occur once, and a text has more of them than belong
/// into its summary, not always behind the first words: who cannot copy cannot write it, and who
/// copies the beginning writes something else. The same seed gives the same texts on every machine,
/// the same val and test for every `count`. Throws ValueError for a count outside 1..1,000,000.
ParallelText news(uint64_t seed, int64_t count = 8'000);

}  // namespace tapehead::data
