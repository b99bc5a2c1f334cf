#include "tapehead/core/detail/input_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "tapehead/core/detail/system_error.h"
#include "tapehead/core/file.h"

namespace tapehead::core {
namespace {

/// Retries after EINTR.
template <class Read>
ssize_t uninterrupted(Read read) {
  ssize_t got = 0;
  do {
    got = read();
  } while (got < 0 && errno == EINTR);
  return got;
}

}  // namespace

InputFile::InputFile(const std::string& path)
    : path_(path), descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
  if (descriptor_ < 0) {
    if (errno == ENOENT || errno == ENOTDIR) throw IoError(no_such_file(path));
    throw IoError(fmt::format("{}: cannot be opened: {}", path, system_error(errno)));
  }
  struct stat info {};
  const int error = ::fstat(descriptor_, &info) == 0 ? 0 : errno;
  if (error != 0 || S_ISDIR(info.st_mode)) {
    ::close(descriptor_);
    if (error != 0) fail(error);
    throw IoError(fmt::format("{}: is a folder, not a file", path));
  }
  size_ = info.st_size;
  has_size_ = S_ISREG(info.st_mode);
}

InputFile::~InputFile() { ::close(descriptor_); }

void InputFile::fail(int error) const {
  throw IoError(fmt::format("{}: cannot be read: {}", path_, system_error(error)));
}

size_t InputFile::read_some(char* to, size_t most) {
  const ssize_t got = uninterrupted([&] { return ::read(descriptor_, to, most); });
  if (got < 0) fail(errno);
  return static_cast<size_t>(got);
}

void InputFile::read(int64_t at, char* to, size_t count) const {
  constexpr size_t kMost = size_t{1} << 30;  // Linux reads at most 2 GiB per call
  while (count > 0) {
    const ssize_t got =
        uninterrupted([&] { return ::pread(descriptor_, to, std::min(count, kMost), at); });
    if (got < 0) fail(errno);
    if (got == 0)
      throw IoError(
          fmt::format("{}: the file became shorter while it was read; read it again", path_));
    to += got;
    at += got;
    count -= static_cast<size_t>(got);
  }
}

ByteSource::ByteSource(std::string_view bytes)
    : size(bytes.size()), read([bytes](uint64_t at, char* to, size_t count) {
        std::copy_n(bytes.data() + at, count, to);
      }) {}

ByteSource::ByteSource(const InputFile& file)
    : size(static_cast<uint64_t>(file.size())), read([&file](uint64_t at, char* to, size_t count) {
        file.read(static_cast<int64_t>(at), to, count);
      }) {}

std::string ByteSource::text(uint64_t at, size_t count) const {
  std::string out(count, '\0');
  read(at, out.data(), count);
  return out;
}

}  // namespace tapehead::core
