#include <doctest/doctest.h>

#include <limits>

#include "tapehead/core/error.h"
#include "tapehead/core/formats/detail/json.h"
#include "tapehead/tests/expect.h"

using namespace tapehead;
using core::Json;
using core::parse_json;
using tapehead::testing::error_of;

TEST_CASE("untrusted JSON is parsed with limits") {
  const auto error = [](const std::string& text) {
    return error_of<FormatError>([&] { parse_json(text, "x.json"); });
  };
  CHECK(error(R"({"a": {"b": [1, {"a": 2}]}})") == "no error");
  CHECK(error("") == "x.json: not JSON at byte 1");
  CHECK(error(R"({"a": 1,)") == "x.json: not JSON at byte 9");
  CHECK(error("[1e999]") == "x.json: the number that ends at byte 6 is too large");
  CHECK(error("[NaN]") == "x.json: not JSON at byte 2");
  CHECK(error("[-0, -0.0, 1e-999, 18446744073709551615, 18446744073709551616]") == "no error");
  CHECK_NOTHROW(parse_json("[1, [2]]", "x.json", {.max_values = 4}));
  CHECK(error_of<FormatError>([] { parse_json("[1, [2]]", "x.json", {.max_values = 3}); }) ==
        "x.json: it holds more than 3 values");
  CHECK(error("{} {}") == "x.json: not JSON at byte 4");
  CHECK(error("{\"a\": \"\xff\"}") == "x.json: not JSON at byte 8");
  CHECK(error(R"({"a": 1, "b": {"a": 1, "a": 2}})") == "x.json: 'a' is repeated in one object");
  CHECK(error(R"({"a": )" + std::string(100'000, '[')) ==
        "x.json: nested more than 64 levels deep");
  CHECK(error(std::string(64, '[') + std::string(64, ']')) == "no error");
}

TEST_CASE("the last of repeated keys is kept on request, in the place of the first") {
  const Json json = parse_json(R"({"a": [1], "b": {"a": 2}, "a": {"c": 3}, "d": 4, "a": 5})", "x",
                               {.repeated_keys = true});
  CHECK(json.dump() == R"({"a":5,"b":{"a":2},"d":4})");
}

TEST_CASE("JSON reads and writes the same text") {
  const char* texts[] = {"null",
                         "true",
                         "false",
                         "0",
                         "-9223372036854775808",
                         "18446744073709551615",
                         "1.0",
                         "-0.0",
                         "0.1",
                         "1e-07",
                         "1.8446744073709552e+19",
                         "1.7976931348623157e+308",
                         "\"\"",
                         R"("a\"\\\n\u0001ä😀/")",
                         "[]",
                         "{}",
                         R"([1,[],[2,{"b":null,"a":[true]}],{}])"};
  for (const char* text : texts) {
    CAPTURE(text);
    CHECK(parse_json(text, "x").dump() == text);
  }
  CHECK(parse_json(R"( [ 1 , "\u00e4\ud83d\ude00" ] )", "x").dump() == R"([1,"ä😀"])");
  const Json json = parse_json(R"({"b": [1, {"d": 2, "c": {}}], "a": []})", "x");
  CHECK(json.dump({.indent = 2}) == R"({
  "b": [
    1,
    {
      "d": 2,
      "c": {}
    }
  ],
  "a": []
})");
  CHECK(json.dump({.sort_keys = true}) == R"({"a":[],"b":[1,{"c":{},"d":2}]})");
  CHECK(Json(std::numeric_limits<double>::infinity()).dump() == "null");
  CHECK(error_of<ValueError>([] { Json("a\xff").dump(); }) ==
        "Json: a string to write is not UTF-8");
  CHECK(Json("a\xff").dump({.replace_invalid_utf8 = true}) == "\"a\xef\xbf\xbd\"");
}

TEST_CASE("JSON is built from C++ values") {
  Json json = {{"name", "gpt"}, {"sizes", Json::array({1, 2})}};
  json["tied"] = true;
  json["more"]["bound"] = UINT64_MAX;
  json["more"]["list"].push_back({{"only", nullptr}});
  json["sizes"][0] = 0.5f;
  json["gone"] = 1;
  json.erase("gone");
  json.erase("gone");
  CHECK(json.dump() == R"({"name":"gpt","sizes":[0.5,2],"tied":true,)"
                       R"("more":{"bound":18446744073709551615,"list":[{"only":null}]}})");
  CHECK(Json().is_null());
  CHECK(Json::object({{"a", 1}, {"b", 2}, {"a", 3}}).dump() == R"({"a":3,"b":2})");
  CHECK(Json(Json::Array(3, "x")).dump() == R"(["x","x","x"])");
  CHECK(Json::array({Json::array(), Json::object()}).dump() == "[[],{}]");
}

TEST_CASE("JSON values are read by type") {
  const Json json = parse_json(
      R"({"s": "text", "i": -3, "u": 18446744073709551615, "d": 2.0, "n": null, "b": false,
          "list": [1, 2]})",
      "x");
  CHECK(json["s"].as_string() == "text");
  CHECK(json["i"].as_int64() == -3);
  CHECK(json["i"].as_double() == -3);
  CHECK(json["d"].as_double() == 2);
  CHECK(json["u"].as_double() == 18446744073709551616.0);
  CHECK_FALSE(json["b"].as_bool());
  CHECK(json["list"].as_array().size() == 2);
  CHECK(json["list"][1].as_int64() == 2);
  CHECK(json.as_object()[0].first == "s");
  CHECK(json.sorted_members()[0]->first == "b");
  CHECK(json.size() == 7);
  CHECK(json.contains("n"));
  CHECK(json.find("x") == nullptr);
  CHECK(Json(1).find("x") == nullptr);
  for (const char* number : {"i", "u", "d"}) CHECK(json[number].is_number());
  CHECK(json["i"].is_int64());
  CHECK_FALSE(json["u"].is_int64());
  CHECK_FALSE(json["d"].is_int64());
  CHECK_FALSE(json["b"].is_number());
}

