// Deltas and normalisation of features of speech.
//
// T frames, F features of each.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tapehead/core/tensor.h"

namespace tapehead::data {

/// The slopes of features f32 [T, F] over time: the regression sum_n n x[t + n] / sum_n n^2 over
/// |n| <= (win_length - 1) / 2, where the first and last frame are repeated beyond the ends. Equals
/// torchaudio.functional.compute_deltas, which takes [F, T]. Deltas of deltas are accelerations.
/// Throws DTypeError, ShapeError, and ValueError unless win_length is odd, from 3 on.
/// Example: data::compute_deltas(arange(4, f32).reshape({4, 1}), 3)
///     // [[0.5], [1.0], [1.0], [0.5]]
Tensor compute_deltas(const Tensor& features, int64_t win_length = 5);

/// Mean and variance of each feature over frames, such as those of a speaker.
/// Example: data::FeatureStats stats; stats.add(tensor({{1.0, 5.0}, {3.0, 5.0}}));
///     stats.normalize(tensor({{3.0, 6.0}}))  // [[1., 1.]]
class FeatureStats {
 public:
  /// Adds the frames of f32 [T, F]. Throws DTypeError, ShapeError for other features than before.
  void add(const Tensor& features);
  /// The number of frames that were added.
  int64_t frames() const { return frames_; }
  /// The mean and the standard deviation (with divisor frames()) of each feature: f32 [F]. Throw
  /// ValueError without frames.
  Tensor mean() const;
  Tensor stddev() const;
  /// (x - mean) / std of f32 [T, F], or x - mean. Features that never vary are not divided. Throws
  /// as add(), and ValueError without frames.
  Tensor normalize(const Tensor& features, bool variance = true) const;

 private:
  void check_frames(const char* op) const;
  void check_features(const char* op, const Tensor& features) const;
  double deviation(size_t feature) const;

  int64_t frames_ = 0;
  std::vector<double> mean_, squares_;  // of each feature; squares of distances from the mean
};

/// Normalises features f32 [T, F] with their own mean and variance. Throws as FeatureStats.
/// Example: data::normalize_features(tensor({{1.0, 5.0}, {3.0, 5.0}}))  // [[-1., 0.], [1., 0.]]
Tensor normalize_features(const Tensor& features, bool variance = true);

/// The statistics of each speaker.
/// Example: data::SpeakerStats stats; stats.add("ann", tensor({{1.0}, {3.0}}));
///     stats.normalize("ann", tensor({{5.0}}))  // [[3.]]
class SpeakerStats {
 public:
  /// Adds the features of an utterance. Throws as FeatureStats::add().
  void add(const std::string& speaker, const Tensor& features) { stats_[speaker].add(features); }
  /// Normalises features with the statistics of the speaker. Throws as FeatureStats::normalize(),
  /// and ValueError for an unknown speaker.
  Tensor normalize(const std::string& speaker, const Tensor& features, bool variance = true) const;
  /// The statistics by speaker.
  const std::map<std::string, FeatureStats>& speakers() const { return stats_; }

 private:
  std::map<std::string, FeatureStats> stats_;
};

}  // namespace tapehead::data
