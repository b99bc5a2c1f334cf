#include "tapehead/core/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cassert>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <system_error>
#include <vector>

#include "tapehead/core/detail/input_file.h"
#include "tapehead/core/detail/system_error.h"
#include "tapehead/core/error.h"
#include "tapehead/core/suggest.h"

namespace tapehead {

std::string core::system_error(int error) {
  const bool full = error == ENOSPC || error == EDQUOT;
  return std::generic_category().message(error) + (full ? "; free some space" : "");
}

namespace {

using core::system_error;

/// "a/b/c" -> {"a/b/", "c"}; "c" -> {"", "c"}.
std::pair<std::string, std::string> split_path(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return {"", path};
  return {path.substr(0, slash + 1), path.substr(slash + 1)};
}

std::vector<std::string> names_in(const std::string& folder) {
  constexpr size_t kEnough = 10'000;
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> open(opendir(folder.empty() ? "." : folder.c_str()),
                                                 &closedir);
  if (!open) return names;
  while (const dirent* entry = readdir(open.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
    if (names.size() == kEnough) break;
  }
  return names;
}

/// The name in `folder` that was probably meant: first the same name with or without .gz.
std::string meant(const std::string& folder, const std::string& name) {
  const std::vector<std::string> names = names_in(folder);
  for (const std::string& other : names) {
    if (other == name + ".gz" || other + ".gz" == name) return other;
  }
  return closest_name(name, names);
}

/// Closes the descriptor on scope exit.
struct Descriptor {
  int value;
  explicit Descriptor(int descriptor) : value(descriptor) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (value >= 0) ::close(value);
  }
};

// Separates a temporary file's base name from the ids that make it unique.
constexpr const char* kTemporary = ".tmp-";

/// Locks the new file to mark it as being written. Returns false if remove_abandoned() deleted it
/// first. On file systems without locks, abandoned files are not removed.
bool lock_new(int descriptor) {
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) return errno != EWOULDBLOCK;
  struct stat info {};
  return ::fstat(descriptor, &info) != 0 || info.st_nlink > 0;
}

/// Follows a symbolic link, so that its target is replaced and not the link.
std::string resolve(const std::string& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0 || !S_ISLNK(info.st_mode)) return path;
  const std::unique_ptr<char, void (*)(void*)> real(::realpath(path.c_str(), nullptr), &std::free);
  return real ? std::string(real.get()) : path;
}

}  // namespace

bool path_exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

std::string no_such_file(const std::string& path) {
  if (path.empty()) return "'': no such file";
  const std::string folder = split_path(path).first;
  // Finds the part of the path that is wrong: the first missing folder, or the name itself.
  for (size_t slash = path.find('/', 1); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    const std::string part = path.substr(0, slash);
    if (path_exists(part)) continue;
    const auto [parent, name] = split_path(part);
    const std::string other = meant(parent, name);
    return fmt::format("{}: no such file: there is no folder {}{}", path, part,
                       other.empty() ? "" : fmt::format("; did you mean {}{}?", parent, other));
  }
  const std::string other = meant(folder, split_path(path).second);
  if (other.empty()) return fmt::format("{}: no such file", path);
  return fmt::format("{}: no such file; did you mean {}{}?", path, folder, other);
}

void require_folder(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) throw IoError(no_such_file(path));
  if (!S_ISDIR(info.st_mode)) throw IoError(fmt::format("{}: is a file, not a folder", path));
}

std::string read_file(const std::string& path, int64_t max_bytes) {
  core::InputFile file(path);
  return core::reading(path, [&] {
    std::string bytes;
    if (file.size() <= max_bytes) bytes.reserve(static_cast<size_t>(file.size()));
    // The size of a pipe or a growing file is unknown: read to the end, but stop at the limit.
    std::vector<char> buffer(static_cast<size_t>(1) << 18);
    while (const size_t got = file.read_some(buffer.data(), buffer.size())) {
      bytes.append(buffer.data(), got);
      if (static_cast<int64_t>(bytes.size()) > max_bytes || file.size() > max_bytes) {
        throw IoError(
            fmt::format("{}: holds more than the {} bytes allowed; pass a larger limit for a file "
                        "that you trust",
                        path, max_bytes));
      }
    }
    return bytes;
  });
}

