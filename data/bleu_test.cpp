#include "tapehead/data/bleu.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tapehead/core/error.h"
#include "tapehead/tests/oracles/bleu_cases.h"
#include "tapehead/tests/scratch.h"

using namespace tapehead;
using namespace tapehead::data;
using test::message_of;

using Lines = std::vector<std::string>;

TEST_CASE("tokenize_13a cuts as sacreBLEU does") {
  for (const test::TokenCase& recorded : test::kTokenCases) {
    CAPTURE(recorded.line);
    CHECK(fmt::format("{}", fmt::join(tokenize_13a(recorded.line), " ")) == recorded.tokens);
  }
}

TEST_CASE("bleu is sacreBLEU's, to the last bit and as printed") {
  for (const test::BleuCase& recorded : test::kBleuCases) {
    CAPTURE(recorded.printed);
    const BleuScore score =
        bleu_score(recorded.hypotheses, recorded.references, {.lowercase = recorded.lowercase});
    CHECK(score.score == recorded.score);
    CHECK(score.to_string() == recorded.printed);
    CHECK(score.signature() == recorded.signature);
    if (recorded.references.size() == 1) {
      CHECK(bleu(recorded.hypotheses, recorded.references[0], {.lowercase = recorded.lowercase}) ==
            recorded.score);
    }
  }
}

TEST_CASE("bleu reports its parts") {
  const Lines hypotheses = {"The cat sat on a mat."}, references = {"the cat sat on the mat."};
  const BleuScore score = bleu_score(hypotheses, references, {.lowercase = true});
  CHECK(score.correct == std::array<int64_t, 4>{6, 4, 2, 1});
  CHECK(score.total == std::array<int64_t, 4>{7, 6, 5, 4});
  CHECK(score.hypothesis_length == 7);
  CHECK(score.reference_length == 7);
  CHECK(score.brevity_penalty == 1);
  CHECK(bleu(references, references) == doctest::Approx(100));
  CHECK(bleu(hypotheses, references) < score.score);
}

TEST_CASE("bleu refuses what it cannot compare") {
  const Lines one = {"a"}, two = {"a", "b"}, bad = {"a", "b\xff"};
  CHECK(message_of<ValueError>([&] { bleu(one, two); }) ==
        "bleu: 1 hypotheses, 2 references; each needs one of the other");
  CHECK(message_of<ValueError>([] { bleu(Lines{}, Lines{}); }) ==
        "bleu: there are no hypotheses; pass at least one line");
  CHECK(message_of<ValueError>([&] { bleu_score(one, std::vector<Lines>{}); }) ==
        "bleu: there are no references; pass at least one set");
  CHECK(message_of<FormatError>([&] { bleu(two, bad); }) ==
        "bleu: reference 1 is not UTF-8: byte 0xff at offset 1");
  CHECK(message_of<FormatError>([&] { bleu(bad, two); }) ==
        "bleu: hypothesis 1 is not UTF-8: byte 0xff at offset 1");
}
