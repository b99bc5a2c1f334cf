// The features of examples/speech.cpp.
//
// T frames, F features of each.
#pragma once

#include "tapehead/examples/speech/options.h"

namespace speech {

// How samples become features.
struct Frontend {
  data::FbankOptions fbank;
  int64_t rate;
  std::string normalize;

  explicit Frontend(const Options& t)
      : fbank{.sample_frequency = static_cast<double>(t.rate),
              .frame_length = t.frame_length,
              .frame_shift = t.shift,
              .num_mel_bins = t.mels},
        rate(t.rate),
        normalize(t.normalize) {}

  // Log-mel features relative to the loudest one, and without those 14 below it (61 decibels).
  static Tensor levelled(const Tensor& features) {
    return features.numel() == 0 ? features : clamp_min(features - features.amax(), -14);
  }
  Tensor features(const Tensor& samples) const {
    return levelled(data::fbank(samples * 32768, fbank));
  }
  // With --normalize utterance; those of a corpus are normalised by the model.
  Tensor normalized(const Tensor& features) const {
    return normalize == "utterance" && features.numel() > 0 ? data::normalize_features(features)
                                                            : features;
  }
  // Features of a recording of a speaker who may be unknown, as normalized() takes them.
  Tensor of_stranger(const Tensor& features) const {
    return normalize == "speaker" && features.numel() > 0 ? data::normalize_features(features)
                                                          : features;
  }
  // The samples of a file as one channel, at the rate of the features.
  Tensor read(const std::string& path, double max_seconds) const {
    const data::Audio audio = data::read_audio(path, {.seconds = max_seconds});
    return data::resample(audio.samples.mean(0), audio.sample_rate, rate);
  }
};

}  // namespace speech
