// Corpora of recordings with transcripts: LibriSpeech's layout, Common Voice's, spoken digits.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tapehead/data/files.h"

namespace tapehead::data {

/// A recording and what is said in it.
struct Utterance {
  std::string id;       ///< the name of the recording without its extension
  std::string path;     ///< of the recording, for read_audio()
  std::string speaker;  ///< who speaks
  std::string text;     ///< what is said
};

/// Names of files or transcripts that lack their counterpart.
struct Unpaired {
  static constexpr int64_t kNamed = 5;  ///< names that are kept
  int64_t count = 0;                    ///< of all of them
  std::vector<std::string> names;       ///< the first kNamed

  /// `3 transcripts without a recording: a, b, c`, for `what` = "transcripts without a recording".
  std::string str(const std::string& what) const;
};

/// Utterances in the order of their ids.
struct SpeechCorpus {
  std::vector<Utterance> utterances;  ///< those with a recording and a transcript
  Unpaired transcripts;               ///< transcripts without a recording, by id
  Unpaired recordings;                ///< recordings without a transcript, by path

  int64_t size() const { return static_cast<int64_t>(utterances.size()); }
};

/// Options of the readers below.
struct SpeechCorpusOptions {
  /// Throws FormatError, which names them, if transcripts lack recordings or recordings lack
  /// transcripts; otherwise they are left out and counted.
  bool paired = false;
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
/// sentence, a path that occurs twice or leads out of DIR/clips, and text that is not UTF-8.
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
