// Event files that TensorBoard reads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tapehead/train/append_file.h"

namespace tapehead::train {

/// Writes `FOLDER/events.out.tfevents.*`, a new file for each writer. Every event is with the
/// system when the call returns: a killed program loses none, and TensorBoard sees it at once.
///
///   TensorBoard board("out");
///   board.scalar("loss/train", loss, step);
class TensorBoard {
 public:
  /// Makes the folder if it is missing. With `resume_at`, TensorBoard forgets what earlier files of
  /// the folder recorded from that step on: the steps that a resumed run will take again. Throws
  /// IoError.
  explicit TensorBoard(const std::string& folder, std::optional<int64_t> resume_at = {});

  /// A point of the curve `tag`; a slash in it makes a group. Kept in f32, NaN and infinity too.
  /// Throws ValueError for an empty tag, IoError when the disk is full.
  void scalar(std::string_view tag, double value, int64_t step);

  /// A text, shown as Markdown.
  void text(std::string_view tag, std::string_view markdown, int64_t step);

  const std::string& path() const { return file_.path(); }

 private:
  void summary(std::string_view tag, std::string_view value, int64_t step);

  AppendFile file_;
};

}  // namespace tapehead::train
