// Sound: files of samples.
//
// C channels, N samples of each.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tapehead/core/error.h"
#include "tapehead/core/file.h"
#include "tapehead/core/tensor.h"

namespace tapehead::data {

/// A recording. Samples are from -1 to 1; files of floating samples may exceed that.
struct Audio {
  Tensor samples;           ///< f32 [C, N]
  int64_t sample_rate = 0;  ///< samples of a channel per second

  /// The duration in seconds.
  double seconds() const {
    return static_cast<double>(samples.size(1)) / static_cast<double>(sample_rate);
  }
};

/// Limits for reading untrusted recordings: a compressed file of a megabyte can hold hours of
/// silence.
struct AudioLimits {
  double seconds = 3600;               ///< maximum duration
  int64_t samples = int64_t{1} << 28;  ///< maximum number of samples of all channels
  int64_t bytes = kMaxFileBytes;       ///< maximum size of the file
};

/// Thrown for recordings beyond AudioLimits.
class AudioLimitError : public IoError {
  using IoError::IoError;
};

/// Reads WAV (8, 16, 24 and 32 bits, f32, f64, and what libsndfile can decode), FLAC, Ogg (Vorbis
/// and Opus) and MP3, recognised by the first bytes. Integers are divided by 2^(bits - 1), as
/// torchaudio.load does. Durations are checked in the header, before memory is allocated for
/// samples, and again while samples are read.
///
/// Throws IoError (missing, unreadable, too many bytes), AudioLimitError (too many seconds or
/// samples), FormatError (another format; no samples; truncated, which includes a header that
/// promises more samples than the file has; damaged; a sample that is not finite) and
/// OutOfMemoryError; each names the file. Of MP3,
/// which has neither lengths nor checksums, a truncated or damaged file is read as far as it can
/// be, and libmpg123 writes notes about it to stderr.
Audio read_audio(const std::string& path, const AudioLimits& limits = {});

/// How the samples of a WAV or FLAC file are stored.
enum class SampleFormat : uint8_t { u8, i16, i24, i32, f32 };

/// Options of write_audio().
struct WriteAudioOptions {
  /// By default i16. WAV has all formats, FLAC i16 and i24, and Ogg none.
  std::optional<SampleFormat> format = {};
};

/// Writes samples f32 [N] or [C, N] atomically as WAV, FLAC or Ogg Vorbis, according to the
/// extension .wav, .flac or .ogg. Integer samples are rounded, so that what read_audio() read from
/// them is written unchanged; those outside of -1 to 1 are clipped to that range, which f32 keeps.
/// Throws ShapeError, DTypeError, ValueError for another extension or format, a rate
/// outside 1..655,350 and samples that are not finite, and IoError.
void write_audio(const std::string& path, const Tensor& samples, int64_t sample_rate,
                 const WriteAudioOptions& options = {});

}  // namespace tapehead::data
