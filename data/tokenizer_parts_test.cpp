// The parts of tokenizers against what the tokenizers package does
// (tests/oracles/tokenizer_cases.py).
#include <doctest/doctest.h>
#include <utf8proc.h>

#include <chrono>

#include "tapehead/core/error.h"
#include "tapehead/data/detail/decoder.h"
#include "tapehead/data/detail/growth.h"
#include "tapehead/data/detail/normalizer.h"
#include "tapehead/data/detail/pre_tokenizer.h"
#include "tapehead/data/detail/split_pattern.h"
#include "tapehead/data/detail/token_model.h"
#include "tapehead/data/detail/unicode_classes.h"
#include "tapehead/tests/json_values.h"
#include "tapehead/tests/oracles/tokenizer_cases.h"
#include "tapehead/tests/scratch.h"

using namespace tapehead;
using namespace tapehead::data;
using namespace tapehead::data::tokenizing;
using test::message_of;

namespace {

using Texts = std::vector<std::string>;

const std::string kName = "t";

/// Calls `check` with the part's description and each of its cases.
template <class Cases, class Check>
void walk(const Cases& cases, Check check) {
  for (const char* text : cases) {
    const Json part = parse_json(text, kName);
    const std::string description = part[0].dump();
    CAPTURE(description);
    for (const Json& one : part[1].as_array()) {
      const std::string input = one[0].dump();
      CAPTURE(input);
      check(JsonView(part[0], kName), one[0], one[1]);
    }
  }
}

Texts pieces_of(const PreTokenizer& cut, const std::string& text) {
  std::vector<Piece> pieces;
  if (!text.empty()) pieces.push_back({text, true});
  cut(pieces, SIZE_MAX);
  Texts out;
  for (const Piece& piece : pieces) out.push_back(piece.text);
  return out;
}

std::string error_of(const char* json, auto make) {
  const Json parsed = parse_json(json, kName);
  return message_of<FormatError>([&] { make(JsonView(parsed, kName)); });
}

}  // namespace

TEST_CASE("normalizers do what the package's do") {
  walk(kNormalizerCases, [](const JsonView& part, const Json& text, const Json& expected) {
    CHECK(make_normalizer(part)(text.as_string(), SIZE_MAX) == expected.as_string());
  });
}

TEST_CASE("pre-tokenizers cut where the package's cut") {
  walk(kPreTokenizerCases, [](const JsonView& part, const Json& text, const Json& expected) {
    CHECK(pieces_of(make_pre_tokenizer(part), text.as_string()) == test::strings(expected));
  });
}

TEST_CASE("decoders do what the package's do") {
  walk(kDecoderCases, [](const JsonView& part, const Json& tokens, const Json& expected) {
    std::vector<DecodedToken> decoded;
    for (const Json& token : tokens.as_array()) decoded.push_back({token.as_string()});
    make_decoder(part)(decoded, SIZE_MAX);
    std::string text;
    for (const DecodedToken& token : decoded) text += token.text;
    CHECK(text == expected.as_string());
  });
}

TEST_CASE("the byte-level decoder takes added tokens for text") {
  std::vector<DecodedToken> tokens = {{"Ġa"}, {"Ġé", true}, {"ä¸Ń"}};
  make_decoder(JsonView(Json{{"type", "ByteLevel"}}, kName))(tokens, SIZE_MAX);
  CHECK(tokens[0].text == " aĠé中");
}

TEST_CASE("classes of characters have as many members as the package's") {
  if (std::string(utf8proc_unicode_version()) != "15.0.0") {
    MESSAGE("skipped: utf8proc has other tables than those that the counts were made with");
    return;
  }
  using namespace unicode;
  struct Row {
    const char* name;
    bool (*member)(char32_t);
    int count;
  };
  const Row rows[] = {{"letter", is_letter, 9487},
                      {"number", is_number, 1216},
                      {"mark", is_mark, 1657},
                      {"capital", is_capital, 1226},
                      {"small", is_small, 1366},
                      {"white space", is_white_space, 24},
                      {"word", is_word, 11814},
                      {"digit", is_digit, 1226},
                      {"punctuation", is_punctuation, 532},
                      {"control", is_control, 99},

                      {"nonspacing", is_nonspacing_mark, 1015},
                      {"combining", is_combining_mark, 1390}};
  for (const Row& row : rows) {
    CAPTURE(row.name);
    int count = 0;
    for (char32_t c = 0; c < 0x3000; ++c) count += row.member(c);
    for (char32_t c = 0x10000; c < 0x12000; ++c) count += row.member(c);
    CHECK(count == row.count);
  }
}

