#include "tapehead/core/detail/correlation.h"

#include <algorithm>

#include "tapehead/core/detail/ceil_div.h"
#include "tapehead/core/kernels/convolution.h"

namespace tapehead::core {
namespace {

constexpr int64_t kWindowSlack =
    64;  // elements that may be read after a window (kernels/depthwise.h)

int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }

Correlation correlation_with_weight(const ConvShape& s) {
  Correlation c{};
  c.batch = s.batch, c.groups = s.groups;
  int64_t taps = 1;
  for (int i = 0; i < 3; ++i) taps *= c.kernel[i] = s.axis[i].kernel;
  c.w_group = s.out * s.in * taps;
  return c;
}

}  // namespace

int64_t CorrelationAxis::lowest() const {
  int64_t least = taps.empty() ? 0 : taps[0].shift;
  for (const Tap& tap : taps) least = std::min(least, tap.shift);
  return least;
}
int64_t CorrelationAxis::highest() const {
  int64_t most = taps.empty() ? 0 : taps[0].shift;
  for (const Tap& tap : taps) most = std::max(most, tap.shift);
  return most;
}

Correlation forward_of(const ConvShape& s) {
  Correlation c = correlation_with_weight(s);
  c.in = s.in, c.out = s.out;
  c.w_in = c.kernel[0] * c.kernel[1] * c.kernel[2];
  c.w_out = s.in * c.w_in;
  for (int i = 0; i < 3; ++i) {
    const ConvShape::Axis& a = s.axis[i];
    c.axis[i] = {a.size, a.result, a.stride, a.result, 0, 1, {}};
    for (int64_t k = 0; k < a.kernel; ++k)
      c.axis[i].taps.push_back({k * a.dilation - a.padding, k});
  }
  return c;
}

Correlation input_gradient_of(const ConvShape& s, const int64_t (&phase)[3]) {
  Correlation c = correlation_with_weight(s);
  c.in = s.out, c.out = s.in;
  c.w_out = c.kernel[0] * c.kernel[1] * c.kernel[2];
  c.w_in = s.in * c.w_out;
  for (int i = 0; i < 3; ++i) {
    const ConvShape::Axis& a = s.axis[i];
    const int64_t count = a.size > phase[i] ? ceil_div(a.size - phase[i], a.stride) : 0;
    c.axis[i] = {a.result, count, 1, a.size, phase[i], a.stride, {}};
    for (int64_t k = 0; k < a.kernel; ++k) {
      const int64_t from = phase[i] + a.padding - k * a.dilation;
      if (from % a.stride == 0) c.axis[i].taps.push_back({floor_div(from, a.stride), k});
    }
  }
  return c;
}

CorrelationPlan::CorrelationPlan(const Correlation& c, bool split, int64_t window_size,
                                 int64_t most_results)
    : c_(c) {
  choose_blocks(window_size, most_results);
  lay_out(split);
}

void CorrelationPlan::choose_blocks(int64_t window_size, int64_t most_results) {
  const CorrelationAxis &z = c_.axis[0], &y = c_.axis[1], &x = c_.axis[2];
  const int64_t span_y = y.highest() - y.lowest() + 1, span_x = x.highest() - x.lowest() + 1;
  const int64_t depth = std::max<int64_t>(c_.in * static_cast<int64_t>(z.taps.size()), 1);
  const auto fitting = [](int64_t room, int64_t span, int64_t step, int64_t most) {
    return std::clamp<int64_t>((room - span) / step + 1, 1, std::max<int64_t>(most, 1));
  };
  const int64_t row = depth * ((x.count - 1) * x.step + span_x);
  rows_ = fitting(window_size / row, span_y, y.step,
                  std::min(y.count, most_results / std::max<int64_t>(x.count, 1)));
  rows_ = ceil_div(y.count, ceil_div(y.count, rows_));
  columns_ = x.count;
  if (rows_ == 1) {
    columns_ =
        fitting(window_size / (depth * span_y), span_x, x.step, std::min(x.count, most_results));
    columns_ = ceil_div(x.count, ceil_div(x.count, std::max<int64_t>(columns_, 16)));
  }
  planes_ = z.count;
  rows_of_blocks_ = ceil_div(y.count, rows_);
  columns_of_blocks_ = ceil_div(x.count, columns_);
}

