// Files: read whole, written so that a crash or a full disk never leaves half of one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tapehead {

/// The largest file read without being asked for more: 1 GiB.
inline constexpr int64_t kMaxFileBytes = int64_t{1} << 30;

/// All bytes of the file. Throws IoError when it is missing (with the name that was probably
/// meant), a folder, unreadable, or larger than `max_bytes`, and OutOfMemoryError.
std::string read_file(const std::string& path, int64_t max_bytes = kMaxFileBytes);

/// `PATH: no such file; did you mean OTHER?`, looking for OTHER where the path goes wrong.
std::string no_such_file(const std::string& path);

/// A file that appears under its name complete or not at all. The bytes go into a temporary file in
/// the same folder; commit() flushes it to the disk and renames it. Without commit() (an exception,
/// a full disk) the temporary file is removed and whatever stood under the name is unchanged.
/// A symbolic link is followed; the permissions of a file that is replaced are kept.
///
///   AtomicFile file("model.safetensors");
///   file.write(header);
///   file.write(weights);
///   file.commit();
class AtomicFile {
 public:
  /// Throws IoError when the folder is missing or not writable, or `path` is no regular file.
  explicit AtomicFile(const std::string& path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  /// Appends. Throws IoError; the file cannot be written further then.
  void write(std::string_view bytes);
  /// Makes the file visible under its name, once. Throws IoError.
  void commit();

 private:
  [[noreturn]] void fail(int error);
  void discard() noexcept;

  std::string path_, target_, temporary_;
  int descriptor_ = -1;
};

/// Removes from the folder what AtomicFiles of killed processes left behind; one that is still
/// being written, by any process, stays.
void remove_abandoned(const std::string& folder);

/// Writes the whole file through an AtomicFile.
void write_atomic(const std::string& path, std::string_view bytes);

}  // namespace tapehead
