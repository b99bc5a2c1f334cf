// A file that is only appended to, one complete record at a time, so that logs stay readable if the
// program is killed.
#pragma once

#include <string>
#include <string_view>

namespace tapehead::train {

/// Creates `folder` and its missing parents. Throws IoError, prefixed with `who`.
void make_folders(const std::string& folder, std::string_view who);

/// A file that grows by whole lines.
class AppendFile {
 public:
  /// Truncates an existing file, or appends to it.
  enum class Open { fresh, keep };

  /// Creates the file if it does not exist; its folder must exist. Throws IoError.
  AppendFile(std::string path, Open how);
  ~AppendFile();
  AppendFile(AppendFile&& other) noexcept;
  AppendFile& operator=(AppendFile&& other) noexcept;

  /// Appends all of `bytes` and passes them to the operating system, so that they survive this
  /// process. If that fails, such as on a full disk, restores the file and throws IoError.
  void append(std::string_view bytes);

  const std::string& path() const { return path_; }

 private:
  std::string path_;
  int descriptor_ = -1;
};

}  // namespace tapehead::train
