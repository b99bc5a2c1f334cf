// What a speech recogniser attends to at each letter, over the spectrogram, as SVG, for papers.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace tapehead::train {

/// A spectrogram and, for each letter (or word) recognised from it, a weight for each step of time.
struct SpeechAlignment {
  /// Row-major [frames, bins], such as log-mel energies, from low to high frequencies; not owned.
  std::span<const float> spectrogram;
  int64_t frames = 0, bins = 0;
  std::vector<std::string> labels;  ///< the letters; spaces are shown as ␣
  std::span<const float> weights;   ///< row-major [labels, steps], at least 0; not owned
  /// The number of steps, which divide the time of all frames: fewer than frames if the encoder
  /// reduces their number.
  int64_t steps = 0;
  std::string title;  ///< above this spectrogram
};

/// How the pictures are drawn.
struct SpeechAlignmentStyle {
  std::string title;                ///< above all spectrograms
  double seconds_per_frame = 0.01;  ///< for the time axis
  double width = 720;               ///< width of a spectrogram on the page
  double row = 0;                   ///< height of a letter's row; 0: chosen to fit a page
};

/// Draws each spectrogram (louder is darker, from its 1 % to its 99 % quantile) with a row for each
/// letter from top to bottom: its weights as a curve, scaled by the largest of all letters, and the
/// letter above its maximum. The axis below is time in seconds. Attention that follows the speech
/// is a diagonal. The spectrogram is embedded as PNG; the result is deterministic for a version of
/// libpng. Throws ShapeError if the sizes of the spectrogram or the weights do not match, and
/// ValueError for an empty list, a number that is not finite, a negative weight, or a style out of
/// range.
/// Example: const std::vector<float> x{0, 1, 1, 0};
///     train::speech_alignment_svg(std::vector<train::SpeechAlignment>{{.spectrogram = x, .frames
///     = 2, .bins = 2, .labels = {"a", "b"}, .weights = x, .steps = 2}}).substr(0, 4)  // <svg
std::string speech_alignment_svg(std::span<const SpeechAlignment> alignments,
                                 const SpeechAlignmentStyle& style = {});

/// Writes speech_alignment_svg() to `path`, atomically. Throws its errors, and IoError.
void save_speech_alignment(const std::string& path, std::span<const SpeechAlignment> alignments,
                           const SpeechAlignmentStyle& style = {});

}  // namespace tapehead::train
