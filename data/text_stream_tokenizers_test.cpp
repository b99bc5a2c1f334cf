// Streams of text from every kind of tokenizer.
#include "tapehead/data/text_stream.h"

#include <doctest/doctest.h>

#include <random>

#include "tapehead/core/error.h"
#include "tapehead/data/bpe.h"
#include "tapehead/data/detail/json.h"
#include "tapehead/data/tokenizer.h"
#include "tapehead/tests/oracles/tokenizer_cases.h"

namespace tapehead::text_stream_tokenizers_test {

namespace {

using Ids = std::vector<int64_t>;

// The text of a stream, how much was given out before its end, and the most tokens that were
// decoded at once.
struct Streamed {
  std::string text;
  size_t early = 0, most = 0;
};
Streamed stream(const Ids& ids, const data::TextStream::Decode& decode) {
  Streamed out;
  data::TextStream text([&](std::span<const int64_t> some) {
    out.most = std::max(out.most, some.size());
    return decode(some);
  });
  for (const int64_t id : ids) text.push(id);
  out.early = text.text().size();
  text.finish();
  out.text = text.text();
  return out;
}

}  // namespace

TEST_CASE("a stream's text is that of all tokens, of every tokenizer, decoded in short pieces") {
  const char* decoders[] = {
      "null",
      R"({"type": "ByteLevel"})",
      R"({"type": "WordPiece", "prefix": "##", "cleanup": true})",
      R"({"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always"})",
      R"({"type": "BPEDecoder", "suffix": "</w>"})",
      R"({"type": "Sequence", "decoders": [
           {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"},
           {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]})"};
  for (const char* text : data::kTokenizerCases)
    for (const char* decoder : decoders) {
      data::Json recorded = data::parse_json(text, "recorded");
      recorded[0]["decoder"] = data::parse_json(decoder, "decoder");
      const std::string model = recorded[0]["model"].dump().substr(0, 200);
      CAPTURE(model);
      CAPTURE(decoder);
      const data::Tokenizer tokenizer = data::Tokenizer::from_json(recorded[0].dump(), "t");
      const auto decode = [&](std::span<const int64_t> ids) { return tokenizer.decode(ids); };
      Ids all;
      for (int round = 0; round < 3; ++round)
        for (const data::Json& one : recorded[1].as_array())
          for (const data::Json& id : one[1].as_array()) all.push_back(id.as_int64());
      const Streamed real = stream(all, decode);
      CHECK(real.text == tokenizer.decode(all));
      CHECK(real.early + 100 > real.text.size());
      CHECK((real.most < 64 || real.most < all.size() / 4));

      std::mt19937 random(5);
      for (int round = 0; round < 5; ++round) {
        Ids ids;
        while (ids.size() < 200) {
          const auto id = static_cast<int64_t>(random() % static_cast<unsigned>(tokenizer.size()));
          try {
            tokenizer.decode(Ids{id});
            ids.push_back(id);
          } catch (const IndexError&) {  // no token has it
          }
        }
        CHECK(stream(ids, decode).text == tokenizer.decode(ids));
      }
    }
}

TEST_CASE("a stream's text is that of all tokens, of the library's own byte pairs") {
  const std::vector<std::string> lines(20, "the unaffable man was unable to see the naïve tables");
  for (const int64_t merges : {0, 30}) {
    const auto bpe = data::Bpe::train(lines, merges);
    Ids ids;
    for (int i = 0; i < 10; ++i)
      for (const int64_t id : bpe.encode(lines[0])) ids.push_back(id);
    const Streamed s = stream(ids, [&](std::span<const int64_t> some) { return bpe.decode(some); });
    CHECK(s.text == bpe.decode(ids));
    CHECK(s.most < 64);
  }
}

}  // namespace tapehead::text_stream_tokenizers_test
