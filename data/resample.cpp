#include "tapehead/data/resample.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "tapehead/core/creation.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"
#include "tapehead/core/parallel.h"

namespace tapehead::data {
namespace {

constexpr int64_t kHighestRate = 10'000'000, kLargestRatio = 65'536, kWidestFilter = 1024;
constexpr double kLeastRolloff = 0.01;  // below, filters are as long as they are slow

void check_resample(const Tensor& samples, int64_t orig_freq, int64_t new_freq,
                    const ResampleOptions& o) {
  if (samples.dtype() != f32)
    throw DTypeError(
        fmt::format("resample: the samples are {}; expected f32", name(samples.dtype())));
  if (samples.dim() == 0)
    throw ShapeError("resample: the samples are a 0-d tensor; expected [..., N]");
  for (const int64_t rate : {orig_freq, new_freq})
    if (rate < 1 || rate > kHighestRate)
      throw ValueError(
          fmt::format("resample: from {} to {} samples per second; both must be within 1..{}",
                      orig_freq, new_freq, kHighestRate));
  if (o.lowpass_filter_width < 1 || o.lowpass_filter_width > kWidestFilter)
    throw ValueError(fmt::format("resample: lowpass_filter_width = {}; it must be within 1..{}",
                                 o.lowpass_filter_width, kWidestFilter));
  if (!(o.rolloff >= kLeastRolloff && o.rolloff <= 1))
    throw ValueError(
        fmt::format("resample: rolloff = {}; it must be within {}..1", o.rolloff, kLeastRolloff));
}

// Result i, of phase i % to, lies at i from / to samples. Each phase has as many weights as the
// filter is wide, for the samples around (i / to) from + starts[phase].
class PolyphaseFilter {
 public:
  PolyphaseFilter(int64_t from, int64_t to, const ResampleOptions& o) : from_(from), to_(to) {
    const auto zeros = static_cast<double>(o.lowpass_filter_width);
    const double cutoff = static_cast<double>(std::min(from, to)) * o.rolloff,
                 step = cutoff / static_cast<double>(from);  // zero crossings from sample to sample
    const auto reach = static_cast<int64_t>(std::ceil(zeros / step));
    taps_ = 2 * reach + 1;
    for (int64_t phase = 0; phase < to; ++phase) {
      starts_.push_back(phase * from / to - reach);
      const double place = static_cast<double>(phase * from) / static_cast<double>(to);
      for (int64_t k = 0; k < taps_; ++k) {
        const double t = (static_cast<double>(starts_.back() + k) - place) * step;
        const double window = std::cos(M_PI_2 * std::clamp(t / zeros, -1.0, 1.0));
        const double sinc = t == 0 ? 1 : std::sin(M_PI * t) / (M_PI * t);
        weights_.push_back(
            static_cast<float>(std::abs(t) < zeros ? step * sinc * window * window : 0));
      }
    }
  }

  float at(const float* x, int64_t count, int64_t i) const {
    const auto phase = static_cast<size_t>(i % to_);
    const int64_t start = i / to_ * from_ + starts_[phase];
    const float* weights = weights_.data() + static_cast<int64_t>(phase) * taps_;
    float sum = 0;
    for (int64_t k = std::max<int64_t>(0, -start), end = std::min(taps_, count - start); k < end;
         ++k)
      sum += weights[k] * x[start + k];
    return sum;
  }

 private:
  int64_t from_, to_, taps_ = 0;
  std::vector<int64_t> starts_;
  std::vector<float> weights_;
};

}  // namespace

Tensor resample(const Tensor& samples, int64_t orig_freq, int64_t new_freq,
                const ResampleOptions& options) {
  check_resample(samples, orig_freq, new_freq, options);
  const int64_t divisor = std::gcd(orig_freq, new_freq), from = orig_freq / divisor,
                to = new_freq / divisor;
  if (std::max(from, to) > kLargestRatio)
    throw ValueError(
        fmt::format("resample: from {} to {} samples per second, a ratio of {} to {}; "
                    "neither may exceed {}",
                    orig_freq, new_freq, from, to, kLargestRatio));
  const Tensor x = core::contiguous(samples.detach());
  if (from == to) return core::clone(x);
  const int64_t count = x.size(-1), length = (count * to + from - 1) / from;
  Shape shape = x.shape();
  shape[shape.rank() - 1] = length;
  const Tensor out = core::empty(shape, f32);
  if (out.numel() == 0) return out;
  const PolyphaseFilter filter(from, to, options);
  core::parallel_range(out.numel(), 1 << 12, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      out.data<float>()[i] = filter.at(x.data<float>() + i / length * count, count, i % length);
  });
  return out;
}

Tensor speed(const Tensor& samples, int64_t orig_freq, double factor) {
  if (!(factor >= 0.1 && factor <= 10))
    throw ValueError(fmt::format("speed: factor = {}; it must be within 0.1..10", factor));
  return resample(samples, std::llround(factor * static_cast<double>(orig_freq)), orig_freq);
}

}  // namespace tapehead::data
