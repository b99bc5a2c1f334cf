#include "tapehead/data/caption_scores.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>

#include "tapehead/core/error.h"
#include "tapehead/data/cider.h"
#include "tapehead/tests/oracles/caption_cases.h"
#include "tapehead/tests/scratch.h"

namespace tapehead::caption_scores_test {

using namespace data;
using test::message_of;

using Lines = std::vector<std::string>;
using References = std::vector<Lines>;

TEST_CASE("scores of captions are pycocoevalcap's, of the corpus and of each caption") {
  for (const test::CaptionCase& recorded : test::kCaptionCases) {
    CAPTURE(recorded.hypotheses[0]);
    const CaptionScores scores = caption_scores(recorded.hypotheses, recorded.references);
    const CorpusScore* rows[] = {&scores.bleu[0], &scores.bleu[1], &scores.bleu[2], &scores.bleu[3],
                                 &scores.rouge_l, &scores.cider,   &scores.cider_d};
    for (size_t row = 0; row < std::size(rows); ++row) {
      const std::vector<double>& expected = recorded.scores[row];
      REQUIRE(rows[row]->each.size() + 1 == expected.size());
      for (size_t i = 0; i < expected.size(); ++i) {
        CAPTURE(row);
        CAPTURE(i);
        const double got = i == 0 ? rows[row]->score : rows[row]->each[i - 1];
        CHECK(std::abs(got - expected[i]) <= 1e-12);
      }
    }
  }
}

TEST_CASE("caption scores are printed in a line") {
  CHECK(
      caption_scores(Lines{"a b c d"}, References{{"a b c d"}}).to_string() ==
      "BLEU-1 1.000 BLEU-2 1.000 BLEU-3 1.000 BLEU-4 1.000 ROUGE-L 1.000 METEOR 1.000 CIDEr 0.000 "
      "CIDEr-D 0.000");
}

TEST_CASE("cider takes document frequencies of another corpus") {
  const References corpus{{"a red cat", "a cat"}, {"a dog"}, {"the dog", "dog"}};
  const DocumentFrequencies frequencies(corpus);
  CHECK(frequencies.documents() == 3);
  const std::pair<const char*, int64_t> counts[] = {
      {"a", 2},   {"dog", 2},   {"a  cat", 1}, {"a red cat", 1},
      {"cow", 0}, {"a cow", 0}, {"", 0},       {"a b c d e", 0}};
  for (const auto& row : counts) {
    CAPTURE(row.first);
    CHECK(frequencies(row.first) == row.second);
  }
  CHECK(DocumentFrequencies()("a") == 0);
  const Lines hypotheses{"a red cat", "a dog", "dog"};
  CHECK(cider(hypotheses, corpus, {.frequencies = frequencies}).each ==
        cider(hypotheses, corpus).each);
  // One picture alone: "a" weighs log(3/2), "dog" and "the" log(3/2) and log(3), "a dog" and "the
  // dog" log(3); only "dog" is shared.
  const double common = std::log(1.5), rare = std::log(3.0);
  const double cosine = common * common / (std::hypot(common, common) * std::hypot(rare, common));
  const CorpusScore one =
      cider(Lines{"a dog"}, References{{"the dog"}}, {.frequencies = frequencies});
  CHECK(one.score == doctest::Approx(10 * cosine / 4));
  // CIDEr-D: two words more than the reference, and "dog" twice instead of once.
  const auto d = [&](double sigma) {
    return cider_d(Lines{"dog dog dog"}, References{{"dog"}},
                   {.sigma = sigma, .frequencies = frequencies})
        .score;
  };
  CHECK(d(6) == doctest::Approx(10.0 / 4 / 3 * std::exp(-4.0 / 72)));
  CHECK(d(1) == doctest::Approx(10.0 / 4 / 3 * std::exp(-4.0 / 2)));
}

TEST_CASE("caption scores refuse what they cannot compare") {
  const Lines one = {"a"}, two = {"a", "b"};
  const References good{{"a"}}, none{{"a"}, {}}, bad{{"a"}, {"b", "\xff"}};
  CHECK(message_of<ValueError>([&] { caption_bleu(two, good); }) ==
        "caption_bleu: 2 hypotheses, 1 sets of references; each needs one of the other");
  CHECK(message_of<ValueError>([&] { caption_rouge_l({}, {}); }) ==
        "caption_rouge_l: there are no hypotheses; pass at least one caption");
  CHECK(message_of<ValueError>([&] { cider(two, none); }) ==
        "cider: hypothesis 1 has no references; pass at least one");
  CHECK(message_of<FormatError>([&] { cider_d(two, bad); }) ==
        "cider_d: a reference of hypothesis 1 is not UTF-8: byte 0xff at offset 0");
  CHECK(message_of<FormatError>([&] { cider(Lines{"\xff"}, good); }) ==
        "cider: hypothesis 0 is not UTF-8: byte 0xff at offset 0");
  CHECK(message_of<ValueError>([&] { cider_d(one, good, {.sigma = 0}); }) ==
        "cider_d: sigma is 0; expected more than 0");
  CHECK(message_of<ValueError>([] { DocumentFrequencies{std::span<const Lines>()}; }) ==
        "DocumentFrequencies: there are no references; pass those of a corpus");
  CHECK(message_of<FormatError>([&] { DocumentFrequencies{bad}; }) ==
        "DocumentFrequencies: a reference of picture 1 is not UTF-8: byte 0xff at offset 0");
}

}  // namespace tapehead::caption_scores_test
