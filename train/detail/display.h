// Text as it is seen: its width in terminal columns, and numbers short enough for a label.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tapehead::train {

/// Takes the first code point off `text`, which must not be empty. A byte that is not UTF-8 is
/// taken alone and reads as U+FFFD.
int32_t next_codepoint(std::string_view& text);

/// Appends a code point as UTF-8.
void append_codepoint(std::string& to, int32_t codepoint);

/// `text` with U+FFFD for every byte that is not UTF-8.
std::string valid_utf8(std::string_view text);

/// Valid UTF-8 that is safe in a terminal and in XML: broken bytes, control characters and
/// noncharacters become U+FFFD.
std::string printable(std::string_view text);

/// The columns that `text` takes in a terminal: wide characters take 2, combining marks none.
int64_t display_width(std::string_view text);

/// `text` in at most `width` columns; what is cut ends in "…".
std::string clip(std::string_view text, int64_t width);

/// Four significant digits: 2.310, 0.0123, 12345, 1.200e-05, nan.
std::string short_number(double value);

/// 1234567 as "1,234,567".
std::string grouped(int64_t value);

}  // namespace tapehead::train