TEST_CASE("JSON of another type or without the member is an error") {
  const Json text = "a\xff", list = Json::array({1}), object = {{"a", 1}};
  Json number = 2.5;
  const auto error = [](auto action) { return error_of<FormatError>(action); };
  CHECK(error([&] { text.as_bool(); }) == "Json: expected true or false, got \"a\xef\xbf\xbd\"");
  CHECK(error([&] { number.as_int64(); }) == "Json: expected a 64-bit integer, got 2.5");
  CHECK(error([&] { list.as_double(); }) == "Json: expected a number, got an array");
  CHECK(error([&] { object.as_string(); }) == "Json: expected a string, got an object");
  CHECK(error([&] { object.as_array(); }) == "Json: expected an array, got an object");
  CHECK(error([&] { list.as_object(); }) == "Json: expected an object, got an array");
  CHECK(error([&] { number.size(); }) == "Json: expected an array or an object, got 2.5");
  CHECK(error([&] { number.push_back(1); }) == "Json: expected an array, got 2.5");
  CHECK(error([&] { number["a"] = 1; }) == "Json: expected an object, got 2.5");
  CHECK(error([&] { list["a"]; }) == "Json: expected an object, got an array");
  CHECK(error([&] { object["b"]; }) == "Json: there is no member 'b'");
  CHECK(error([&] { Json(std::string(100, 'x')).as_bool(); }) ==
        "Json: expected true or false, got \"" + std::string(59, 'x') + "…");
  CHECK(error_of<IndexError>([&] { list[1]; }) == "Json: index 1 is outside an array of size 1");
}

TEST_CASE("JSON is equal by value") {
  CHECK(Json(1) == Json(1.0));
  CHECK(Json(UINT64_MAX) == Json(18446744073709551616.0));
  CHECK(Json(uint8_t{3}) == Json(int64_t{3}));
  CHECK(Json(1) != Json(2));
  CHECK(Json(1) != Json(true));
  CHECK(Json("a") == "a");
  CHECK(Json("1") != 1);
  CHECK(Json() == nullptr);
  CHECK(Json() != false);
  CHECK(Json::array({1, 2}) == Json::array({1.0, 2}));
  CHECK(Json::array({1, 2}) != Json::array({2, 1}));
  CHECK(Json{{"a", 1}, {"b", 2}} == Json{{"b", 2}, {"a", 1.0}});
  CHECK(Json{{"a", 1}} != Json{{"a", 1}, {"b", 2}});
  CHECK(Json{{"a", 1}} != Json{{"a", 2}});
  CHECK(Json{{"a", 1}} != Json{{"b", 1}});
  CHECK(Json::array() != Json::object());
}
