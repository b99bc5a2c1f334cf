// Reading whole files, and atomic writes: a crash or a full disk never leaves a partial file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tapehead {

/// The default size limit for reading a file: 1 GiB.
inline constexpr int64_t kMaxFileBytes = int64_t{1} << 30;

/// Returns the contents of the file. Throws IoError if it is missing (suggesting a similar name),
/// is a folder, is unreadable, or is larger than `max_bytes`; throws OutOfMemoryError.
std::string read_file(const std::string& path, int64_t max_bytes = kMaxFileBytes);

/// Whether a file or folder is at `path`; false as well where that cannot be told.
bool path_exists(const std::string& path);

/// Throws IoError if `path` is missing or is a file.
void require_folder(const std::string& path);

/// Returns `PATH: no such file; did you mean OTHER?`, where OTHER corrects the first component
/// of the path that does not exist.
std::string no_such_file(const std::string& path);

/// A file that appears under its name either complete or not at all. The bytes go into a temporary
/// file in the same folder; commit() flushes it to disk and renames it. Without commit() (after an
/// exception or on a full disk) the temporary file is removed and an existing file of that name is
/// unchanged. Symbolic links are followed, and the permissions of a replaced file are kept.
///
///   AtomicFile file("model.safetensors");
///   file.write(header);
///   file.write(weights);
///   file.commit();
class AtomicFile {
 public:
  /// Throws IoError if the folder is missing or not writable, or if `path` exists and is not a
  /// regular file.
  explicit AtomicFile(const std::string& path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  /// Appends bytes. Throws IoError, after which no more can be written.
  void write(std::string_view bytes);
  /// Makes the file visible under its name; call it once. Throws IoError.
  void commit();

 private:
  [[noreturn]] void fail(int error);
  void discard() noexcept;

  std::string path_, target_, temporary_;
  int descriptor_ = -1;
};

/// Removes temporary files that killed processes left in the folder, but not those that a running
/// process is still writing.
void remove_abandoned(const std::string& folder);

/// Writes a whole file through an AtomicFile.
void write_atomic(const std::string& path, std::string_view bytes);

}  // namespace tapehead
