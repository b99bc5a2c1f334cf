// A folder that one run at a time writes into.
#pragma once

#include <string>

namespace tapehead::train::detail {

/// While a run lives, its folder is locked: two that write into one spoil each other's checkpoint.
/// The lock is on the folder itself, so that it leaves nothing there, and ends with the process,
/// killed or not. File systems without locks let everyone in.
class FolderLock {
 public:
  /// Throws IoError when somebody else has it; `option` says what to change then: "--out".
  explicit FolderLock(const std::string& folder, const char* option = "--out");
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

  /// Whether the folder is still there under its name, neither removed nor replaced.
  bool in_place() const;
  /// Whether somebody has the lock of this folder.
  static bool is_taken(const std::string& folder);

 private:
  std::string folder_;
  int descriptor_;
};

}  // namespace tapehead::train::detail
