#include "tapehead/train/detail/folder_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "tapehead/core/error.h"

namespace tapehead::train::detail {
namespace {

int open_folder(const std::string& folder) {
  return ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

bool lock(int descriptor) {
  return ::flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
}

}  // namespace

FolderLock::FolderLock(const std::string& folder, const char* option)
    : folder_(folder), descriptor_(open_folder(folder)) {
  if (lock(descriptor_)) return;
  ::close(descriptor_);
  throw IoError(fmt::format(
      "{}: another run is writing there; wait for it, stop it, or use another {}", folder, option));
}

FolderLock::~FolderLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

bool FolderLock::in_place() const {
  struct stat locked {
  }, named{};
  if (::stat(folder_.c_str(), &named) != 0) return errno != ENOENT && errno != ENOTDIR;
  if (descriptor_ < 0 || ::fstat(descriptor_, &locked) != 0) return true;
  return locked.st_dev == named.st_dev && locked.st_ino == named.st_ino;
}

bool FolderLock::is_taken(const std::string& folder) {
  const int descriptor = open_folder(folder);
  const bool free = lock(descriptor);
  if (descriptor >= 0) ::close(descriptor);
  return !free;
}

}  // namespace tapehead::train::detail
