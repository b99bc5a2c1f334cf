// Reading files in pieces, so that sizes declared in a file can be validated before memory is
// allocated for them.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <functional>
#include <new>
#include <string>
#include <string_view>

#include "tapehead/core/error.h"

namespace tapehead::core {

/// A file opened for reading. Every error is an IoError that names the file.
class InputFile {
 public:
  /// Throws IoError if the file is missing (suggesting a similar name), is a folder, or is
  /// unreadable.
  explicit InputFile(const std::string& path);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  /// The size reported by the system; pipes and devices have none.
  int64_t size() const { return size_; }
  bool has_size() const { return has_size_; }
  /// Reads up to `most` bytes; returns 0 at the end of the file.
  size_t read_some(char* to, size_t most);
  /// Reads `count` bytes at offset `at`. Throws IoError if the file has become shorter.
  void read(int64_t at, char* to, size_t count) const;

 private:
  [[noreturn]] void fail(int error) const;

  std::string path_;
  int descriptor_;
  int64_t size_ = 0;
  bool has_size_ = false;
};

/// A range of bytes in a file or in memory, copied on request.
struct ByteSource {
  uint64_t size;
  std::function<void(uint64_t at, char* to, size_t count)> read;

  explicit ByteSource(std::string_view bytes);
  explicit ByteSource(const InputFile& file);
  std::string text(uint64_t at, size_t count) const;
};

/// Runs `read`, and turns a failed allocation into an OutOfMemoryError that names the file.
template <class F>
auto reading(const std::string& path, F&& read) {
  try {
    return read();
  } catch (OutOfMemoryError& error) {
    error.set_where(path);
    throw;
  } catch (const std::bad_alloc&) {
    throw OutOfMemoryError(fmt::format("{}: not enough memory to read it", path));
  }
}

}  // namespace tapehead::core
