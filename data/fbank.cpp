#include "tapehead/data/fbank.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "tapehead/core/creation.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"
#include "tapehead/core/parallel.h"
#include "tapehead/data/detail/frame_features.h"

namespace tapehead::data {
namespace {

using detail::FrameFeatures;

// Sample i of a signal that is mirrored at both ends: x[-1] is x[0].
int64_t mirrored(int64_t i, int64_t count) {
  const int64_t period = 2 * count;
  i = (i % period + period) % period;
  return i < count ? i : period - 1 - i;
}

Tensor features_of(const char* op, const FrameFeatures& frames, const Tensor& waveform) {
  if (waveform.dtype() != f32)
    throw DTypeError(
        fmt::format("{}: the samples are {}; expected f32", op, name(waveform.dtype())));
  if (waveform.dim() < 1 || waveform.dim() > 2 || (waveform.dim() == 2 && waveform.size(0) != 1))
    throw ShapeError(
        fmt::format("{}: the samples are {}; expected [N] or [1, N], one channel of them", op,
                    waveform.shape().str()));
  const Tensor x = core::contiguous(waveform.detach());
  const int64_t count = x.size(-1), length = frames.length(), shift = frames.shift();
  const bool snips = frames.options().snip_edges;
  const int64_t T =
      snips ? (count < length ? 0 : 1 + (count - length) / shift) : (count + shift / 2) / shift;
  const Tensor out = core::empty({T, frames.size()}, f32);
  if (out.numel() == 0) return out;
  core::parallel_range(T, FrameFeatures::kBlock, [&](int64_t begin, int64_t end) {
    const float* starts[FrameFeatures::kBlock];
    std::vector<float> edges;  // frames that reach beyond the samples
    edges.reserve(static_cast<size_t>(FrameFeatures::kBlock * length));
    for (int64_t t = begin; t < end; ++t) {
      const int64_t start = snips ? t * shift : t * shift + shift / 2 - length / 2;
      starts[t - begin] = x.data<float>() + start;
      if (start >= 0 && start + length <= count) continue;
      starts[t - begin] = edges.data() + edges.size();
      for (int64_t i = start; i < start + length; ++i)
        edges.push_back(x.data<float>()[mirrored(i, count)]);
    }
    frames.compute(starts, end - begin, out.data<float>() + begin * frames.size());
  });
  return out;
}

template <class Options>
std::unique_ptr<const FrameFeatures> streamed_features(const Options& options) {
  auto frames = std::make_unique<const FrameFeatures>(options);
  if (!frames->options().snip_edges)
    throw ValueError(
        "FeatureStream: snip_edges must be true: the last frames would mirror samples");
  return frames;
}

}  // namespace

Tensor fbank(const Tensor& waveform, const FbankOptions& options) {
  return features_of("fbank", FrameFeatures(options), waveform);
}

Tensor mfcc(const Tensor& waveform, const MfccOptions& options) {
  return features_of("mfcc", FrameFeatures(options), waveform);
}

FeatureStream::FeatureStream(const FbankOptions& options) : frames_(streamed_features(options)) {}
FeatureStream::FeatureStream(const MfccOptions& options) : frames_(streamed_features(options)) {}
FeatureStream::~FeatureStream() = default;
FeatureStream::FeatureStream(FeatureStream&&) noexcept = default;
FeatureStream& FeatureStream::operator=(FeatureStream&&) noexcept = default;

Tensor FeatureStream::push(std::span<const float> samples) {
  pending_.insert(pending_.end(), samples.begin(), samples.end());
  return complete_frames();
}

Tensor FeatureStream::push(std::span<const int16_t> samples) {
  for (const int16_t sample : samples) pending_.push_back(static_cast<float>(sample) / 32768);
  return complete_frames();
}

Tensor FeatureStream::push_bytes(std::string_view bytes) {
  std::vector<int16_t> samples;
  for (const char c : bytes) {
    const auto byte = static_cast<uint8_t>(c);
    if (odd_byte_ < 0) {
      odd_byte_ = byte;
      continue;
    }
    samples.push_back(static_cast<int16_t>(static_cast<uint16_t>(byte << 8 | odd_byte_)));
    odd_byte_ = -1;
  }
  return push(samples);
}

Tensor FeatureStream::complete_frames() {
  const auto skip = [this](int64_t count) {
    skip_ += count;
    const int64_t now = std::min(skip_, static_cast<int64_t>(pending_.size()));
    pending_.erase(pending_.begin(), pending_.begin() + now);
    skip_ -= now;
  };
  skip(0);
  const auto count = static_cast<int64_t>(pending_.size());
  const Tensor out = features_of("FeatureStream", *frames_, from_vector(pending_, {count}));
  skip(out.size(0) * frames_->shift());
  return out;
}

}  // namespace tapehead::data
