// A file that grows by whole records: logs that a killed program leaves readable.
#pragma once

#include <string>
#include <string_view>

namespace tapehead::train {

/// Makes `folder` and what is missing above it. Throws IoError in the name of `who`.
void make_folders(const std::string& folder, std::string_view who);

class AppendFile {
 public:
  enum class Open {
    fresh,
    keep
  };  ///< empties a file that is there, or writes behind what it holds

  /// Makes the file if it is missing, in a folder that exists. Throws IoError.
  AppendFile(std::string path, Open how);
  ~AppendFile();
  AppendFile(AppendFile&& other) noexcept;
  AppendFile& operator=(AppendFile&& other) noexcept;

  /// Adds all of `bytes` and hands them to the system, so that they outlive this process; or adds
  /// none of them (a full disk) and throws IoError.
  void append(std::string_view bytes);

  const std::string& path() const { return path_; }

 private:
  std::string path_;
  int descriptor_ = -1;
};

}  // namespace tapehead::train
