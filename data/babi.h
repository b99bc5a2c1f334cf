// The bAbI tasks (Weston et al. 2015, "Towards AI-complete question answering"): twenty kinds of
// questions about little stories.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tapehead/data/questions.h"

namespace tapehead::data {

/// The files of a task, "" for one that is not there.
struct BabiFiles {
  int64_t number = 0;  ///< 1..20
  std::string name;    ///< "single-supporting-fact"
  std::string train, val, test;

  /// What babi_task() lacks, "no training file" or the like; "" when it has all. The validation
  /// file may be missing.
  std::string missing() const;
};

/// What a folder has of each of the twenty tasks, in their order: qa1_single-supporting-fact_X.txt
/// or qa1_X.txt, where X is train, valid or test; plain or else with .gz.
///
/// `subset` is a folder of `dir`, the root of the published archive: en, en-10k, hn, hn-10k,
/// shuffled, shuffled-10k, en-valid, en-valid-10k. Without it the files are those of `dir`, or of
/// its en where `dir` has none itself. Throws IoError for a folder that is missing, with the one
/// that was meant, or without a file of any task.
std::vector<BabiFiles> babi_files(const std::string& dir, const std::string& subset = "");

/// The questions of one file. Its lines are numbered, from 1 again where a story begins; one with a
/// tab is a question, whatever a sentence ends with:
///
///   1 Mary moved to the bathroom.
///   2 Where is Mary?<TAB>bathroom<TAB>1
///
/// Answers of several words have commas between; words and answers are in lower case; supporting
/// facts may be left out. Empty lines are passed over. Throws IoError, and FormatError, with the
/// line, for anything else, a supporting fact that is not a sentence before its question among it.
std::vector<StoryQuestion> babi_questions(const std::string& path);

/// Task `number`. Without a validation file, val is the end of the training file: the story that
/// holds the last tenth's first question, whole, and what follows; where that is all there is, the
/// last tenth of the questions alone. Throws as babi_files and babi_questions do, ValueError for a
/// number outside 1..20, and IoError for a task without its files.
StoryTask babi_task(const std::string& dir, int64_t number, const std::string& subset = "");

}  // namespace tapehead::data
