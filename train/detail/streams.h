// The standard streams of a program, closed or full.
#pragma once

#include <string>

namespace tapehead::train::detail {

/// Opens /dev/null in place of each standard stream that is closed. Else the next file that is
/// opened would get its number, and with it what is printed.
void open_standard_streams();

/// Writes a line to standard error; where that cannot be written, nothing.
void say(const std::string& line);

/// Writes out what was printed to standard output. Throws IoError when that, or anything printed
/// before, could not be written.
void flush_output();

}  // namespace tapehead::train::detail
