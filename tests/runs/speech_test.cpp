// Speech recognition: generated tones, folders of recordings, searches, and recordings that do not
// fit.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/data/audio.h"
#include "tapehead/data/error_rate.h"
#include "tapehead/data/files.h"
#include "tapehead/data/telephone_tones.h"
#include "tapehead/data/text.h"
#include "tapehead/tests/runs/process.h"
#include "tapehead/tests/scratch.h"

using namespace tapehead::test;

namespace {

using SpeechWords = std::vector<std::string>;

Outcome run_speech(const Scratch& folder, const SpeechWords& words, const std::string& input = "") {
  SpeechWords command{example("speech")};
  command.insert(command.end(), words.begin(), words.end());
  return run(command, {.folder = folder.path(), .input = input});
}

std::string speech_output(const Scratch& folder, const SpeechWords& words,
                          const std::string& input = "") {
  const Outcome outcome = run_speech(folder, words, input);
  CAPTURE(outcome.err);
  CAPTURE(outcome.out);
  REQUIRE(outcome.status == 0);
  return outcome.out;
}

// The error of a run that must fail.
std::string speech_error(const Scratch& folder, const SpeechWords& words, int status = 1) {
  const Outcome outcome = run_speech(folder, words);
  CAPTURE(outcome.out);
  CHECK(outcome.status == status);
  return outcome.err;
}

std::string last_line_of(const std::string& text) { return Outcome{.out = text}.last_line(); }

// A sequence of clear tones.
tapehead::data::TelephoneTones clear_tones(uint64_t seed, const std::string& keys = "0123456789") {
  return tapehead::data::telephone_tones(seed, {.keys = keys, .count = {3, 4}, .snr = {25, 30}});
}

void write_tones(const std::string& path, uint64_t seed, int64_t longest = 80'000) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  const tapehead::Tensor samples = clear_tones(seed).samples;
  tapehead::data::write_audio(path, samples.narrow(0, 0, std::min(samples.numel(), longest)), 8000);
}

// Three parts in LibriSpeech's layout, whose speakers say "one two" and "two" in tones.
void write_corpus(const Scratch& folder) {
  for (const std::string part : {"train", "dev", "test-a", "test-b"}) {
    std::string lines;
    for (uint64_t i = 0; i < 6; ++i) {
      const std::string id = fmt::format("7-1-{:04}", i);
      write_tones(folder / fmt::format("{}/7/1/{}.flac", part, id), i);
      lines += id + (i % 2 == 0 ? " ONE TWO\n" : " TWO\n");
    }
    folder.write(part + "/7/1/7-1.trans.txt", lines);
  }
}

const SpeechWords kSmallCorpus{"--data",
                               ".",
                               "--rate",
                               "8000",
                               "--hidden-size",
                               "8",
                               "--num-layers",
                               "1",
                               "--channels",
                               "8",
                               "--decoder-size",
                               "8",
                               "--joint-dim",
                               "8",
                               "--embed-dim",
                               "8",
                               "--beam",
                               "2",
                               "--quiet",
                               "--steps",
                               "2"};

SpeechWords with(const SpeechWords& words, const SpeechWords& more) {
  SpeechWords all = words;
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

// Little-endian 16-bit samples.
std::string raw_samples(const tapehead::Tensor& samples) {
  std::string bytes;
  for (const float x : samples.to_vector<float>()) {
    const auto sample = static_cast<int16_t>(x * 32767);
    bytes.push_back(static_cast<char>(sample & 0xff));
    bytes.push_back(static_cast<char>(sample >> 8));
  }
  return bytes;
}

// Checks that output consists of these lines, except for a key or two: the training is short.
void check_heard(const std::string& out, const SpeechWords& wanted) {
  CAPTURE(out);
  SpeechWords lines;
  std::istringstream stream(out);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  REQUIRE(lines.size() == wanted.size());
  const tapehead::data::ErrorRates errors = tapehead::data::character_errors(lines, wanted);
  CHECK(errors.substitutions + errors.deletions + errors.insertions <= 2);
}

}  // namespace

TEST_CASE("speech learns tones, scores itself again, and transcribes a file and standard input") {
  const Scratch folder;
  const std::string out = speech_output(folder, {"--quiet", "--epochs", "10", "--examples", "400",
                                                 "--frames", "1500", "--average", "0.95"});
  const std::string last = last_line_of(out);
  CAPTURE(out);
  REQUIRE(last.starts_with(R"({"example":"speech","metric":"exact_match","value":)"));
  CHECK(std::atof(last.substr(last.rfind(':') + 1).c_str()) >= 0.8);
  for (const char* file : {"alignment-test.svg", "test.txt", "test-errors.txt", "letters.txt"})
    CHECK(std::filesystem::exists(folder / "out/speech/" + file));
  CHECK(last_line_of(speech_output(folder, {"--eval", "out/speech"})) == last);

  write_tones(folder / "a.wav", 1);
  write_tones(folder / "b.flac", 2);
  write_tones(folder / "b.wav", 2);
  const SpeechWords wanted{clear_tones(1).keys, clear_tones(2).keys};
  check_heard(
      speech_output(folder, {"--eval", "out/speech", "--transcribe", "a.wav", "b.flac", "b.wav"}),
      {"a.wav: " + wanted[0], "b.flac: " + wanted[1], "b.wav: " + wanted[1]});
  for (const char* picture : {"alignment-a.svg", "alignment-b.svg", "alignment-b-2.svg"})
    CHECK(std::filesystem::exists(folder / "out/speech/" + picture));

  const tapehead::Tensor pause = tapehead::randn({8000}) * 1e-3;
  std::vector<tapehead::Tensor> heard{pause};
  for (const uint64_t seed : {1, 2}) {
    heard.push_back(clear_tones(seed).samples * 0.5);
    heard.push_back(pause);
  }
  check_heard(speech_output(folder, {"--eval", "out/speech", "--interactive"},
                            raw_samples(tapehead::cat(heard, 0))),
              wanted);
  CHECK(speech_output(folder, {"--eval", "out/speech", "--interactive"}).empty());
  CHECK(
      speech_output(folder, {"--eval", "out/speech", "--interactive"}, raw_samples(pause)).empty());
}

// Regression: the steps that measure the time changed a Conformer's running statistics.
TEST_CASE("speech: --minutes gives the model that as many --steps give") {
  const Scratch folder;
  const SpeechWords small{"--quiet",   "--examples",    "20", "--encoder",
                          "conformer", "--hidden-size", "8"};
  const auto trained = [&](const SpeechWords& words) {
    std::filesystem::remove_all(folder / "out");
    const std::string last = last_line_of(speech_output(folder, with(small, words)));
    return last + slurp(folder / "out/speech/model.safetensors");
  };
  const std::string timed = trained({"--minutes", "0.01"});
  std::string steps = slurp(folder / "out/speech/steps.txt");
  steps.pop_back();
  CHECK(timed == trained({"--steps", steps}));
}

TEST_CASE("speech trains each model on a folder of recordings, with a language model") {
  const Scratch folder;
  write_corpus(folder);
  for (const std::string model : {"las", "ctc", "joint", "conformer", "transducer"}) {
    CAPTURE(model);
    const SpeechWords words =
        with(kSmallCorpus, {"--model", model, "--lm", "--lm-epochs", "1", "--out", model});
    const std::string out = speech_output(folder, words), last = last_line_of(out);
    CAPTURE(out);
    CHECK(last.starts_with(R"({"example":"speech","metric":"wer","value":)"));
    for (const std::string test : {"test-a", "test-b"})
      CHECK(out.find(test + "           6 utterances  beam 2            WER") != std::string::npos);
    CHECK(out.find("beam 2 with lm") != std::string::npos);
    CHECK(last_line_of(speech_output(folder, {"--eval", model})) == last);
  }
  for (const std::string encoder : {"lstm", "pyramid", "conformer", "transformer"}) {
    CAPTURE(encoder);
    speech_output(folder, with(kSmallCorpus, {"--encoder", encoder, "--out", "encoder",
                                              "--normalize", "speaker", "--minutes", "1"}));
  }
}

TEST_CASE("speech reads Common Voice's layout, and texts for its language model") {
  const Scratch folder;
  for (const std::string part : {"train", "dev", "test"}) {
    std::string table = "client_id\tpath\tsentence\n";
    for (uint64_t i = 0; i < 3; ++i) {
      const std::string name = fmt::format("{}{}.wav", part, i);
      write_tones(folder / ("clips/" + name), i);
      table += fmt::format("ann\t{}\tWell \u2013 \u201cone\u201d, two!\n", name);
    }
    folder.write(part + ".tsv", table);
  }
  folder.write("more.txt", "One, 2 wells.\nWell, one two\n");
  const std::string out = speech_output(
      folder, with(kSmallCorpus, {"--lm", "--lm-text", "more.txt", "--lm-epochs", "1"}));
  CHECK(out.find("test             3 utterances") != std::string::npos);
  const std::string transcripts = slurp(folder / "out/speech/test.txt");
  CHECK(transcripts.starts_with("test0\t"));
  CHECK(transcripts.ends_with("\twell one two\n"));
}

TEST_CASE("speech reads spoken digits, one by one and joined to strings") {
  const Scratch folder;
  for (int digit = 0; digit < 10; ++digit)
    for (int take = 4; take < 7; ++take)
      write_tones(folder / fmt::format("recordings/{}_ann_{}.wav", digit, take),
                  static_cast<uint64_t>(digit), 2000);
  const SpeechWords few{"--data",
                        ".",
                        "--hidden-size",
                        "8",
                        "--channels",
                        "8",
                        "--num-layers",
                        "1",
                        "--decoder-size",
                        "8",
                        "--examples",
                        "5",
                        "--quiet",
                        "--steps",
                        "2"};
  CHECK(last_line_of(speech_output(folder, few))
            .starts_with(R"({"example":"speech","metric":"exact_match","value":)"));
  // A recording of a digit is one, however little the model has learnt.
  for (const char* model : {"ctc", "las"}) {
    speech_output(folder, with(few, {"--model", model}));
    for (const std::string& line : tapehead::data::read_lines(folder / "out/speech/test.txt")) {
      const auto columns = tapehead::data::split_string(line, '\t');
      REQUIRE(columns.size() == 3);
      CHECK_MESSAGE((columns[1].size() == 1 && std::isdigit(columns[1][0]) != 0), line);
    }
  }
  const std::string out = speech_output(folder, with(few, {"--join", "2-3"}));
  CHECK(out.find("test             3 utterances") != std::string::npos);
  CHECK(last_line_of(out).starts_with(R"({"example":"speech","metric":"digit_error","value":)"));
  // A recording is transcribed without the data.
  std::filesystem::copy(folder / "recordings/9_ann_6.wav", folder / "a.wav");
  std::filesystem::rename(folder / "recordings", folder / "elsewhere");
  CHECK(speech_output(folder, {"--eval", "out/speech", "--transcribe", "a.wav"})
            .starts_with("a.wav: "));
  std::filesystem::rename(folder / "elsewhere", folder / "recordings");
  CHECK(speech_error(folder, with(few, {"--join", "3", "--shift", "100"}))
            .ends_with(" letters; lower --shift\n"));
  for (const std::string range : {"0", "7-3", "3-", "x", "2-3-4", "1000"})
    CHECK(speech_error(folder, with(few, {"--join", range}))
              .ends_with(fmt::format("speech: --join {}: must be a number or a range such as 3-7\n",
                                     range)));
  std::filesystem::remove(folder / "recordings/9_ann_6.wav");
  CHECK(speech_error(folder, few) ==
        "speech: .: there are no recordings for validation; 20 for training and 1 for testing are "
        "needed at least\n");
}

TEST_CASE("speech names the recordings that it leaves out, or fails with --strict") {
  const Scratch folder;
  write_corpus(folder);
  std::string text = slurp(folder / "train/7/1/7-1.trans.txt");
  const std::string longest(200, 'A');
  const auto train_with = [&](const std::string& more, const SpeechWords& words = {}) {
    folder.write("train/7/1/7-1.trans.txt", text + more);
    SpeechWords all = with(kSmallCorpus, words);
    std::erase(all, "--quiet");
    return run_speech(folder, all);
  };
  const std::string lacking = "7-1-0098 ONE\n";
  Outcome outcome = train_with(lacking);
  CHECK(outcome.status == 0);
  CHECK(
      outcome.err.find("speech: ./train: 1 transcript without a recording (7-1-0098); left out") !=
      std::string::npos);
  CHECK(train_with(lacking, {"--strict"}).status == 1);

  write_tones(folder / "train/7/1/7-1-0099.flac", 3);
  const std::string crowded = "7-1-0099 " + longest + "\n";
  const char* said =
      "training: 1 utterance with more letters than CTC can align (7-1-0099); left out";
  CHECK(train_with(crowded).err.find(said) != std::string::npos);
  CHECK(train_with(crowded, {"--model", "las"}).err.find("CTC") == std::string::npos);
  CHECK(train_with(crowded, {"--strict"})
            .err.ends_with("training: 1 utterance with more letters than CTC can align (7-1-0099); "
                           "leave --strict out "
                           "to go on without them\n"));
  outcome = train_with(crowded, {"--max-seconds", "0.2"});
  CHECK(outcome.err.find("recordings longer than 0.2 seconds (7-1-0000") != std::string::npos);
  CHECK(outcome.err.ends_with("./train: no utterance is left; raise --max-seconds\n"));
  CHECK(train_with("", {"--train", "train,none"}).err.ends_with("./none: no such file\n"));
  CHECK(train_with("", {"--train", "train,dev"}).status == 0);
}

TEST_CASE("speech: options, folders and recordings that do not fit") {
  const Scratch folder;
  const auto ends = [&](const SpeechWords& words, const std::string& end, int status = 1) {
    const std::string error = speech_error(folder, words, status);
    CAPTURE(error);
    CHECK(error.ends_with(end + "\n"));
  };
  ends({"--model", "hmm"}, "speech: --model hmm: use las, ctc, joint, conformer or transducer", 2);
  ends({"--encoder", "cnn"}, "speech: --encoder cnn: use lstm, pyramid, conformer or transformer",
       2);
  ends({"--normalize", "all"}, "speech: --normalize all: use utterance, speaker or corpus", 2);
  ends({"--join", "3"},
       "speech: --join: joins recordings of digits; give their folder with --data");
  folder.write("text.wav", "not a sound");
  ends({"--join", "3", "--transcribe", "text.wav"},
       "speech: --join: joins recordings of digits; give their folder with --data");
  ends({"--transcribe", "text.wav", "none.wav"}, "speech: --transcribe none.wav: no such file");
  ends({"--normalize", "speaker"},
       "speech: --normalize speaker: only recordings in folders have speakers");
  ends({"--lm"}, "speech: --lm: generated sequences are no sentences; give a file with --lm-text");
  ends({"--model", "transducer", "--ctc-weight", "1"},
       "speech: --ctc-weight 1: leaves nothing to train the rest of transducer; take --model ctc");
  ends({"--letters", "one", "--lm", "--lm-text", "x"},
       "speech: --letters one: a letter is no sentence; leave out --lm");
  ends({"--letters", "one", "--model", "transducer"},
       "speech: --letters one: the search of transducers finds any number");
  ends({"--lm-weight", "0.3"}, "speech: --lm-weight: there is no language model; give --lm");
  ends({"--lm-text", "x"}, "speech: --lm-text: there is no language model; give --lm");
  ends({"--data", ".", "--normalize", "speaker", "--noise", "0.3"},
       "speech: --noise: is not for features that are normalised by --normalize speaker");
  ends({"--data", "none"}, "speech: --data none: no such file");
  std::filesystem::create_directories(folder / "empty");
  ends({"--data", "empty"},
       "speech: --data empty: there is no folder or table whose name begins with test; name one "
       "with --test");
  ends({"--examples", "4", "--shift", "60"},
       "speech: training: no utterance is left; lower --shift");
  ends({"--examples", "4", "--steps", "1", "--lm", "--lm-text", "none.txt"},
       "speech: none.txt: no such file");
  folder.write("lines.txt", "one two\nthree\n");
  ends({"--examples", "4", "--steps", "1", "--lm", "--lm-text", "lines.txt", "--lm-size", "30"},
       "4 heads do not divide embed_dim = 30; choose another number, or give head_dim (in "
       "gpt.layers.0.attention)");
  CHECK_FALSE(std::filesystem::exists(folder / "out/speech/checkpoint.safetensors"));

  speech_output(folder, {"--smoke", "--examples", "4", "--quiet"});
  write_tones(folder / "short.wav", 1);
  tapehead::data::write_audio(folder / "click.wav", tapehead::zeros({80}), 8000);
  const auto transcribe = [](const std::string& file, const SpeechWords& more = {}) {
    return with({"--eval", "out/speech", "--transcribe", file}, more);
  };
  ends(transcribe("none.wav"), "speech: --transcribe none.wav: no such file");
  CHECK(speech_error(folder, transcribe("text.wav")).starts_with("speech: text.wav: "));
  CHECK(speech_error(folder, transcribe("short.wav", {"--max-seconds", "0.2"}))
            .starts_with("speech: short.wav: "));
  ends(transcribe("click.wav"),
       "speech: click.wav: shorter than a frame of 20 ms; nothing can be recognised");
}
