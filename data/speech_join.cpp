#include "tapehead/data/speech_join.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tapehead/core/creation.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"
#include "tapehead/data/detail/splitmix.h"

namespace tapehead::data {
namespace {

constexpr double kLongestSilence = 3600;

void check_join(std::span<const Tensor> recordings, int64_t sample_rate, const JoinOptions& o) {
  if (recordings.empty()) throw ValueError("join_recordings: there are no recordings");
  if (sample_rate < 1 || sample_rate > 10'000'000)
    throw ValueError(
        fmt::format("join_recordings: a rate of {} samples per second; it must be "
                    "within 1..10,000,000",
                    sample_rate));
  if (!(o.min_silence >= 0 && o.min_silence <= o.max_silence && o.max_silence <= kLongestSilence))
    throw ValueError(
        fmt::format("join_recordings: silence from {} to {} seconds; it must be in "
                    "ascending order, within 0..{}",
                    o.min_silence, o.max_silence, kLongestSilence));
  if (!(o.cross_fade >= 0 && o.cross_fade <= kLongestSilence))
    throw ValueError(fmt::format("join_recordings: cross_fade = {}; it must be within 0..{}",
                                 o.cross_fade, kLongestSilence));
  for (size_t i = 0; i < recordings.size(); ++i) {
    const Tensor& x = recordings[i];
    if (x.dtype() != f32)
      throw DTypeError(
          fmt::format("join_recordings: recording {} is {}; expected f32", i, name(x.dtype())));
    if (x.dim() < 1 || x.dim() > 2 || (x.dim() == 2 && x.size(0) != 1) || x.numel() == 0)
      throw ShapeError(
          fmt::format("join_recordings: recording {} is {}; expected samples [N] or "
                      "[1, N]",
                      i, x.shape().str()));
  }
}

}  // namespace

JoinedRecordings join_recordings(std::span<const Tensor> recordings, int64_t sample_rate,
                                 const JoinOptions& options, uint64_t seed) {
  check_join(recordings, sample_rate, options);
  const auto in_samples = [&](double seconds) {
    return std::llround(seconds * static_cast<double>(sample_rate));
  };
  SplitMix random(SplitMix::hash(seed));
  JoinedRecordings joined;
  std::vector<int64_t> fades;  // between recordings i and i + 1
  int64_t start = 0;
  for (size_t i = 0; i < recordings.size(); ++i) {
    const int64_t end = start + recordings[i].numel();
    joined.starts.push_back(start);
    joined.ends.push_back(end);
    if (i + 1 == recordings.size()) break;
    fades.push_back(
        std::min<int64_t>(in_samples(options.cross_fade),
                          std::min(recordings[i].numel(), recordings[i + 1].numel()) / 2));
    const double silence = std::lerp(options.min_silence, options.max_silence, random.uniform());
    start = end - fades.back() + in_samples(silence);
  }
  joined.samples = zeros({joined.ends.back()});
  for (size_t i = 0; i < recordings.size(); ++i) {
    const Tensor x = core::contiguous(recordings[i].detach());
    const int64_t count = x.numel(), before = i > 0 ? fades[i - 1] : 0,
                  after = i < fades.size() ? fades[i] : 0;
    const auto ramp = [](int64_t step, int64_t steps) {
      return step >= steps ? 1 : (static_cast<float>(step) + 0.5F) / static_cast<float>(steps);
    };
    float* to = joined.samples.data<float>() + joined.starts[i];
    for (int64_t k = 0; k < count; ++k)
      to[k] += x.data<float>()[k] * ramp(k, before) * ramp(count - 1 - k, after);
  }
  return joined;
}

}  // namespace tapehead::data
