// Word and character error rates of recognised speech, identical to jiwer's.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace tapehead::data {

/// What makes a hypothesis of a reference.
enum class Edit { kEqual, kSubstitute, kInsert, kDelete };

/// A run of one kind of edit: tokens reference_begin to reference_end of the reference, without the
/// last, became tokens hypothesis_begin to hypothesis_end of the hypothesis.
struct AlignmentChunk {
  Edit edit = Edit::kEqual;                          ///< the same for all tokens of the run
  int64_t reference_begin = 0, reference_end = 0;    ///< the same for insertions
  int64_t hypothesis_begin = 0, hypothesis_end = 0;  ///< the same for deletions
  bool operator==(const AlignmentChunk&) const = default;
};

/// Errors of a corpus. With H hits, S substitutions, D deletions, I insertions:
struct ErrorRates {
  double error_rate = 0;                ///< word or character error rate: (S + D + I) / (H + S + D)
  double match_error_rate = 0;          ///< (S + D + I) / (H + S + D + I)
  double information_preserved = 0;     ///< H / (H + S + D) · H / (H + S + I)
  double information_lost = 0;          ///< 1 - information_preserved
  int64_t hits = 0, substitutions = 0;  ///< H, S
  int64_t deletions = 0, insertions = 0;  ///< D, I
  bool of_characters = false;             ///< whether tokens are characters
  /// The tokens of each text, and their alignment.
  std::vector<std::vector<std::string>> hypotheses, references;
  std::vector<std::vector<AlignmentChunk>> alignments;
};

/// The word error rate of a corpus: the number of substitutions, deletions and insertions that make
/// the hypotheses of the references, divided by the number of words of the references; it may
/// exceed 1. Words are separated by white space and compared as they are: convert case and remove
/// punctuation before. The errors of all lines are added up before the division, as in jiwer.wer(),
/// which takes the references first; if the references have no words, the result is the number of
/// insertions. Throws ValueError if there are no lines or the numbers of hypotheses and references
/// differ, FormatError for a line that is not UTF-8.
/// Example: data::wer(std::vector<std::string>{"the bat sat"}, std::vector<std::string>{"the cat
///     sat down"})  // 0.5
double wer(std::span<const std::string> hypotheses, std::span<const std::string> references);

/// The character error rate, likewise, as jiwer.cer(). Characters are code points; white space
/// counts, except at both ends of a line.
/// Example: data::cer(std::vector<std::string>{"bat"}, std::vector<std::string>{"cats"})  // 0.5
double cer(std::span<const std::string> hypotheses, std::span<const std::string> references);

/// Word errors with their counts and alignments: jiwer.process_words(). Throws as wer().
/// Example: data::word_errors(std::vector<std::string>{"the bat sat"},
///     std::vector<std::string>{"the cat sat down"}).deletions  // 1
ErrorRates word_errors(std::span<const std::string> hypotheses,
                       std::span<const std::string> references);
/// Character errors with their counts and alignments: jiwer.process_characters(). Throws as cer().
/// Example: data::character_errors(std::vector<std::string>{"bat"},
///     std::vector<std::string>{"cats"}).substitutions  // 1
ErrorRates character_errors(std::span<const std::string> hypotheses,
                            std::span<const std::string> references);

/// The runs of an alignment with the fewest edits (Levenshtein 1966). Of several, the one that
/// rapidfuzz, and so jiwer, chooses for texts of up to some thousand tokens. Takes time, and 1/4
/// byte of memory, for each pair of tokens.
/// Example: data::align_tokens(std::vector<std::string>{"a", "c"}, std::vector<std::string>{"a",
///     "b", "c"}).size()  // 3
std::vector<AlignmentChunk> align_tokens(std::span<const std::string> hypothesis,
                                         std::span<const std::string> reference);

/// What visualize_alignment() shows.
struct VisualizeAlignmentOptions {
  bool show_measures = true;  ///< a summary at the end
  bool skip_correct = true;   ///< leave out pairs without an error
  int64_t line_width = 0;     ///< where lines are broken, in characters; 0: nowhere
};

/// The alignments as text: each reference above its hypothesis, with S, D and I below the errors,
/// as jiwer.visualize_alignment(). Throws ValueError for a negative line_width.
/// Example: data::visualize_alignment(data::character_errors(std::vector<std::string>{"bat"},
///     std::vector<std::string>{"cats"}), {.show_measures = false}).size()  // 50
std::string visualize_alignment(const ErrorRates& errors,
                                const VisualizeAlignmentOptions& options = {});

}  // namespace tapehead::data
