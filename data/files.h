// Reads data files, plain or gzipped, which are recognized by their first bytes, not by their name.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tapehead/core/file.h"

namespace tapehead::data {

/// Limits for reading untrusted data files: two megabytes of gzip can decompress to two gigabytes.
struct FileLimits {
  int64_t bytes = kMaxFileBytes;  ///< maximum size of the file, before and after decompression
  /// Maximum compression ratio of a gzip file that decompresses to more than `small` bytes.
  double ratio = 100;
  int64_t small = int64_t{1} << 28;
  int64_t lines = 50'000'000;  ///< maximum number of lines; each takes at least 32 bytes of memory
};

/// `path` or, if it is missing, `path` with .gz added; empty if both are.
std::string find_data_file(const std::string& path);

/// The same. Throws IoError if both are missing.
std::string data_file(const std::string& path);

/// The bytes of a file, decompressed if it is gzip. Throws IoError
/// (missing, unreadable, beyond the limits), FormatError (invalid gzip) or OutOfMemoryError; each
/// names the file.
std::string read_bytes(const std::string& path, const FileLimits& limits = {});

/// The text of a UTF-8 file, without a byte order mark. Throws as read_bytes(), and FormatError if
/// the file is empty or is not UTF-8, with the line and the byte offset.
std::string read_text(const std::string& path, const FileLimits& limits = {});

/// The lines of read_text(), without line ends (\n or \r\n). Throws as read_text(), and IoError for
/// too many lines.
std::vector<std::string> read_lines(const std::string& path, const FileLimits& limits = {});

/// Splits text at each \n or \r\n; the text after the last one is a line if it is not empty.
/// Example: data::split_lines("one\ntwo\n")  // [one, two]
std::vector<std::string> split_lines(std::string_view text);

/// Writes lines, each followed by \n, atomically. Throws IoError.
void write_lines(const std::string& path, const std::vector<std::string>& lines);

}  // namespace tapehead::data
