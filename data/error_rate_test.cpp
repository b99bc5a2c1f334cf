#include "tapehead/data/error_rate.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tapehead/core/error.h"
#include "tapehead/tests/oracles/error_rate_cases.h"
#include "tapehead/tests/scratch.h"

namespace tapehead::error_rate_test {

using namespace data;
using test::message_of;

using Lines = std::vector<std::string>;

namespace {

std::string runs_of(const std::vector<AlignmentChunk>& chunks) {
  std::string out;
  AlignmentChunk last;
  for (const AlignmentChunk& chunk : chunks) {
    CHECK(chunk.reference_begin == last.reference_end);
    CHECK(chunk.hypothesis_begin == last.hypothesis_end);
    const int64_t of_reference = chunk.reference_end - chunk.reference_begin;
    const int64_t of_hypothesis = chunk.hypothesis_end - chunk.hypothesis_begin;
    CHECK((of_reference > 0) == (chunk.edit != Edit::kInsert));
    CHECK((of_hypothesis > 0) == (chunk.edit != Edit::kDelete));
    out += fmt::format("{}{}{}", out.empty() ? "" : " ", "=SID"[static_cast<size_t>(chunk.edit)],
                       std::max(of_reference, of_hypothesis));
    last = chunk;
  }
  return out;
}

void check_rates(const ErrorRates& words, const ErrorRates& characters,
                 const std::array<double, 5>& expected) {
  CHECK(words.error_rate == expected[0]);
  CHECK(words.match_error_rate == expected[1]);
  CHECK(words.information_lost == expected[2]);
  CHECK(words.information_preserved == expected[3]);
  CHECK(characters.error_rate == expected[4]);
}

}  // namespace

TEST_CASE("error rates and alignments are jiwer's, of each line and of a corpus") {
  Lines hypotheses, references;
  for (const test::ErrorCase& recorded : test::kErrorCases) {
    CAPTURE(recorded.hypothesis);
    CAPTURE(recorded.reference);
    const Lines hypothesis{recorded.hypothesis}, reference{recorded.reference};
    const ErrorRates words = word_errors(hypothesis, reference);
    const ErrorRates characters = character_errors(hypothesis, reference);
    CHECK(runs_of(words.alignments[0]) == recorded.words);
    CHECK(runs_of(characters.alignments[0]) == recorded.characters);
    CHECK(align_tokens(words.hypotheses[0], words.references[0]) == words.alignments[0]);
    check_rates(words, characters, recorded.rates);
    hypotheses.push_back(recorded.hypothesis);
    references.push_back(recorded.reference);
  }
  const ErrorRates all[] = {word_errors(hypotheses, references),
                            character_errors(hypotheses, references)};
  check_rates(all[0], all[1], test::kCorpusRates);
  CHECK(wer(hypotheses, references) == test::kCorpusRates[0]);
  CHECK(cer(hypotheses, references) == test::kCorpusRates[4]);
  for (size_t kind = 0; kind < 2; ++kind) {
    const auto& [hits, substitutions, deletions, insertions] = test::kCorpusCounts[kind];
    CHECK(all[kind].hits == hits);
    CHECK(all[kind].substitutions == substitutions);
    CHECK(all[kind].deletions == deletions);
    CHECK(all[kind].insertions == insertions);
  }
}

TEST_CASE("alignments are shown as by jiwer") {
  Lines hypotheses, references;
  for (size_t i = 0; i < 12; ++i) {
    hypotheses.push_back(test::kErrorCases[i].hypothesis);
    references.push_back(test::kErrorCases[i].reference);
  }
  const ErrorRates all[] = {word_errors(hypotheses, references),
                            character_errors(hypotheses, references)};
  for (size_t kind = 0; kind < 2; ++kind) {
    CHECK(visualize_alignment(all[kind]) == test::kVisualized[kind][0]);
    CHECK(visualize_alignment(all[kind],
                              {.show_measures = false, .skip_correct = false, .line_width = 30}) ==
          test::kVisualized[kind][1]);
  }
  CHECK(visualize_alignment(word_errors(Lines{"a"}, Lines{"a"}), {.show_measures = false}).empty());
  CHECK(message_of<ValueError>([] { visualize_alignment({}, {.line_width = -1}); }) ==
        "visualize_alignment: line_width is -1; expected at least 0");
}

TEST_CASE("words are separated by any white space") {
  CHECK(wer(Lines{"\ta\nb\u3000c"}, Lines{"a b c"}) == 0);
  CHECK(cer(Lines{"\ta\n"}, Lines{"a"}) == 0);
}

TEST_CASE("error rates refuse what they cannot compare") {
  const Lines one = {"a"}, two = {"a", "b"}, bad = {"a", "b\xff"};
  CHECK(message_of<ValueError>([&] { wer(one, two); }) ==
        "wer: 1 hypotheses, 2 references; each needs one of the other");
  CHECK(message_of<ValueError>([] { cer(Lines{}, Lines{}); }) ==
        "cer: there are no hypotheses; pass at least one line");
  CHECK(message_of<FormatError>([&] { word_errors(two, bad); }) ==
        "word_errors: reference 1 is not UTF-8: byte 0xff at offset 1");
  CHECK(message_of<FormatError>([&] { character_errors(bad, two); }) ==
        "character_errors: hypothesis 1 is not UTF-8: byte 0xff at offset 1");
}

}  // namespace tapehead::error_rate_test
