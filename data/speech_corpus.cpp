#include "tapehead/data/speech_corpus.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

#include "tapehead/core/error.h"
#include "tapehead/core/file.h"
#include "tapehead/core/parse_number.h"
#include "tapehead/data/text.h"

namespace tapehead::data {
namespace {

namespace fs = std::filesystem;

std::string file_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }
std::string file_stem(const std::string& path) {
  const std::string name = file_name(path);
  return name.substr(0, name.rfind('.'));
}

bool is_sound(const std::string& path) {
  return path.ends_with(".flac") || path.ends_with(".wav") || path.ends_with(".ogg") ||
         path.ends_with(".mp3");
}

// The paths of a folder's entries, sorted: the system's order differs between machines.
std::vector<std::string> sorted_entries(const std::string& folder) {
  std::error_code error;
  std::vector<std::string> entries;
  fs::directory_iterator at(folder, error);
  for (; !error && at != fs::directory_iterator(); at.increment(error))
    entries.push_back(at->path().string());
  if (error)
    throw IoError(error == std::errc::no_such_file_or_directory
                      ? no_such_file(folder)
                      : fmt::format("{}: {}", folder, error.message()));
  std::sort(entries.begin(), entries.end());
  return entries;
}

std::vector<std::string> sorted_folders(const std::string& folder) {
  std::vector<std::string> entries = sorted_entries(folder);
  std::erase_if(entries, [](const std::string& path) {
    std::error_code ignored;
    return !fs::is_directory(path, ignored);
  });
  return entries;
}

// Pairs texts with recordings by their ids.
class SpeechPairing {
 public:
  void add_recording(const std::string& path) {
    if (!recordings_.emplace(file_stem(path), path).second) repeated_.add(path);
  }
  // Whether the id is new.
  bool add_text(Utterance utterance) {
    std::string id = utterance.id;
    return texts_.emplace(std::move(id), std::move(utterance)).second;
  }
  // The corpus of `dir`, in the order of ids.
  SpeechCorpus corpus(const std::string& dir, const SpeechCorpusOptions& options) {
    SpeechCorpus corpus{.repeated_recordings = repeated_};
    for (auto& [id, utterance] : texts_) {
      const auto found = recordings_.find(id);
      if (found == recordings_.end()) {
        corpus.transcripts_without_recording.add(id);
        continue;
      }
      utterance.path = found->second;
      recordings_.erase(found);
      corpus.utterances.push_back(std::move(utterance));
    }
    for (const auto& recording : recordings_)
      corpus.recordings_without_transcript.add(recording.second);
    if (const std::string text = corpus.mismatches(); options.strict && !text.empty())
      throw FormatError(fmt::format("{}: {}; without `strict` they are left out", dir, text));
    return corpus;
  }

 private:
  std::map<std::string, std::string> recordings_;
  Unmatched repeated_;
  std::map<std::string, Utterance> texts_;
};

void read_transcripts(const std::string& file, const std::string& speaker, const FileLimits& limits,
                      SpeechPairing& pairing) {
  const std::vector<std::string> lines = read_lines(file, limits);
  for (size_t i = 0; i < lines.size(); ++i) {
    const size_t space = lines[i].find_first_of(" \t");
    const size_t text = lines[i].find_first_not_of(" \t", space);
    const auto fail = [&](const std::string& what) {
      throw FormatError(fmt::format("{}:{}: {}", file, i + 1, what));
    };
    if (space == 0 || text == std::string::npos) fail("expected an id, a blank and a text");
    const std::string id = lines[i].substr(0, space);
    if (!pairing.add_text(
            {.id = id, .path = {}, .speaker = speaker, .text = lines[i].substr(text)}))
      fail(fmt::format("the id {} occurs twice", id));
  }
}

std::optional<size_t> column_of(const std::vector<std::string_view>& header,
                                std::string_view name) {
  const auto found = std::find(header.begin(), header.end(), name);
  if (found == header.end()) return std::nullopt;
  return static_cast<size_t>(found - header.begin());
}

// The names of recordings in all tables of a folder of Common Voice.
std::set<std::string> listed_clips(const std::string& dir, const FileLimits& limits) {
  std::set<std::string> clips;
  for (const std::string& file : sorted_entries(dir)) {
    std::error_code ignored;
    if (!file.ends_with(".tsv") || fs::file_size(file, ignored) == 0) continue;
    const std::vector<std::string> lines = read_lines(file, limits);
    const auto path = column_of(split_string(lines[0], '\t'), "path");
    for (size_t i = 1; path && i < lines.size(); ++i)
      if (const auto fields = split_string(lines[i], '\t'); *path < fields.size())
        clips.emplace(fields[*path]);
  }
  return clips;
}

// The parts of DIGIT_SPEAKER_INDEX.
struct DigitName {
  char digit;
  std::string speaker;
  int64_t index;
};

std::optional<DigitName> digit_name(const std::string& stem) {
  const size_t last = stem.rfind('_');
  if (stem.size() < 5 || stem[0] < '0' || stem[0] > '9' || stem[1] != '_' || last < 3)
    return std::nullopt;
  const std::string_view digits = std::string_view(stem).substr(last + 1);
  const auto index = parse_number<uint64_t>(digits);
  if (!index || digits.size() > 9) return std::nullopt;
  return DigitName{stem[0], stem.substr(2, last - 2), static_cast<int64_t>(*index)};
}

}  // namespace

