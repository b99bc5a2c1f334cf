#include "tapehead/core/suggest.h"

#include <doctest/doctest.h>

#include <vector>

using tapehead::closest_name;
using tapehead::closest_pattern;

TEST_CASE("closest_name finds the misspelt name and nothing far away") {
  const std::vector<std::string> names = {"train.tsv", "test.tsv", "valid.tsv", "README"};
  struct Row {
    std::string name, expected;
  };
  for (const Row& row : {
           Row{"trian.tsv", "train.tsv"},  // transposed letters
           Row{"tran.tsv", "train.tsv"},
           Row{"ttest.tsv", "test.tsv"},
           Row{"vallid.tvs", "valid.tsv"},
           Row{"readme", "README"},
           Row{"results.json", ""},
           Row{"x", ""},
           Row{"", ""},
       }) {
    CAPTURE(row.name);
    CHECK(closest_name(row.name, names) == row.expected);
  }
}

TEST_CASE("closest_name breaks ties in byte order, whatever the order given") {
  CHECK(closest_name("run-0", std::vector<std::string>{"run-2", "run-1"}) == "run-1");
  CHECK(closest_name("run-0", std::vector<std::string>{"run-1", "run-2"}) == "run-1");
}

TEST_CASE("closest_pattern mends the letters and keeps the stars") {
  const std::vector<std::string> names = {"encoder.0.attn.weight", "encoder.0.attn.bias",
                                          "encoder.1.attn.weight", "head.weight", "head.bias"};
  struct Row {
    std::string pattern, expected;
  };
  for (const Row& row : {
           Row{"encodr.*", "encoder.*"},
           Row{"*.bais", "*.bias"},  // transposed letters
           Row{"encoder.*.atn.*", "encoder.*.attn.*"},
           Row{"Head.*", "head.*"},
           Row{"hed*.wieght", "head*.weight"},
           Row{"head.weihgt", "head.weight"},  // without a star
           Row{"heads*", "head.*"},
           Row{"decoder.*", "encoder.*"},
           Row{"*.norm.*", ""},
           Row{"x", ""},
           Row{"", ""},
       }) {
    CAPTURE(row.pattern);
    CHECK(closest_pattern(row.pattern, names) == row.expected);
  }
}
