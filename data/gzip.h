// Decompresses gzip (RFC 1952).
#pragma once

#include <string>
#include <string_view>

#include "tapehead/data/files.h"

namespace tapehead::data {

/// Whether the bytes begin with the header of a gzip file.
/// Example: data::is_gzip("text")  // false
bool is_gzip(std::string_view bytes);

/// Decompresses all members of a gzip file. Throws FormatError, prefixed with `name`, if the data
/// is truncated, invalid or followed by other bytes, and IoError if it decompresses to more than
/// the limits allow.
std::string gunzip(std::string_view bytes, const std::string& name, const FileLimits& limits);

}  // namespace tapehead::data
