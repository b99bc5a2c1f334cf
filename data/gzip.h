// Unpacking gzip (RFC 1952).
#pragma once

#include <string>
#include <string_view>

#include "tapehead/data/files.h"

namespace tapehead::data {

/// Whether the bytes begin like a gzip file.
bool is_gzip(std::string_view bytes);

/// The unpacked bytes; a file of several gzip members gives all of them in turn. Throws
/// FormatError, with `name` in front, when the data are cut short, broken or followed by something
/// else, and IoError when they unpack to more than the limits allow (a decompression bomb).
std::string gunzip(std::string_view bytes, const std::string& name, const FileLimits& limits);

}  // namespace tapehead::data