AtomicFile::AtomicFile(const std::string& path) : path_(path), target_(resolve(path)) {
  static std::atomic<uint64_t> counter{0};
  struct stat old {};
  const bool exists = ::stat(target_.c_str(), &old) == 0;
  // Renaming over a device or a pipe would destroy it.
  if (exists && !S_ISREG(old.st_mode)) {
    throw IoError(fmt::format("{}: cannot be written: it is {}, not a regular file", path,
                              S_ISDIR(old.st_mode) ? "a folder" : "a device or a pipe"));
  }
  const auto [folder, name] = split_path(target_);
  if (name.empty()) throw IoError(fmt::format("'{}': cannot be written: no file name", path));
  if (!folder.empty() && ::access(folder.c_str(), F_OK) != 0) {
    throw IoError(fmt::format("{}: cannot be written: there is no folder {}; make it first", path,
                              folder.substr(0, folder.size() - 1)));
  }
  // Skips names left behind by a killed process with the same id.
  while (descriptor_ < 0) {
    temporary_ =
        fmt::format("{}.{}{}{}-{}", folder, name.substr(0, 200), kTemporary, ::getpid(), counter++);
    descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor_ < 0 && errno != EEXIST) {
      throw IoError(fmt::format("{}: cannot be written: {}", path, system_error(errno)));
    }
    if (descriptor_ >= 0 && !lock_new(descriptor_)) discard();
  }
  if (exists && ::fchmod(descriptor_, old.st_mode & 07777) != 0) fail(errno);
}

AtomicFile::~AtomicFile() { discard(); }

void AtomicFile::discard() noexcept {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
  temporary_.clear();
}

void AtomicFile::fail(int error) {
  discard();
  const bool stands = ::access(target_.c_str(), F_OK) == 0;
  throw IoError(fmt::format("{}: cannot be written: {}; {}", path_, system_error(error),
                            stands ? "the old file is unchanged" : "nothing was written"));
}

void AtomicFile::write(std::string_view bytes) {
  assert(descriptor_ >= 0 && "AtomicFile: write after commit or after an error");
  while (!bytes.empty()) {
    const ssize_t put =
        ::write(descriptor_, bytes.data(), std::min<size_t>(bytes.size(), size_t{1} << 30));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) fail(errno);
    bytes.remove_prefix(static_cast<size_t>(put));
  }
}

void AtomicFile::commit() {
  assert(descriptor_ >= 0 && "AtomicFile: commit twice or after an error");
  if (::fsync(descriptor_) != 0) fail(errno);
  const Descriptor lock(::dup(descriptor_));  // keeps the lock until the rename
  const int descriptor = descriptor_;
  descriptor_ = -1;
  // Network file systems may report a full disk only on close.
  if (::close(descriptor) != 0) fail(errno);
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) fail(errno);
  temporary_.clear();

  // Sync the folder, so that the rename reaches the disk too. Some file systems cannot sync a
  // folder (EINVAL); the file is complete even so.
  const std::string folder = split_path(target_).first;
  const Descriptor open(
      ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (open.value >= 0 && ::fsync(open.value) != 0 && errno != EINVAL) {
    throw IoError(fmt::format("{}: written, but its folder could not be flushed to the disk: {}",
                              path_, system_error(errno)));
  }
}

void remove_abandoned(const std::string& folder) {
  for (const std::string& name : names_in(folder)) {
    if (name.front() != '.' || name.find(kTemporary) == std::string::npos) continue;
    const std::string path = fmt::format("{}/{}", folder, name);
    const Descriptor file(::open(path.c_str(), O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat info {};
    if (file.value < 0 || ::fstat(file.value, &info) != 0 || !S_ISREG(info.st_mode)) continue;
    if (::flock(file.value, LOCK_EX | LOCK_NB) == 0) ::unlink(path.c_str());
  }
}

void write_atomic(const std::string& path, std::string_view bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

}  // namespace tapehead
