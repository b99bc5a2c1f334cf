// The features of single frames of samples, for data/fbank.cpp.
#pragma once

#include <cstdint>
#include <vector>

#include "tapehead/data/fbank.h"

namespace tapehead::data::detail {

/// Throws ValueError that starts with `op` for options out of range.
void check_fbank(const char* op, const FbankOptions& options);

/// The mel scale of HTK and Kaldi, and its inverse.
double mel_of(double hertz);
double hertz_of(double mel);

/// The edges of the triangular filters, evenly spaced on the mel scale: filter i rises from
/// low + i * step, has its centre a step after that, and ends another step later.
struct MelEdges {
  double low, step;
};
MelEdges mel_edges(const FbankOptions& options);

/// A triangular filter: weights of consecutive frequencies.
struct MelFilter {
  int64_t first = 0;
  std::vector<float> weights;
};

/// Computes features of frames with tables made once from the options. Frames are transformed in
/// blocks of a fixed size, so that their features are the same bit for bit however they arrive.
class FrameFeatures {
 public:
  static constexpr int64_t kBlock = 16;

  /// Throw ValueError that starts with fbank or mfcc.
  explicit FrameFeatures(const FbankOptions& options);
  explicit FrameFeatures(const MfccOptions& options);

  const FbankOptions& options() const { return options_; }
  int64_t length() const { return length_; }  ///< samples of a frame
  int64_t shift() const { return shift_; }    ///< samples from frame to frame
  int64_t size() const { return size_; }      ///< features of a frame

  /// Sets out [count, size()] to the features of frames that start at frames[i].
  void compute(const float* const* frames, int64_t count, float* out) const;

 private:
  FrameFeatures(const char* op, const FbankOptions& options);
  void make_window();
  void make_filters(const char* op);
  /// Sets a frame of the transform from its samples, and returns the logarithm of its energy.
  float prepare(const float* samples, float* to) const;
  float log_energy(const float* samples, int64_t count) const;
  void write_fbank(const float* mel, float energy, float* out) const;
  void write_mfcc(const float* mel, float energy, float* out) const;

  FbankOptions options_;
  int64_t length_, shift_, padded_, size_;
  std::vector<float> window_;
  std::vector<MelFilter> filters_;
  std::vector<float> cosines_;  // of mfcc, [num_ceps, num_mel_bins], scaled
};

}  // namespace tapehead::data::detail
