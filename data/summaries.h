// Texts with one-line summaries.
#pragma once

#include <cstdint>
#include <string>

#include "tapehead/data/parallel_text.h"

namespace tapehead::data {

/// Reads one split of a corpus of texts (source) and summaries (target): DIR/NAME.tsv, plain or
/// with .gz. A line has a name, a summary and a text, separated by tabs. Throws IoError for a
/// missing folder or file, and FormatError with the line number for another number of fields, an
/// empty summary or text, or text that is not UTF-8.
ParallelText::Split summaries_split(const std::string& dir, const std::string& name,
                                    const FileLimits& limits = {});
/// Reads the splits train, val and test. Throws as summaries_split().
ParallelText summaries(const std::string& dir, const FileLimits& limits = {});

/// Generates `count` news items for training, 500 for validation and 1,000 for testing:
///   "It rained in Ombra all Sunday. The school of Velkatin burned down on Monday night. Ms Turgel
///   from Darosk, who saw it first, called for help."     "Fire destroys school in Velkatin"
/// Most names of places and people occur only once, and texts have more names than their summaries,
/// so a model has to copy and cannot just copy the beginning. Deterministic for a given seed on
/// every machine; val and test do not depend on `count`. Throws ValueError for a count outside
/// 1..1,000,000.
/// Example: data::news(1, 200).val.target[0]  // Klysnaulli beats Telscheix in hockey final
ParallelText news(uint64_t seed, int64_t count = 8'000);

}  // namespace tapehead::data
