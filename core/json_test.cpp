#include <doctest/doctest.h>

#include "tapehead/core/detail/json.h"
#include "tapehead/core/error.h"
#include "tapehead/tests/expect.h"

using namespace tapehead;
using tapehead::testing::error_of;

TEST_CASE("JSON that may come from anywhere") {
  const auto error = [](const std::string& text) {
    return error_of<FormatError>([&] { core::parse_json(text, "x.json"); });
  };
  CHECK(error(R"({"a": {"b": [1, {"a": 2}]}})") == "no error");
  CHECK(error("") == "x.json: not JSON at byte 1");
  CHECK(error(R"({"a": 1,)") == "x.json: not JSON at byte 9");
  CHECK(error("[1e999]") == "x.json: the number that ends at byte 6 is too large");
  CHECK(error("[NaN]") == "x.json: not JSON at byte 2");
  CHECK(error("[-0, -0.0, 1e-999, 18446744073709551615, 18446744073709551616]") == "no error");
  CHECK(core::parse_json("18446744073709551616", "x").is_number_float());
  CHECK_NOTHROW(core::parse_json("[1, [2]]", "x.json", 4));
  CHECK(error_of<FormatError>([] { core::parse_json("[1, [2]]", "x.json", 3); }) ==
        "x.json: it holds more than 3 values");
  CHECK(error("{} {}") == "x.json: not JSON at byte 4");
  CHECK(error("{\"a\": \"\xff\"}") == "x.json: not JSON at byte 8");
  CHECK(error(R"({"a": 1, "b": {"a": 1, "a": 2}})") == "x.json: 'a' stands twice in one object");
  CHECK(error(R"({"a": )" + std::string(100'000, '[')) ==
        "x.json: nested more than 64 levels deep");
}