void CorrelationPlan::lay_out(bool split) {
  const CorrelationAxis &z = c_.axis[0], &y = c_.axis[1], &x = c_.axis[2];
  bool inside = !split;
  for (const CorrelationAxis& a : c_.axis)
    inside = inside && a.lowest() >= 0 && (a.count - 1) * a.step + a.highest() < a.size;
  height_ = (rows_ - 1) * y.step + y.highest() - y.lowest() + 1;
  width_ = (columns_ - 1) * x.step + x.highest() - x.lowest() + 1;
  split_ = split ? x.step : 1;
  const int64_t part = ceil_div(width_, split_);  // of the columns that belong together
  pitch_ = inside ? x.size : split_ * part;
  plane_pitch_ = inside ? y.size * x.size : height_ * pitch_;
  const auto planes = static_cast<int64_t>(z.taps.size());
  channel_pitch_ = inside ? z.size * plane_pitch_ : planes * plane_pitch_;
  copied_ = inside ? 0 : c_.in * channel_pitch_ + kWindowSlack;
  row_step_ = y.step * pitch_;
  const int64_t column_step = split_ > 1 ? 1 : x.step;
  for (int64_t i = 0; i < rows_; ++i)
    for (int64_t j = 0; j < columns_; ++j) results.push_back(i * row_step_ + j * column_step);
  for (int64_t channel = 0; channel < c_.in; ++channel)
    for (size_t k = 0; k < z.taps.size(); ++k)
      for (const auto& ty : y.taps)
        for (const auto& tx : x.taps) {
          const int64_t plane = inside ? z.taps[k].shift : static_cast<int64_t>(k);
          const int64_t column = tx.shift - (inside ? 0 : x.lowest());
          terms.push_back(channel * channel_pitch_ + plane * plane_pitch_ +
                          (ty.shift - (inside ? 0 : y.lowest())) * pitch_ + column % split_ * part +
                          column / split_);
          weights.push_back(channel * c_.w_in +
                            (z.taps[k].index * c_.kernel[1] + ty.index) * c_.kernel[2] + tx.index);
        }
  const bool adjacent = x.every == 1 && (rows_ == 1 || (y.every == 1 && columns_ == x.stored));
  if (adjacent) return;
  for (int64_t i = 0; i < rows_; ++i)
    for (int64_t j = 0; j < columns_; ++j) targets.push_back(i * y.every * x.stored + j * x.every);
}

CorrelationBlock CorrelationPlan::block(int64_t i) const {
  const int64_t column = i % columns_of_blocks_ * columns_, at = i / columns_of_blocks_;
  const int64_t row = at % rows_of_blocks_ * rows_;
  return {at / rows_of_blocks_, row, column, std::min(rows_, c_.axis[1].count - row),
          std::min(columns_, c_.axis[2].count - column)};
}

int64_t CorrelationPlan::target(const CorrelationBlock& b) const {
  const auto at = [](const CorrelationAxis& a, int64_t i) { return a.first + i * a.every; };
  return (at(c_.axis[0], b.plane) * c_.axis[1].stored + at(c_.axis[1], b.row)) * c_.axis[2].stored +
         at(c_.axis[2], b.column);
}

template <class T>
const T* CorrelationPlan::window(const CorrelationBlock& b, const T* from, T* room, T fill) const {
  const CorrelationAxis &z = c_.axis[0], &y = c_.axis[1], &x = c_.axis[2];
  const int64_t area = y.size * x.size;
  if (copied_ == 0)
    return from + b.plane * z.step * area + b.row * y.step * x.size + b.column * x.step;
  const kernels::ConvolutionKernels<T>& kernel = kernels::convolution<T>();
  const int64_t top = b.row * y.step + y.lowest(), left = b.column * x.step + x.lowest();
  // The rows and columns of the window that lie in x.
  const int64_t above = std::clamp<int64_t>(-top, 0, height_);
  const int64_t inside = std::clamp<int64_t>(y.size - top, above, height_) - above;
  const int64_t before = std::clamp<int64_t>(-left, 0, width_);
  const int64_t n = std::clamp<int64_t>(x.size - left, before, width_) - before;
  const auto pad = [fill](T* to, int64_t count) {
    std::fill_n(to, std::max<int64_t>(count, 0), fill);
  };
  T* to = room;
  for (int64_t channel = 0; channel < c_.in; ++channel)
    for (const auto& tap : z.taps) {
      const int64_t plane = b.plane * z.step + tap.shift;
      const bool is_there = plane >= 0 && plane < z.size && inside > 0 && n > 0;
      pad(to, is_there ? above * pitch_ : plane_pitch_);
      if (is_there) {
        kernel.pad_rows(
            from + (channel * z.size + plane) * area + (top + above) * x.size + left + before,
            x.size, inside, before, n, width_ - before - n, fill, split_, to + above * pitch_,
            pitch_);
        pad(to + (above + inside) * pitch_, (height_ - above - inside) * pitch_);
      }
      to += plane_pitch_;
    }
  pad(to, kWindowSlack);
  return room;
}

template const float* CorrelationPlan::window(const CorrelationBlock&, const float*, float*,
                                              float) const;
template const double* CorrelationPlan::window(const CorrelationBlock&, const double*, double*,
                                               double) const;

}  // namespace tapehead::core
