// Locks a run's folder.
#pragma once

#include <string>

namespace tapehead::train::detail {

/// Locks a run's folder for its lifetime, since two runs in one folder would overwrite each other's
/// checkpoint. The lock is on the directory itself, so it leaves no file behind, and it is released
/// when the process ends, even if killed. On file systems without locks it has no effect.
class FolderLock {
 public:
  /// Throws IoError if the folder is locked; the message suggests changing `option`.
  explicit FolderLock(const std::string& folder, const char* option = "--out");
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

  /// Whether the path still refers to the locked folder, which may have been removed or replaced.
  bool in_place() const;
  /// Whether a run has locked this folder.
  static bool is_taken(const std::string& folder);

 private:
  std::string folder_;
  int descriptor_;
};

}  // namespace tapehead::train::detail
