// The translator on a small corpus in the layout of the real ones: its score, and errors for
// invalid use.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <filesystem>

#include "tapehead/data/bleu.h"
#include "tapehead/data/files.h"
#include "tapehead/tests/runs/process.h"
#include "tapehead/tests/scratch.h"

using namespace tapehead::test;

namespace {

using Words = std::vector<std::string>;

// Sentences of four words, with the same word order in both languages.
void write_split(const Scratch& folder, const std::string& name, size_t count, size_t start) {
  const Words de[] = {{"der", "ein"},
                      {"Hund", "Mann", "Vogel"},
                      {"sieht", "sucht"},
                      {"Wasser.", "Brot.", "Licht."}};
  const Words en[] = {
      {"the", "a"}, {"dog", "man", "bird"}, {"sees", "seeks"}, {"Water.", "bread.", "light."}};
  std::string source, target;
  for (size_t i = start; i < start + count; ++i) {
    size_t rest = i * 7;
    for (size_t k = 0; k < 4; ++k) {
      const char* end = k == 3 ? "\n" : " ";
      source += de[k][rest % de[k].size()] + end;
      target += en[k][rest % en[k].size()] + end;
      rest /= de[k].size();
    }
  }
  folder.write(name + ".de", source);
  folder.write(name + ".en", target);
}

void write_corpus(const Scratch& folder) {
  write_split(folder, "train", 36, 0);
  write_split(folder, "val", 4, 3);
  write_split(folder, "test_2016_flickr", 8, 11);
  write_split(folder, "other", 3, 20);
}

Outcome translate(Words words, const std::string& folder = "") {
  words.insert(words.begin(), example("translate"));
  return run(words, {.folder = folder});
}

Words training(const Scratch& corpus, const std::string& out) {
  return {
      "--data",    corpus.path(), "--source", "de",       "--target", "en",       "--hidden-size",
      "16",        "--embed-dim", "8",        "--merges", "30",       "--tokens", "120",
      "--dropout", "0",           "--steps",  "40",       "--quiet",  "--out",    out};
}

std::string bleu_line(const std::string& out, const Scratch& corpus, const std::string& split) {
  const double bleu =
      tapehead::data::bleu(tapehead::data::read_lines(out + "/translations.txt"),
                           tapehead::data::read_lines(corpus / split + ".en"), {.lowercase = true});
  CHECK(bleu > 0);
  // Like JSON, fmt prints the shortest text that reads back as the same number (unless it is an
  // integer).
  return fmt::format(R"({{"example":"translate","metric":"bleu","value":{}}})", bleu);
}

}  // namespace

TEST_CASE("translate: on text the figure printed is the BLEU of the translations written") {
  const Scratch corpus, scratch;
  write_corpus(corpus);
  const std::string out = scratch / "out";
  const Outcome trained = translate(training(corpus, out));
  CAPTURE(trained.err);
  REQUIRE(trained.status == 0);
  CHECK(trained.out == bleu_line(out, corpus, "test_2016_flickr") + "\n");

  const Outcome again = translate({"--eval", out, "--out", scratch / "again"});
  CAPTURE(again.err);
  CHECK(again.out == trained.out);
  const Outcome other = translate({"--eval", out, "--split", "other", "--out", scratch / "other"});
  CHECK(other.out == bleu_line(scratch / "other", corpus, "other") + "\n");

  const Outcome typed = run({example("translate"), "--eval", out, "--interactive"},
                            {.input = "der Hund sieht Brot.\n"});
  CHECK(typed.status == 0);
  CHECK(typed.out.starts_with("> "));
}

TEST_CASE("translate: what a user does wrong gets one message that says what to do") {
  const Scratch corpus, scratch;
  write_corpus(corpus);
  const std::string run = scratch / "run", empty = scratch / "empty";
  const std::string& data = corpus.path();
  std::filesystem::create_directory(empty);
  Words first = training(corpus, run);
  first.emplace_back("--smoke");
  REQUIRE(translate(first).status == 0);

  const struct {
    Words words;
    std::string message;
  } rows[] = {
      {{"--data", scratch / "none/m30"},
       scratch / "none/m30/train.de: no such file: there is no folder " + scratch / "none"},
      {{"--data", data, "--source", "fr"},
       data + ": there is neither train.fr nor train.fr.gz; the folder has train.de, train.en"},
      {{"--data", data, "--split", "test_2019"},
       data + ": there is neither test_2019.de nor test_2019.de.gz; the folder has other.de, "
              "other.en, test_2016_flickr.de, test_2016_flickr.en, train.de, train.en, val.de, "
              "val.en"},
      {{"--score", "bahdanau"},
       "score: there is no 'bahdanau'; take one of none, dot, scaled_dot, general, concat, "
       "additive, location, local_m, local_p"},
      {{"--cell", "rnn"}, "cell: there is no 'rnn'; take one of tanh, relu, lstm, gru"},
      {{"--eval", empty},
       "--eval " + empty + ": there is no model.safetensors; train one with --out " + empty +
           ", or give the folder of a trained model"},
      {{"--resume", "--out", empty},
       "--resume: there is no checkpoint.safetensors in " + empty +
           "; name the run's folder with --out, or leave --resume out to start a run"},
      {{"--resume", "--out", run, "--hidden-size", "24"},
       "--hidden-size 24: the run in " + run +
           " has --hidden-size 16; leave --hidden-size out, or train a new model in another --out"},
      {{"--eval", run, "--hidden-size", "24"},
       "--hidden-size 24: the run in " + run +
           " has --hidden-size 16; leave --hidden-size out, or train a new model in another --out"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.message);
    const Outcome outcome = translate(row.words, scratch.path());
    CHECK(outcome.err == "translate: " + row.message + "\n");
    CHECK(outcome.out.empty());
    CHECK(outcome.status == 1);
  }
  const Outcome misspelt = translate({"--hidden-siez", "3"}, scratch.path());
  CHECK(misspelt.err ==
        "translate: --hidden-siez: there is no such option; did you mean --hidden-size?\n");
  CHECK(misspelt.status == 2);
}
