#include "tapehead/core/parse_number.h"

#include <doctest/doctest.h>

#include <limits>

using tapehead::parse_number;

TEST_CASE("parse_number reads what is a number as a whole") {
  CHECK(parse_number<int64_t>("0") == 0);
  CHECK(parse_number<int64_t>("-17") == -17);
  CHECK(parse_number<int64_t>("9223372036854775807") == std::numeric_limits<int64_t>::max());
  CHECK(parse_number<uint64_t>("18446744073709551615") == std::numeric_limits<uint64_t>::max());
  CHECK(parse_number<double>("-2.5e-3") == -2.5e-3);
  CHECK(parse_number<double>("inf") == std::numeric_limits<double>::infinity());
  CHECK(parse_number<int64_t>("ff", 16) == 255);
  CHECK(parse_number<uint64_t>("101", 2) == 5U);
}

TEST_CASE("parse_number gives none for other text") {
  for (const char* text : {"", " 1", "1 ", "+1", "1x", "x", "1.5", "0x10", "9223372036854775808"})
    CHECK_MESSAGE(!parse_number<int64_t>(text), text);
  for (const char* text : {"", "-1", "18446744073709551616"})
    CHECK_MESSAGE(!parse_number<uint64_t>(text), text);
  for (const char* text : {"", ".", "1,5", "1e", "1e999", "2.5 "})
    CHECK_MESSAGE(!parse_number<double>(text), text);
  CHECK(!parse_number<int64_t>("fg", 16));
}
