// Corpora of recordings with transcripts: LibriSpeech's layout, Common Voice's, spoken digits.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tapehead/data/files.h"
#include "tapehead/data/unmatched.h"

namespace tapehead::data {

/// A recording and what is said in it.
struct Utterance {
  std::string id;       ///< the name of the recording without its extension
  std::string path;     ///< of the recording, for read_audio()
  std::string speaker;  ///< who speaks
  std::string text;     ///< what is said
};

/// Utterances in the order of their ids.
struct SpeechCorpus {
  std::vector<Utterance> utterances;        ///< those with a recording and a transcript
  Unmatched transcripts_without_recording;  ///< named by their ids
  Unmatched recordings_without_transcript;  ///< named by their paths
  Unmatched repeated_recordings;  ///< with the id of one that comes before; named by their paths

  int64_t size() const { return static_cast<int64_t>(utterances.size()); }
  /// `1 transcript without a recording (a); 1 recording without a transcript (7/b.flac)`, or "".
  std::string mismatches() const;
};

/// Options of the readers below.
struct SpeechCorpusOptions {
  /// Whether mismatches() are an error, FormatError, which names them; otherwise they are left out
  /// and counted.
  bool strict = false;
  FileLimits limits = {};
};

/// Reads LibriSpeech's layout (Panayotov et al. 2015): DIR/SPEAKER/CHAPTER/ holds recordings
/// ID.flac, or .wav, .ogg or .mp3, and files *.trans.txt with lines `ID TEXT`. Throws IoError for a
/// missing folder or one without any transcripts, and FormatError, with file and line, for a line
/// without a text, an id that occurs twice, and text that is not UTF-8.
SpeechCorpus librispeech(const std::string& dir, const SpeechCorpusOptions& options = {});

/// Reads a split of Mozilla's Common Voice (Ardila et al. 2020): DIR/SPLIT.tsv, whose first line
/// names the columns client_id, path and sentence among others; recordings are in DIR/clips.
/// Recordings are without a transcript if no table of the folder names them. Throws IoError, and
/// FormatError, with file and line, for missing columns, a line with too few fields, an empty
/// sentence, a path or an id that occurs twice, a path that leads out of DIR/clips, and text that
/// is not UTF-8.
SpeechCorpus common_voice(const std::string& dir, const std::string& split,
                          const SpeechCorpusOptions& options = {});

/// The recordings for training or for testing.
enum class FsddPart { train, test };

/// Reads the free spoken digit data set (Jackson et al.): DIR/recordings/DIGIT_SPEAKER_INDEX.wav.
/// The text is the digit; recordings 0 to 4 of each digit and speaker are for testing, as its
/// publisher says. Files with other names are recordings without a transcript. Throws IoError for a
/// missing folder or one without digits.
SpeechCorpus fsdd(const std::string& dir, FsddPart part, const SpeechCorpusOptions& options = {});

}  // namespace tapehead::data
