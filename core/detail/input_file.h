// Files read in pieces: what they claim is checked before memory is spent on it.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <functional>
#include <new>
#include <string>
#include <string_view>

#include "tapehead/core/error.h"

namespace tapehead::core {

/// An open file. Every error is an IoError that names it.
class InputFile {
 public:
  /// Throws when it is missing (with the name that was probably meant), a folder or unreadable.
  explicit InputFile(const std::string& path);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  /// What the system says of its size; pipes and devices have none.
  int64_t size() const { return size_; }
  bool has_size() const { return has_size_; }
  /// The next bytes, at most `most`; 0 of them at the end.
  size_t read_some(char* to, size_t most);
  /// `count` bytes from `at`. Throws when the file has become shorter.
  void read(int64_t at, char* to, size_t count) const;

 private:
  [[noreturn]] void fail(int error) const;

  std::string path_;
  int descriptor_;
  int64_t size_ = 0;
  bool has_size_ = false;
};

/// Bytes of a file or of memory, copied where they are asked for.
struct ByteSource {
  uint64_t size;
  std::function<void(uint64_t at, char* to, size_t count)> read;

  explicit ByteSource(std::string_view bytes);
  explicit ByteSource(const InputFile& file);
  std::string text(uint64_t at, size_t count) const;
};

/// Runs `read`. Memory that it cannot have becomes an OutOfMemoryError that names the file.
template <class F>
auto reading(const std::string& path, F&& read) {
  try {
    return read();
  } catch (OutOfMemoryError& error) {
    error.set_where(path);
    throw;
  } catch (const std::bad_alloc&) {
    throw OutOfMemoryError(fmt::format("{}: the memory to read it cannot be had", path));
  }
}

}  // namespace tapehead::core
