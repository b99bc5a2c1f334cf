// Data files, plain or gzipped, told apart by their first bytes and not by their name.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tapehead/core/file.h"

namespace tapehead::data {

/// The bytes of a file, unpacked when it is gzip. `max_bytes` bounds what is read and what it
/// unpacks to. Throws IoError (missing, unreadable, too large) or FormatError (broken gzip).
std::string read_bytes(const std::string& path, int64_t max_bytes = kMaxFileBytes);

/// The text of a UTF-8 file, without a byte order mark. Throws as read_bytes does, and FormatError
/// when the file is empty or is not UTF-8, with the line and the byte offset.
std::string read_text(const std::string& path, int64_t max_bytes = kMaxFileBytes);

/// The lines of read_text(), without their ends (\n or \r\n; no other character ends a line).
std::vector<std::string> read_lines(const std::string& path, int64_t max_bytes = kMaxFileBytes);

/// Cuts text at each \n or \r\n; what follows the last one is a line if it is not empty.
std::vector<std::string> split_lines(std::string_view text);

/// Writes lines, each with \n at its end, whole or not at all. Throws IoError.
void write_lines(const std::string& path, const std::vector<std::string>& lines);

}  // namespace tapehead::data
