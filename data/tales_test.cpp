#include "tapehead/data/tales.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "tapehead/core/error.h"
#include "tapehead/tests/expect.h"

using namespace tapehead;

TEST_CASE("tales are the same for the same seed, on every machine") {
  const std::string text = data::tales(1, 2);
  CHECK(text == data::tales(1, 3).substr(0, text.size()));
  CHECK(text != data::tales(2, 2));
  CHECK(text ==
        "In May the mouse lost her map. She asked the hen: have you seen my map? The hen said: it "
        "is behind the bed. So the mouse went to the bed and found her map.\n"
        "In winter the otter lost her bell. She asked the mouse: have you seen my bell? The mouse "
        "said: it is behind the cart. So the otter went to the cart and found her bell.\n");
  CHECK(std::count(text.begin(), text.end(), '\n') == 2);
}

TEST_CASE("tales refuse a count out of range") {
  CHECK(testing::error_of<ValueError>([] { data::tales(1, 0); }) ==
        "tales: the count is 0; it must be in 1..1,000,000");
}
