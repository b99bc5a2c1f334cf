#include "tapehead/data/speech_corpus.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "tapehead/core/error.h"
#include "tapehead/data/audio.h"
#include "tapehead/data/fbank.h"
#include "tapehead/tests/expect.h"
#include "tapehead/tests/real_data.h"
#include "tapehead/tests/scratch.h"

namespace tapehead::speech_corpus_test {

using data::SpeechCorpus;
using testing::error_of;

namespace {

// `id speaker text` of each utterance.
std::vector<std::string> shown(const SpeechCorpus& corpus) {
  std::vector<std::string> lines;
  for (const data::Utterance& u : corpus.utterances)
    lines.push_back(u.id + " " + u.speaker + " " + u.text);
  return lines;
}

void make_folders(const test::Scratch& folder, const std::string& path) {
  std::filesystem::create_directories(folder / path);
}

}  // namespace

TEST_CASE("librispeech: recordings with transcripts, and what lacks either") {
  const test::Scratch folder;
  make_folders(folder, "19/198");
  make_folders(folder, "7/1");
  folder.write("README.TXT", "");
  const std::string trans = folder.write("19/198/19-198.trans.txt",
                                         "19-198-0001 ONE TWO\n19-198-0000 THREE\n19-198-0002 X\n");
  for (const char* file :
       {"19/198/19-198-0000.flac", "19/198/19-198-0001.flac", "7/1/7-1-0.wav", "7/1/7-1-1.wav"})
    folder.write(file, "");
  folder.write("7/1/7-1.trans.txt", "7-1-0 FOUR");
  const SpeechCorpus corpus = data::librispeech(folder.path());
  CHECK(shown(corpus) ==
        std::vector<std::string>{"19-198-0000 19 THREE", "19-198-0001 19 ONE TWO", "7-1-0 7 FOUR"});
  CHECK(corpus.utterances[2].path == folder / "7/1/7-1-0.wav");
  CHECK(corpus.transcripts_without_recording.names == std::vector<std::string>{"19-198-0002"});
  CHECK(corpus.recordings_without_transcript.names ==
        std::vector<std::string>{folder / "7/1/7-1-1.wav"});
  const std::string mismatches =
      "1 transcript without a recording (19-198-0002); 1 recording without a transcript (" +
      (folder / "7/1/7-1-1.wav") + ")";
  CHECK(corpus.mismatches() == mismatches);
  CHECK(corpus.repeated_recordings.count == 0);
  CHECK(error_of<FormatError>([&] { data::librispeech(folder.path(), {.strict = true}); }) ==
        folder.path() + ": " + mismatches + "; without `strict` they are left out");
  for (const char* file : {"19/198/19-198-0001.wav", "7/1/19-198-0000.ogg"}) folder.write(file, "");
  const SpeechCorpus twice = data::librispeech(folder.path());
  CHECK(twice.utterances[0].path == folder / "19/198/19-198-0000.flac");
  CHECK(twice.mismatches() == mismatches + "; 2 recordings with the ids of others (" +
                                  (folder / "19/198/19-198-0001.wav") + ", " +
                                  (folder / "7/1/19-198-0000.ogg") + ")");
  folder.write("19/198/19-198.trans.txt", "a ONE\n\n");
  CHECK(error_of<FormatError>([&] { data::librispeech(folder.path()); }) ==
        trans + ":2: expected an id, a blank and a text");
  folder.write("19/198/19-198.trans.txt", "a ONE\na TWO\n");
  CHECK(error_of<FormatError>([&] { data::librispeech(folder.path()); }) ==
        trans + ":2: the id a occurs twice");
}

TEST_CASE("common_voice: a split of a table") {
  const test::Scratch folder;
  make_folders(folder, "clips");
  const std::string table = folder.write("train.tsv",
                                         "client_id\tpath\tsentence\tup_votes\nx1\tb.mp3\tHello."
                                         "\t2\nx2\ta.mp3\tYes \"no\"\t0\nx1\tc.mp3\tGone\t0\n");
  folder.write("test.tsv", "path\tclient_id\tsentence\nd.mp3\tx3\tMore\n");
  folder.write("reported.tsv", "sentence\treason\nHello.\tnone\n");
  for (const char* clip : {"a.mp3", "b.mp3", "d.mp3", "e.mp3"})
    folder.write(std::string("clips/") + clip, "");
  const SpeechCorpus corpus = data::common_voice(folder.path(), "train");
  CHECK(shown(corpus) == std::vector<std::string>{"a x2 Yes \"no\"", "b x1 Hello."});
  CHECK(corpus.transcripts_without_recording.names == std::vector<std::string>{"c"});
  CHECK(corpus.recordings_without_transcript.names ==
        std::vector<std::string>{folder / "clips/e.mp3"});
  const struct {
    const char *lines, *error;
  } cases[] = {
      {"client_id\tpath\n",
       ":1: expected columns client_id, path and sentence, got 'client_id\tpath'"},
      {"client_id\tpath\tsentence\na\tb\n", ":2: 2 fields; expected 3"},
      {"client_id\tpath\tsentence\na\tb\t\n", ":2: the sentence is empty"},
      {"client_id\tpath\tsentence\na\t../b\tc\n",
       ":2: the path '../b' is not the name of a file in clips"},
      {"client_id\tpath\tsentence\na\tb\tc\na\tb\tc\n", ":3: the path b occurs twice"},
      {"client_id\tpath\tsentence\na\tb.wav\tc\na\tb.mp3\tc\n", ":3: the id b occurs twice"}};
  for (const auto& c : cases) {
    folder.write("train.tsv", c.lines);
    CHECK(error_of<FormatError>([&] { data::common_voice(folder.path(), "train"); }) ==
          table + c.error);
  }
}

TEST_CASE("fsdd: file names, and the publisher's split") {
  const test::Scratch folder;
  make_folders(folder, "recordings");
  for (const char* name : {"7_ann_0.wav", "7_ann_5.wav", "3_bob_lee_12.wav", "x_ann_1.wav",
                           "3_ann_x.wav", "3_ann_-0.wav", "3_ann_1234567890.wav", "notes.txt"})
    folder.write(std::string("recordings/") + name, "");
  const SpeechCorpus train = data::fsdd(folder.path(), data::FsddPart::train);
  CHECK(shown(train) == std::vector<std::string>{"3_bob_lee_12 bob_lee 3", "7_ann_5 ann 7"});
  CHECK(train.recordings_without_transcript.count == 4);
  CHECK(shown(data::fsdd(folder.path(), data::FsddPart::test)) ==
        std::vector<std::string>{"7_ann_0 ann 7"});
}

TEST_CASE("corpora of speech: missing folders") {
  const test::Scratch folder;
  CHECK(error_of<IoError>([&] { data::librispeech(folder.path()); }) ==
        folder.path() + ": no SPEAKER/CHAPTER/*.trans.txt, as LibriSpeech has");
  CHECK(error_of<IoError>([&] { data::librispeech(folder / "none"); }) ==
        folder / "none: no such file");
  CHECK(error_of<IoError>([&] { data::fsdd(folder.path(), data::FsddPart::test); }) ==
        folder / "recordings: no such file");
  make_folders(folder, "recordings");
  CHECK(error_of<IoError>([&] { data::fsdd(folder.path(), data::FsddPart::test); }) ==
        folder / "recordings: no recordings named DIGIT_SPEAKER_INDEX.wav");
}

TEST_CASE("fsdd: the published recordings") {
  const std::string dir = test::real_data("fsdd");
  if (dir.empty()) {
    MESSAGE("no fsdd: skipped");
    return;
  }
  const SpeechCorpus train = data::fsdd(dir, data::FsddPart::train, {.strict = true});
  const SpeechCorpus test = data::fsdd(dir, data::FsddPart::test, {.strict = true});
  CHECK(train.size() >= 2400);
  CHECK(test.size() == 300);
  for (size_t i = 0; i < test.utterances.size(); i += 10) {
    const data::Audio audio = data::read_audio(test.utterances[i].path);
    CHECK(audio.sample_rate == 8000);
    CHECK(data::fbank(audio.samples, {.sample_frequency = 8000}).size(0) > 5);
  }
}

}  // namespace tapehead::speech_corpus_test