TEST_CASE("a long run of one character takes linear time to cut and n log n to merge") {
  TokenTable tokens;
  MergeOptions options;
  std::string token = "a";
  for (int i = 0; i < 12; ++i, token += token) tokens.add(token);
  MergeModel model(std::move(tokens), options);
  token = "a";
  for (int i = 0; i < 11; ++i, token += token) REQUIRE(model.add_merge(token, token).empty());
  const auto started = std::chrono::steady_clock::now();
  std::vector<int64_t> ids;
  model.encode(std::string(30'000, 'a'), ids);
  CHECK(ids.size() == 14 + 4);  // of 2048, and 1328 in binary
  for (const char* c : {"a", " ", "\n", ".", "1", "A", "'"}) {
    for (const std::string_view regex : {kGpt2Regex, kGpt4Regex}) {
      const auto pattern = find_split_pattern(regex);
      std::u32string text(10'000, static_cast<char32_t>(c[0]));
      for (size_t at = 0; at < text.size();) at = pattern->end_of_piece(text, at);
    }
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
  CHECK(took.count() < 5);  // quadratic: minutes
}

TEST_CASE("bytes that are no UTF-8 are replaced part by part") {
  struct Row {
    std::string bytes, text;
  };
  const Row rows[] = {
      {"", ""},
      {"a\xC3\xA4", "a\xC3\xA4"},
      {"\x80z", "\uFFFDz"},
      {"\xE4\xB8", "\uFFFD"},
      {"\xE4\xB8z\xF0\x9F\x98", "\uFFFDz\uFFFD"},
      {"\xF0\x9F\x98\xF0\x9F\x98\x80", "\uFFFD\U0001F600"},
      {"\xC0\xAF\xED\xA0\x80\xF4\x90\xFF", "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD"}};
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(repaired_utf8(row.bytes) == row.text);
  }
}

TEST_CASE("bytes stand in GPT-2's alphabet and come back from it") {
  std::string bytes, back;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  CHECK(to_byte_level(" a\n\xC3") == "ĠaĊÃ");
  CHECK(from_byte_level(to_byte_level(bytes), back));
  CHECK(back == bytes);
  CHECK_FALSE(from_byte_level("a b", back));
  CHECK(back == bytes);
}

TEST_CASE("rules that feed on their own results stop at a limit") {
  const auto chain = [](const char* list, const Json& rule, int count) {
    Json json = {{"type", "Sequence"}, {list, Json::array()}};
    for (int i = 0; i < count; ++i) json[list].push_back(rule);
    return Json{{"type", "Sequence"}, {list, Json::array({json})}};
  };
  const Json doubling = {{"type", "Replace"}, {"pattern", {{"String", "l"}}}, {"content", "ll"}};
  const Json bytes = {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", false}};
  const std::string limit =
      ": it makes the text longer than 4160 bytes; 64 times its length and "
      "4096 bytes more are the limit";
  const auto normalized = [&](const Json& json) {
    return message_of<FormatError>(
        [&] { make_normalizer(JsonView(json, kName))("l", most_bytes(1)); });
  };
  CHECK(normalized(chain("normalizers", doubling, 12)).empty());
  CHECK(normalized(chain("normalizers", doubling, 40)) ==
        "t: normalizers[0].normalizers[12]" + limit);
  // A single rule does not make more than it may, either.
  const Json long_one = {
      {"type", "Replace"}, {"pattern", {{"String", "l"}}}, {"content", std::string(1 << 20, 'x')}};
  CHECK(normalized(long_one) == "t" + limit);

  const auto cut = [&](const Json& json) {
    std::vector<Piece> pieces{{"\xc3\xbf", true}};
    return message_of<FormatError>(
        [&] { make_pre_tokenizer(JsonView(json, kName))(pieces, most_bytes(1)); });
  };
  CHECK(cut(chain("pretokenizers", bytes, 10)).empty());
  CHECK(cut(chain("pretokenizers", bytes, 40)) == "t: pretokenizers[0].pretokenizers[11]" + limit);

  const auto decoded = [&](const Json& json) {
    std::vector<DecodedToken> tokens{{"l", false}};
    return message_of<FormatError>(
        [&] { make_decoder(JsonView(json, kName))(tokens, most_bytes(1)); });
  };
  CHECK(decoded(chain("decoders", doubling, 12)).empty());
  CHECK(decoded(chain("decoders", doubling, 40)) == "t: decoders[0].decoders[12]" + limit);

  Json around = {{"type", "TemplateProcessing"},
                 {"single", Json::array({{{"Sequence", {{"id", "A"}}}}})},
                 {"special_tokens", {{"s", {{"ids", Json::array()}}}}}};
  for (int i = 0; i < 101; ++i) {
    around["special_tokens"]["s"]["ids"].push_back(0);
    around["single"].push_back({{"SpecialToken", {{"id", "s"}}}});
  }
  CHECK(message_of<FormatError>([&] { make_surround(JsonView(around, kName)); }) ==
        "t: it adds more than 10000 tokens to a text");
}

TEST_CASE("unknown parts are named") {
  const auto cut = [](const JsonView& from) { make_pre_tokenizer(from); };
  const auto normalize = [](const JsonView& from) { make_normalizer(from); };
  const auto decode = [](const JsonView& from) { make_decoder(from); };
  const auto surround = [](const JsonView& from) { make_surround(from); };
  CHECK(error_of(R"({"type":"UnicodeScripts"})", cut) ==
        "t: type: the pre-tokenizer 'UnicodeScripts' is not supported; Sequence, ByteLevel, Split, "
        "Metaspace, BertPreTokenizer, Whitespace, WhitespaceSplit, Punctuation and Digits are");
  CHECK(error_of(R"({"type":"Split","pattern":{"Regex":"x+"},"behavior":"Isolated"})", cut) ==
        "t: pattern.Regex: the regular expression x+ is not supported; those of GPT-2, GPT-4 and "
        "Llama 3, GPT-4 with possessive quantifiers, Qwen 2, Qwen 3.5, GPT-4o are");
  CHECK(error_of(R"({"type":"Split","pattern":{"String":"x"},"behavior":"Odd"})", cut) ==
        "t: behavior: 'Odd' is not supported; Isolated, Removed, MergedWithPrevious, "
        "MergedWithNext and Contiguous are");
  CHECK(error_of(R"({"type":"Metaspace","prepend_scheme":"last"})", cut) ==
        "t: prepend_scheme: 'last' is not one of always, first and never");
  CHECK(error_of(R"({"type":"Metaspace","replacement":"ab"})", cut) ==
        "t: replacement: must be one character");
  CHECK(
      error_of(R"({"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"Precompiled"}]})",
               normalize) ==
      "t: normalizers[1].type: the normalizer 'Precompiled' is not supported; Sequence, NFC, NFD, "
      "NFKC, NFKD, Lowercase, StripAccents, Strip, Prepend, Replace, BertNormalizer and ByteLevel "
      "are");
  CHECK(error_of(R"({"type":"Replace","pattern":{"Regex":" +"},"content":""})", normalize) ==
        "t: pattern: a plain String is supported here, a regular expression is not");
  CHECK(error_of(R"({"type":"CTC"})", decode) ==
        "t: type: the decoder 'CTC' is not supported; Sequence, ByteLevel, WordPiece, Metaspace, "
        "ByteFallback, Fuse, Strip, BPEDecoder and Replace are");
  CHECK(error_of(R"({"type":"Odd"})", surround) ==
        "t: type: the post-processor 'Odd' is not supported; ByteLevel, BertProcessing, "
        "RobertaProcessing, TemplateProcessing and Sequence are");
  CHECK(error_of(R"({"type":"TemplateProcessing","single":[],"special_tokens":{}})", surround) ==
        "t: single: a template for a single text must contain A exactly once");
  CHECK(error_of(R"({"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"x"}}],)"
                 R"("special_tokens":{}})",
                 surround) == "t: single[0].SpecialToken.id: 'x' is not one of special_tokens");
  CHECK(error_of(R"({"type":"BertProcessing","cls":["[CLS]"],"sep":["[SEP]",1]})", surround) ==
        "t: cls: must be a token and its id");
  CHECK(error_of(R"([])", cut) == "t: must be an object");
  CHECK(error_of(R"({})", cut) == "t: field 'type' is missing");
  CHECK(error_of(R"({"type":1})", cut) == "t: type: must be a string");
  CHECK(error_of(R"({"type":"Digits","individual_digits":1})", cut) ==
        "t: individual_digits: must be true or false");
}
