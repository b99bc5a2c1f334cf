#include "tapehead/data/features.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tapehead/core/creation.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"

namespace tapehead::data {
namespace {

void check_feature_rows(const char* op, const Tensor& features) {
  if (features.dtype() != f32)
    throw DTypeError(
        fmt::format("{}: the features are {}; expected f32", op, name(features.dtype())));
  if (features.dim() != 2)
    throw ShapeError(
        fmt::format("{}: the features are {}; expected [T, F]", op, features.shape().str()));
}

Tensor feature_row(const std::vector<double>& values) {
  return from_vector(std::vector<float>(values.begin(), values.end()));
}

}  // namespace

Tensor compute_deltas(const Tensor& features, int64_t win_length) {
  check_feature_rows("compute_deltas", features);
  if (win_length < 3 || win_length % 2 == 0)
    throw ValueError(
        fmt::format("compute_deltas: win_length = {}; it must be odd, 3 or more", win_length));
  const int64_t T = features.size(0), F = features.size(1), reach = win_length / 2;
  const Tensor x = core::contiguous(features.detach()), out = zeros({T, F});
  const auto steps = static_cast<double>(reach);
  const double squares = steps * (steps + 1) * (2 * steps + 1) / 3;
  for (int64_t t = 0; t < T; ++t) {
    float* to = out.data<float>() + t * F;
    for (int64_t n = 1; n <= reach; ++n) {
      const float* after = x.data<float>() + std::min(t + n, T - 1) * F;
      const float* before = x.data<float>() + std::max<int64_t>(t - n, 0) * F;
      const auto weight = static_cast<float>(static_cast<double>(n) / squares);
      for (int64_t f = 0; f < F; ++f) to[f] += weight * (after[f] - before[f]);
    }
  }
  return out;
}

void FeatureStats::check_frames(const char* op) const {
  if (frames_ == 0) throw ValueError(fmt::format("{}: no frames were added", op));
}

void FeatureStats::check_features(const char* op, const Tensor& features) const {
  check_feature_rows(op, features);
  const auto F = static_cast<int64_t>(mean_.size());
  if (frames_ > 0 && features.size(1) != F)
    throw ShapeError(fmt::format("{}: frames of {} features, but those before have {}", op,
                                 features.size(1), F));
}

// Updates each mean frame by frame (Welford 1962), which loses no digits where features are far
// from 0.
void FeatureStats::add(const Tensor& features) {
  check_features("FeatureStats", features);
  const Tensor x = core::contiguous(features.detach());
  if (frames_ == 0) {
    mean_.assign(static_cast<size_t>(x.size(1)), 0);
    squares_ = mean_;
  }
  const float* row = x.data<float>();
  for (int64_t t = 0; t < x.size(0); ++t) {
    ++frames_;
    for (size_t f = 0; f < mean_.size(); ++f) {
      const double value = *row++, distance = value - mean_[f];
      mean_[f] += distance / static_cast<double>(frames_);
      squares_[f] += distance * (value - mean_[f]);
    }
  }
}

double FeatureStats::deviation(size_t feature) const {
  return std::sqrt(squares_[feature] / static_cast<double>(frames_));
}

Tensor FeatureStats::mean() const {
  check_frames("mean");
  return feature_row(mean_);
}

Tensor FeatureStats::stddev() const {
  check_frames("stddev");
  std::vector<double> deviations;
  for (size_t f = 0; f < mean_.size(); ++f) deviations.push_back(deviation(f));
  return feature_row(deviations);
}

Tensor FeatureStats::normalize(const Tensor& features, bool variance) const {
  check_frames("normalize");
  check_features("normalize", features);
  std::vector<double> scales(mean_.size(), 1);
  for (size_t f = 0; variance && f < mean_.size(); ++f)
    if (const double d = deviation(f); d > 0) scales[f] = 1 / d;
  const Tensor out = core::clone(features.detach());
  float* to = out.data<float>();
  for (int64_t t = 0; t < out.size(0); ++t)
    for (size_t f = 0; f < mean_.size(); ++f, ++to)
      *to = static_cast<float>((*to - mean_[f]) * scales[f]);
  return out;
}

Tensor normalize_features(const Tensor& features, bool variance) {
  FeatureStats stats;
  stats.add(features);
  return stats.normalize(features, variance);
}

Tensor SpeakerStats::normalize(const std::string& speaker, const Tensor& features,
                               bool variance) const {
  const auto found = stats_.find(speaker);
  if (found == stats_.end())
    throw ValueError(fmt::format("normalize: no features of speaker '{}' were added", speaker));
  return found->second.normalize(features, variance);
}

}  // namespace tapehead::data
