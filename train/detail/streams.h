// Handles standard streams that are closed or cannot be written.
#pragma once

#include <string>

namespace tapehead::train::detail {

/// Opens /dev/null in place of each closed standard stream. Otherwise the next file to be opened
/// would get its descriptor and receive the printed output.
void open_standard_streams();

/// Writes a line to standard error, ignoring errors.
void say(const std::string& line);

/// Flushes standard output. Throws IoError if this or any earlier output could not be written.
void flush_output();

}  // namespace tapehead::train::detail
