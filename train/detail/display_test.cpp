#include "tapehead/train/detail/display.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using namespace tapehead::train;

TEST_CASE("display: width counts terminal columns, not bytes") {
  CHECK(display_width("") == 0);
  CHECK(display_width("loss") == 4);
  CHECK(display_width("größe") == 5);
  CHECK(display_width("注意") == 4);
  CHECK(display_width("e\u0301") == 1);
  CHECK(display_width("\xff\xfe") == 2);
}

TEST_CASE("display: clip keeps whole characters and marks the cut") {
  CHECK(clip("attention", 9) == "attention");
  CHECK(clip("attention", 5) == "atte…");
  CHECK(clip("注意力", 4) == "注…");
  CHECK(clip("ab", 1) == "…");
  CHECK(clip("ab", 0).empty());
}

TEST_CASE("display: printable replaces what a terminal or XML must not see") {
  CHECK(printable("größe 注") == "größe 注");
  CHECK(printable("a\x1b[2Jb") == "a\uFFFD[2Jb");
  CHECK(printable("cut \xe6\xb3") == "cut \uFFFD\uFFFD");
  CHECK(printable("\xed\xa0\x80") == "\uFFFD\uFFFD\uFFFD");  // a surrogate
  CHECK(printable("\uFFFE\u0085\n") == "\uFFFD\uFFFD\uFFFD");
}

TEST_CASE("display: valid_utf8 keeps control characters") {
  CHECK(valid_utf8("a\tb\n注") == "a\tb\n注");
  CHECK(valid_utf8("a\xff") == "a\uFFFD");
}

TEST_CASE("display: numbers") {
  const double inf = std::numeric_limits<double>::infinity();
  const struct {
    double value;
    const char* text;
  } rows[] = {
      {0, "0"},         {2.31, "2.310"},    {12, "12.00"},         {0.01234567, "0.01235"},
      {999.9, "999.9"}, {999.96, "1000"},   {12345.6, "12346"},    {1.2e-5, "1.200e-05"},
      {-3.5, "-3.500"}, {2e9, "2.000e+09"}, {std::nan(""), "nan"}, {-std::nan(""), "nan"},
      {-inf, "-inf"},
  };
  for (const auto& row : rows) CHECK(short_number(row.value) == row.text);

  CHECK(grouped(0) == "0");
  CHECK(grouped(999) == "999");
  CHECK(grouped(1000) == "1,000");
  CHECK(grouped(-123456) == "-123,456");
  CHECK(grouped(1234567) == "1,234,567");
}
