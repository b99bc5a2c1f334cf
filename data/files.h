// Data files, plain or gzipped, told apart by their first bytes and not by their name.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tapehead/core/file.h"

namespace tapehead::data {

/// What readers of data files refuse to exceed: files may come from anywhere, and two megabytes of
/// gzip can hold two gigabytes.
struct FileLimits {
  int64_t bytes = kMaxFileBytes;  ///< of the file, and of what it unpacks to
  /// A gzip file may become so many times as large, or unpack to `small` bytes.
  double ratio = 100;
  int64_t small = int64_t{1} << 28;
  int64_t lines = 50'000'000;  ///< each takes 32 bytes and more
};

/// The bytes of a file, unpacked when it is gzip. Throws IoError (missing, unreadable, beyond the
/// limits), FormatError (broken gzip) or OutOfMemoryError; each names the file.
std::string read_bytes(const std::string& path, const FileLimits& limits = {});

/// The text of a UTF-8 file, without a byte order mark. Throws as read_bytes does, and FormatError
/// when the file is empty or is not UTF-8, with the line and the byte offset.
std::string read_text(const std::string& path, const FileLimits& limits = {});

/// The lines of read_text(), without their ends (\n or \r\n; no other character ends a line).
std::vector<std::string> read_lines(const std::string& path, const FileLimits& limits = {});

/// Cuts text at each \n or \r\n; what follows the last one is a line if it is not empty.
std::vector<std::string> split_lines(std::string_view text);

/// Writes lines, each with \n at its end, whole or not at all. Throws IoError.
void write_lines(const std::string& path, const std::vector<std::string>& lines);

}  // namespace tapehead::data
