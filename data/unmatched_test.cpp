#include "tapehead/data/unmatched.h"

#include <doctest/doctest.h>

using namespace tapehead;

TEST_CASE("unmatched: only the first ten names are kept") {
  data::Unmatched lost;
  CHECK(lost.str("word", "words").empty());
  lost.add("0");
  CHECK(lost.str("word", "words") == "1 word (0)");
  for (int i = 1; i < 12; ++i) lost.add(std::to_string(i));
  CHECK(lost.count == 12);
  CHECK(lost.str("word", "words") == "12 words (0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more)");
}
