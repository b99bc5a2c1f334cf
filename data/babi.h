// The bAbI tasks (Weston et al. 2015, "Towards AI-complete question answering"): twenty kinds of
// questions about short stories.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tapehead/data/questions.h"

namespace tapehead::data {

/// The paths of a task's files; "" for a missing file.
struct BabiFiles {
  int64_t number = 0;  ///< 1..20
  std::string name;    ///< "single-supporting-fact"
  std::string train, val, test;

  /// A description of the missing files, such as "no training file"; "" if babi_task() can read the
  /// task. The validation file is optional.
  std::string missing() const;
};

/// Finds the files of the twenty tasks in a folder, in the order of the tasks:
/// qa1_single-supporting-fact_X.txt or qa1_X.txt, where X is train, valid or test, plain or with
/// .gz.
///
/// `subset` is a subfolder of `dir`, the root of the published archive: en, en-10k, hn, hn-10k,
/// shuffled, shuffled-10k, en-valid, en-valid-10k. If it is empty, searches `dir`, then its
/// subfolder en. Throws IoError for a missing folder, with a suggestion, or for a folder without
/// files of a task.
std::vector<BabiFiles> babi_files(const std::string& dir, const std::string& subset = "");

/// Reads the questions of one file. Lines are numbered, starting from 1 in each story; a line with
/// a tab is a question:
///
///   1 Mary moved to the bathroom.
///   2 Where is Mary?<TAB>bathroom<TAB>1
///
/// The words of an answer are separated by commas; words and answers are converted to lower case;
/// supporting facts are optional. Empty lines are skipped. Throws IoError, and FormatError with the
/// line number for any other format, including a supporting fact that is not an earlier sentence.
std::vector<StoryQuestion> babi_questions(const std::string& path);

/// Reads task `number`. Without a validation file, the last tenth of the training questions becomes
/// the validation set, extended to the beginning of a story unless that would leave no training
/// questions. Throws as babi_files() and babi_questions(), ValueError for a number outside 1..20,
/// and IoError if files of the task are missing.
StoryTask babi_task(const std::string& dir, int64_t number, const std::string& subset = "");

}  // namespace tapehead::data
