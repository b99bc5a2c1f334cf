#include "tapehead/data/text_stream.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "tapehead/core/error.h"
#include "tapehead/tests/expect.h"

namespace tapehead::text_stream_test {

using testing::error_of;

namespace {

using Pieces = std::vector<std::string>;

// What a stream gives out when token i is the i-th piece, and whether it stopped.
struct Streamed {
  Pieces given;
  std::string text;
  bool stopped;
  size_t taken;
};
Streamed stream(const Pieces& tokens, const Pieces& stop) {
  Streamed out{};
  const auto decode = [&](std::span<const int64_t> ids) {
    std::string text;
    for (const int64_t id : ids) text += tokens[static_cast<size_t>(id)];
    return text;
  };
  data::TextStream text(
      decode, {.stop = stop, .on_text = [&](std::string_view s) { out.given.emplace_back(s); }});
  while (out.taken < tokens.size() && text.push(static_cast<int64_t>(out.taken))) ++out.taken;
  text.finish();
  out.text = text.text();
  out.stopped = text.stopped();
  if (out.stopped) CHECK_FALSE(text.push(0));
  return out;
}

}  // namespace

TEST_CASE("text is given out as it comes") {
  const Streamed s = stream({"One", " day", "", " a fox"}, {});
  CHECK(s.given == Pieces{"One", " day", " a fox"});
  CHECK(s.text == "One day a fox");
  CHECK_FALSE(s.stopped);
}

TEST_CASE("a stop string ends the text wherever its tokens are cut") {
  struct Case {
    Pieces tokens, stop, given;
    bool stopped;
  };
  const Case cases[] = {
      {{"a", "STOP", "b"}, {"STOP"}, {"a"}, true},
      {{"aST", "O", "Pb"}, {"STOP"}, {"a"}, true},
      {{"aSTOPSTOP"}, {"STOP"}, {"a"}, true},
      {{"aST", "OR", "M"}, {"STOP"}, {"a", "STOR", "M"}, false},  // held back, then given out
      {{"aST"}, {"STOP"}, {"a", "ST"}, false},                    // given out at the end
      {{"SSSS", "TOP"}, {"SSTOP"}, {"SS"}, true},                 // two of the S may begin it
      {{"x\n", "\ny"}, {"\n\n"}, {"x"}, true},
      {{"one two", " three"}, {"three", "two"}, {"one "}, true},  // the first that comes
      {{"x three two"}, {"three", "two"}, {"x "}, true},
      {{"x three two"}, {"two", "three"}, {"x "}, true},
      {{"ab"}, {"b", "ab"}, {}, true},  // the one that begins first
      {{"", ""}, {"x"}, {}, false}};
  for (const Case& c : cases) {
    CAPTURE(c.tokens);
    const Streamed s = stream(c.tokens, c.stop);
    CHECK(s.given == c.given);
    CHECK(s.stopped == c.stopped);
  }
}

TEST_CASE("every way to cut a text into tokens gives the same text") {
  const std::string whole = "aab\xc3\xa4 aabx\xf0\x9f\x98\x80 aabaac end";
  const std::string wanted = "aab\xc3\xa4 aabx\xf0\x9f\x98\x80 ";
  for (size_t first = 0; first <= whole.size(); ++first)
    for (size_t second = first; second <= whole.size(); ++second) {
      const Streamed s = stream(
          {whole.substr(0, first), whole.substr(first, second - first), whole.substr(second)},
          {"aabaac"});
      REQUIRE(s.text == wanted);
      REQUIRE(s.stopped);
    }
}

TEST_CASE("a character is given out whole") {
  CHECK(stream({"\xf0\x9f", "\x98", "\x80!"}, {}).given == Pieces{"\xf0\x9f\x98\x80!"});
  CHECK(stream({"a\xc3", "\xa4"}, {}).given == Pieces{"a", "\xc3\xa4"});
  CHECK(stream({"a\xc3"}, {}).given == Pieces{"a", "\xc3"});  // it stays incomplete
  // Some decoders put U+FFFD in the place of what is incomplete.
  int64_t taken = 0;
  Pieces given;
  data::TextStream text(
      [&](std::span<const int64_t> ids) {
        return ids.size() == 1 ? std::string("a\xef\xbf\xbd") : std::string("a\xc3\xa4");
      },
      {.on_text = [&](std::string_view s) { given.emplace_back(s); }});
  while (taken < 2 && text.push(taken)) ++taken;
  text.finish();
  CHECK(given == Pieces{"a", "\xc3\xa4"});
}

TEST_CASE("characters that come byte by byte are given out once each is whole") {
  // As tokenizers with byte fallback decode: of bytes in a row that are not UTF-8, all are
  // replaced.
  const auto decode = [](std::span<const int64_t> ids) {
    std::string text, bytes;
    const auto flush = [&] {
      const bool whole = bytes.size() % 4 == 0;
      for (size_t i = 0; i < bytes.size(); ++i) text += whole ? bytes.substr(i, 1) : "\xef\xbf\xbd";
      bytes.clear();
    };
    for (const int64_t id : ids) {
      if (id < 4) bytes += "\xf0\x9f\x98\x80"[id];
      else flush(), text += static_cast<char>(id);
    }
    flush();
    return text;
  };
  const auto given = [&](const std::vector<int64_t>& ids) {
    Pieces out;
    data::TextStream text(decode, {.on_text = [&](std::string_view s) { out.emplace_back(s); }});
    for (const int64_t id : ids) text.push(id);
    text.finish();
    return out;
  };
  const std::string face = "\xf0\x9f\x98\x80", none = "\xef\xbf\xbd";
  CHECK(given({'a', 0, 1, 2, 3, 0, 1, 2, 3, 'b'}) == Pieces{"a", face, face, "b"});
  // A byte too many undoes what was given out; then nothing is lost.
  CHECK(given({0, 1, 2, 3, 0, 'b'}) == Pieces{face, none + none + none + none + none + "b"});
}

TEST_CASE("of a long text only the end is decoded") {
  size_t most = 0, tokens = 0;
  data::TextStream text(
      [&](std::span<const int64_t> ids) {
        most = std::max(most, ids.size());
        tokens += ids.size();
        std::string out;  // words, of which the first has no space
        for (size_t i = 0; i < ids.size(); ++i) out += (i > 0 ? " " : "") + std::to_string(ids[i]);
        return out;
      },
      {.stop = {"4999 5000"}});
  std::string wanted;
  int64_t i = 0;
  for (; text.push(i); ++i) wanted += std::to_string(i) + (i < 4999 ? " " : "");
  CHECK(i == 5000);
  wanted.resize(wanted.size() - 4);
  CHECK(text.text() == wanted);
  CHECK(most <= 32);
  CHECK(tokens < 5000 * 32);
}

TEST_CASE("an empty stop string is refused") {
  CHECK(error_of<ValueError>([] {
          data::TextStream({}, {.stop = {"x", ""}});
        }) == "text_stream: a stop string is empty and would end every text; remove it");
}

}  // namespace tapehead::text_stream_test