std::string SpeechCorpus::mismatches() const {
  return detail::joined_descriptions(
      {transcripts_without_recording.str("transcript without a recording",
                                         "transcripts without a recording"),
       recordings_without_transcript.str("recording without a transcript",
                                         "recordings without a transcript"),
       repeated_recordings.str("recording with the id of another",
                               "recordings with the ids of others")});
}

SpeechCorpus librispeech(const std::string& dir, const SpeechCorpusOptions& options) {
  SpeechPairing pairing;
  bool has_transcripts = false;
  for (const std::string& speaker : sorted_folders(dir)) {
    for (const std::string& chapter : sorted_folders(speaker)) {
      for (const std::string& file : sorted_entries(chapter)) {
        if (is_sound(file)) pairing.add_recording(file);
        if (!file.ends_with(".trans.txt")) continue;
        has_transcripts = true;
        read_transcripts(file, file_name(speaker), options.limits, pairing);
      }
    }
  }
  if (!has_transcripts)
    throw IoError(fmt::format("{}: no SPEAKER/CHAPTER/*.trans.txt, as LibriSpeech has", dir));
  return pairing.corpus(dir, options);
}

SpeechCorpus common_voice(const std::string& dir, const std::string& split,
                          const SpeechCorpusOptions& options) {
  const std::string table = fmt::format("{}/{}.tsv", dir, split);
  const std::vector<std::string> lines = read_lines(table, options.limits);
  const std::vector<std::string_view> header = split_string(lines[0], '\t');
  const auto speaker = column_of(header, "client_id"), path = column_of(header, "path"),
             sentence = column_of(header, "sentence");
  if (!speaker || !path || !sentence)
    throw FormatError(fmt::format("{}:1: expected columns client_id, path and sentence, got '{}'",
                                  table, lines[0]));
  SpeechPairing pairing;
  std::set<std::string> here;
  for (size_t i = 1; i < lines.size(); ++i) {
    const std::vector<std::string_view> fields = split_string(lines[i], '\t');
    const auto fail = [&](const std::string& what) {
      throw FormatError(fmt::format("{}:{}: {}", table, i + 1, what));
    };
    if (fields.size() <= std::max({*speaker, *path, *sentence}))
      fail(fmt::format("{} fields; expected {}", fields.size(), header.size()));
    const std::string clip(fields[*path]);
    if (clip.empty() || clip.find('/') != std::string::npos)
      fail(fmt::format("the path '{}' is not the name of a file in clips", clip));
    if (fields[*sentence].empty()) fail("the sentence is empty");
    if (!here.insert(clip).second) fail(fmt::format("the path {} occurs twice", clip));
    const std::string id = file_stem(clip);
    if (!pairing.add_text({.id = id,
                           .path = {},
                           .speaker = std::string(fields[*speaker]),
                           .text = std::string(fields[*sentence])}))
      fail(fmt::format("the id {} occurs twice", id));
  }
  const std::set<std::string> listed = listed_clips(dir, options.limits);
  for (const std::string& file : sorted_entries(dir + "/clips"))
    if (is_sound(file) && (here.contains(file_name(file)) || !listed.contains(file_name(file))))
      pairing.add_recording(file);
  return pairing.corpus(dir, options);
}

SpeechCorpus fsdd(const std::string& dir, FsddPart part, const SpeechCorpusOptions& options) {
  constexpr int64_t kTestRecordings = 5;
  const std::string recordings = dir + "/recordings";
  SpeechPairing pairing;
  bool has_digits = false;
  for (const std::string& file : sorted_entries(recordings)) {
    if (!is_sound(file)) continue;
    const std::string stem = file_stem(file);
    const auto parts = digit_name(stem);
    has_digits = has_digits || parts;
    if (parts && (parts->index < kTestRecordings) != (part == FsddPart::test)) continue;
    pairing.add_recording(file);
    if (parts) pairing.add_text({stem, "", parts->speaker, std::string(1, parts->digit)});
  }
  if (!has_digits)
    throw IoError(fmt::format("{}: no recordings named DIGIT_SPEAKER_INDEX.wav", recordings));
  return pairing.corpus(dir, options);
}

}  // namespace tapehead::data
