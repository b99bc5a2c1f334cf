#include "tapehead/train/append_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <utility>

#include "tapehead/core/detail/system_error.h"
#include "tapehead/core/error.h"

namespace tapehead::train {

void make_folders(const std::string& folder, std::string_view who) {
  std::error_code error, ignored;
  std::filesystem::create_directories(folder, error);
  if (!error && std::filesystem::is_directory(folder, error)) return;
  const bool taken = !error || std::filesystem::is_regular_file(folder, ignored);
  throw IoError(fmt::format("{}: cannot make the folder '{}': {}; choose another", who, folder,
                            taken ? "a file has that name" : core::system_error(error.value())));
}

AppendFile::AppendFile(std::string path, Open how) : path_(std::move(path)) {
  const int fresh = how == Open::fresh ? O_TRUNC : 0;
  descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | fresh, 0666);
  if (descriptor_ >= 0 && descriptor_ <= STDERR_FILENO) {
    // This is the descriptor of a closed standard stream, whose output would go to the file.
    const int low = std::exchange(descriptor_, ::fcntl(descriptor_, F_DUPFD_CLOEXEC, 3));
    ::close(low);
  }
  if (descriptor_ < 0)
    throw IoError(fmt::format("{}: cannot be opened for writing: {}; choose another folder", path_,
                              core::system_error(errno)));
}

AppendFile::~AppendFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

AppendFile::AppendFile(AppendFile&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

AppendFile& AppendFile::operator=(AppendFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

void AppendFile::append(std::string_view bytes) {
  const off_t start = ::lseek(descriptor_, 0, SEEK_END);
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const int reason = errno;
      // Restores a regular file; a device or a pipe cannot be truncated.
      const bool undone = start >= 0 && ::ftruncate(descriptor_, start) == 0;
      throw IoError(
          fmt::format("{}: cannot write: {}; {}", path_, core::system_error(reason),
                      undone ? "its previous contents are intact" : "its end may be damaged"));
    }
    bytes.remove_prefix(static_cast<size_t>(written));
  }
}

}  // namespace tapehead::train
