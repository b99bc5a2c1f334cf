// Text for display: its width in terminal columns, and short numbers for labels.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tapehead::train {

/// Removes and returns the first code point of `text`, which must not be empty. An invalid byte is
/// returned as U+FFFD.
int32_t next_codepoint(std::string_view& text);

/// Appends a code point as UTF-8.
void append_codepoint(std::string& to, int32_t codepoint);

/// `text` with every invalid byte replaced by U+FFFD.
std::string valid_utf8(std::string_view text);

/// Valid UTF-8 that is safe in a terminal and in XML: invalid bytes, control characters and
/// noncharacters are replaced by U+FFFD.
std::string printable(std::string_view text);

/// The width of `text` in terminal columns: 2 for wide characters, 0 for combining marks.
int64_t display_width(std::string_view text);

/// `text` truncated to at most `width` columns, with "…" at the end if it was longer.
std::string clip(std::string_view text, int64_t width);

/// Formats a number with four significant digits: 2.310, 0.0123, 12345, 1.200e-05, nan.
std::string short_number(double value);

/// Formats 1234567 as "1,234,567".
std::string grouped(int64_t value);

}  // namespace tapehead::train
