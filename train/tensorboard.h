// Event files for TensorBoard.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tapehead/train/append_file.h"

namespace tapehead::train {

/// Writes `FOLDER/events.out.tfevents.TIME`, a new file for each writer. Every event has been
/// passed to the operating system when the call returns, so a killed program loses none and
/// TensorBoard sees it immediately.
///
///   TensorBoard board("out");
///   board.scalar("loss/train", loss, step);
class TensorBoard {
 public:
  /// Creates the folder if it does not exist. With `resume_at`, TensorBoard discards the events of
  /// earlier files from that step on, which a resumed run writes again. Throws IoError.
  explicit TensorBoard(const std::string& folder, std::optional<int64_t> resume_at = {});

  /// Adds a point to the curve `tag`; a slash in the tag forms a group. Stored in f32, including
  /// NaN and infinity. Throws ValueError for an empty tag, IoError if it cannot be written.
  void scalar(std::string_view tag, double value, int64_t step);

  /// Adds a text, shown as Markdown. Throws as scalar().
  void text(std::string_view tag, std::string_view markdown, int64_t step);

  const std::string& path() const { return file_.path(); }

 private:
  void summary(std::string_view tag, std::string_view value, int64_t step);

  AppendFile file_;
};

}  // namespace tapehead::train
