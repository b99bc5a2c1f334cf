// Features of speech: log-mel filter banks and mel-frequency cepstral coefficients.
//
// Names, defaults and values are those of torchaudio.compliance.kaldi, which are Kaldi's and
// kaldi-native-fbank's. There is no dither: add noise to the samples (data/sound_augment.h). Kaldi
// expects samples scaled to 16 bits; multiply those of read_audio() by 32,768 for its features.
//
// N samples, T frames, F features of each.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "tapehead/core/tensor.h"

namespace tapehead::data {

/// The window that samples of a frame are multiplied with. povey is a Hann window to the power
/// 0.85.
enum class WindowType : uint8_t { povey, hanning, hamming, rectangular, blackman };

/// Options of fbank(). Frames of `frame_length` ms start every `frame_shift` ms; each has its mean
/// subtracted, is pre-emphasised (x[i] - coefficient x[i - 1]), windowed, padded with zeros to a
/// power of two and transformed; triangular filters, evenly spaced on the mel scale, sum its power
/// spectrum.
struct FbankOptions {
  double sample_frequency = 16000;             ///< samples per second
  double frame_length = 25, frame_shift = 10;  ///< in milliseconds
  int64_t num_mel_bins = 23;                   ///< filters
  double low_freq = 20;                        ///< of the lowest filter, in Hz
  double high_freq = 0;                        ///< of the highest; from 0 down, below Nyquist
  double preemphasis_coefficient = 0.97;       ///< 0..1
  bool remove_dc_offset = true;                ///< subtracts the mean of each frame
  WindowType window_type = WindowType::povey;  ///< of each frame
  double blackman_coeff = 0.42;                ///< of WindowType::blackman
  bool round_to_power_of_two = true;           ///< pads frames before the transform
  bool snip_edges = true;  ///< only frames that fit; else N / shift, rounded, mirrored at the ends
  bool use_power = true;   ///< sums powers, not magnitudes
  bool use_log_fbank = true;  ///< takes the logarithm, of at least 1.19e-7
  bool use_energy = false;    ///< adds the logarithm of the frame's energy as feature 0
  double energy_floor = 1;    ///< smallest energy; 0: 1.19e-7
  bool raw_energy = true;     ///< energy before pre-emphasis and window
  bool htk_compat = false;    ///< the energy is the last feature
};

/// Log-mel filter banks of f32 [N] or [1, N]: f32 [T, F], with F = num_mel_bins, and 1 more with
/// use_energy. T is 1 + (N - length) / shift, rounded down, or 0 if no frame fits. Throws
/// ShapeError, DTypeError, and ValueError for options out of range, which include a filter without
/// any frequency of the transform: there are too many then.
/// Example: data::fbank(zeros({16000}), {.num_mel_bins = 80})  // shape [98, 80]
Tensor fbank(const Tensor& waveform, const FbankOptions& options = {});

/// Options of mfcc().
struct MfccOptions {
  FbankOptions fbank = {};  ///< use_log_fbank and use_power must stay true
  int64_t num_ceps = 13;    ///< coefficients, up to the number of filters
  double cepstral_lifter =
      22;  ///< scales coefficient i by 1 + lifter / 2 sin(pi i / lifter); 0: none
};

/// Mel-frequency cepstral coefficients (Davis and Mermelstein 1980), the discrete cosine transform
/// of log-mel filter banks: f32 [T, num_ceps]. With use_energy, the energy takes the place of
/// coefficient 0; with htk_compat, coefficient 0 is the last one. Throws as fbank().
/// Example: data::mfcc(zeros({16000}))  // shape [98, 13]
Tensor mfcc(const Tensor& waveform, const MfccOptions& options = {});

namespace detail {
class FrameFeatures;
}

/// Features of samples as they arrive, from a microphone for example: exactly those that fbank() or
/// mfcc() compute from all samples at once. Keeps less than one frame of samples.
///
///   data::FeatureStream stream(data::FbankOptions{.num_mel_bins = 80});
///   while (size_t count = std::fread(bytes, 1, sizeof(bytes), stdin))
///     show(stream.push_bytes({bytes, count}));
/// Example: data::FeatureStream(data::FbankOptions{}).push(std::vector<float>(560))
///     // shape [2, 23]
class FeatureStream {
 public:
  /// Throws as fbank(), and ValueError unless options.snip_edges.
  explicit FeatureStream(const FbankOptions& options);
  explicit FeatureStream(const MfccOptions& options);
  ~FeatureStream();
  FeatureStream(FeatureStream&&) noexcept;
  FeatureStream& operator=(FeatureStream&&) noexcept;

  /// Takes samples and returns the features of frames that they complete: f32 [T, F], maybe with T
  /// = 0. Integers are divided by 32,768.
  Tensor push(std::span<const float> samples);
  Tensor push(std::span<const int16_t> samples);
  /// The same for bytes of little-endian 16-bit samples, wherever they are cut, as in a pipe.
  Tensor push_bytes(std::string_view bytes);

 private:
  Tensor complete_frames();

  std::unique_ptr<const detail::FrameFeatures> frames_;
  std::vector<float> pending_;  // samples from the first of the next frame on
  int64_t skip_ = 0;            // samples to drop, if frames are further apart than they are long
  int odd_byte_ = -1;           // the first byte of a sample
};

}  // namespace tapehead::data
