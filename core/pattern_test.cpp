#include "tapehead/core/pattern.h"

#include <doctest/doctest.h>

#include <string>

TEST_CASE("a star stands for any characters") {
  struct Row {
    const char *name, *pattern;
    bool fits;
  };
  const Row rows[] = {
      {"a.bias", "*", true},
      {"", "*", true},
      {"", "", true},
      {"a", "", false},
      {"", "a", false},
      {"a.bias", "a.bias", true},
      {"a.bias", "a.bia", false},
      {"a.bia", "a.bias", false},
      {"a.bias", "*.bias", true},
      {"a.bias", "*bias*", true},
      {"bias", "*.bias", false},
      {"encoder.0.weight", "encoder.*", true},
      {"decoder.0.weight", "encoder.*", false},
      {"encoder.0.norm.weight", "encoder.*.weight", true},
      {"encoder.0.norm.bias", "encoder.*.weight", false},
      {"aXbXbc", "a*b*bc", true},
      {"abab", "*ab", true},
      {"aab", "a*ab", true},
      {"ab", "a**b", true},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CAPTURE(row.pattern);
    CHECK(tapehead::fits_pattern(row.name, row.pattern) == row.fits);
  }
}

TEST_CASE("many stars against a long name that does not match take little time") {
  std::string pattern;
  for (int i = 0; i < 100; ++i) pattern += "a*";
  CHECK_FALSE(tapehead::fits_pattern(std::string(10000, 'a') + "b", pattern + "c"));
}
