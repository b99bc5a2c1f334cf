#include "tapehead/train/speech_alignment.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"
#include "tapehead/core/file.h"
#include "tapehead/train/detail/attention_layout.h"
#include "tapehead/train/detail/page_image.h"
#include "tapehead/train/detail/svg.h"
#include "tapehead/train/detail/ticks.h"

namespace tapehead::train {
namespace {

constexpr double kSpeechMargin = 16, kSpeechGap = 18, kAxisHeight = 34, kSpeechFont = 12;
constexpr double kTickFont = 11;
constexpr const char* kCurve = "#c2410c";
constexpr const char* kFrame = "#8a8a8a";

void check(std::span<const SpeechAlignment> alignments, const SpeechAlignmentStyle& style) {
  if (alignments.empty()) throw ValueError("speech_alignment: there is nothing to draw");
  if (!(style.width >= 50 && style.width <= 10'000) || !(style.row >= 0 && style.row <= 200) ||
      !(style.seconds_per_frame > 0 && style.seconds_per_frame <= 3600))
    throw ValueError(
        fmt::format("speech_alignment: width is {}, row {} and seconds_per_frame {}; expected "
                    "50..10000, 0..200, and more than 0, at most 3600",
                    style.width, style.row, style.seconds_per_frame));
  for (size_t i = 0; i < alignments.size(); ++i) {
    const SpeechAlignment& m = alignments[i];
    const std::string at = fmt::format("speech_alignment: spectrogram {}", i);
    if (!sizes_match(m.spectrogram.size(), m.frames, m.bins))
      throw ShapeError(fmt::format("{} has {} values for {} frames of {} bins", at,
                                   m.spectrogram.size(), m.frames, m.bins));
    if (!sizes_match(m.weights.size(), std::ssize(m.labels), m.steps))
      throw ShapeError(fmt::format("{} has {} weights for {} labels and {} steps", at,
                                   m.weights.size(), m.labels.size(), m.steps));
    for (const float value : m.spectrogram)
      if (!std::isfinite(value))
        throw ValueError(fmt::format("{} has a value of {}; all must be finite", at, value));
    check_page_weights(at, m.weights);
  }
}

/// The spectrogram as a grey image, time to the right, frequency upwards.
Tensor spectrogram_image(const SpeechAlignment& m) {
  std::vector<float> sorted(m.spectrogram.begin(), m.spectrogram.end());
  const auto quantile = [&](double part) {
    const auto at = sorted.begin() + std::llround(part * static_cast<double>(sorted.size() - 1));
    std::nth_element(sorted.begin(), at, sorted.end());
    return *at;
  };
  const float low = quantile(0.01), range = quantile(0.99) - low;
  const Tensor out = core::empty({1, m.bins, m.frames}, u8);
  uint8_t* to = out.data<uint8_t>();
  for (int64_t bin = m.bins; bin-- > 0;)
    for (int64_t frame = 0; frame < m.frames; ++frame) {
      const float value = m.spectrogram[static_cast<size_t>(frame * m.bins + bin)];
      const float part = range > 0 ? std::clamp((value - low) / range, 0.0F, 1.0F) : 0;
      // Not to black, which would hide the curves.
      *to++ = static_cast<uint8_t>(std::lround(255 - 150 * part));
    }
  return out;
}

/// Sizes of a spectrogram and its rows, in pixels. Rows overlap: a curve is as high as two of them.
struct SpeechLayout {
  SpeechLayout(const SpeechAlignment& m, const SpeechAlignmentStyle& style)
      : width(style.width), title(m.title.empty() ? 0 : 20) {
    const auto count = static_cast<double>(m.labels.size());
    row = style.row > 0 ? style.row : std::clamp(420 / (count + 1), 5.0, 20.0);
    font = std::clamp(row * 0.9, 7.0, 13.0);
    height = row * (count + 1) + font;
  }
  double baseline(int64_t label) const { return font + row * static_cast<double>(label + 2); }
  double page_height() const { return title + height + kAxisHeight; }
  /// The height of a curve above its baseline.
  double height_of(const SpeechAlignment& m, int64_t label, int64_t step, float largest) const {
    const float weight = m.weights[static_cast<size_t>(label * m.steps + step)];
    return largest > 0 ? 1.8 * row * weight / largest : 0;
  }

  double width, title, row = 0, font = 0, height = 0;
};

/// Draws the baselines of all letters, faintly: most weights are near 0.
void draw_baselines(Svg& svg, const SpeechAlignment& m, const SpeechLayout& l) {
  SvgPath lines;
  for (int64_t i = 0; i < std::ssize(m.labels); ++i)
    lines.move(0, l.baseline(i)).line(l.width, l.baseline(i));
  svg.element(
      "path",
      {{"d", lines.data()}, {"stroke", kCurve}, {"stroke-width", 0.5}, {"stroke-opacity", 0.4}});
}

/// Draws the curve of one letter where it leaves its baseline.
void draw_curve(Svg& svg, const SpeechAlignment& m, const SpeechLayout& l, int64_t label,
                float largest) {
  const double base = l.baseline(label), step = l.width / static_cast<double>(m.steps);
  const auto height = [&](int64_t i) {
    return i < 0 || i >= m.steps ? 0.0 : l.height_of(m, label, i, largest);
  };
  SvgPath area, line;
  bool above = false;
  for (int64_t i = 0; i < m.steps; ++i) {
    const double x = (static_cast<double>(i) + 0.5) * step;
    if (std::max({height(i - 1), height(i), height(i + 1)}) < 0.75) {
      if (above) area.close();
      above = false;
      continue;
    }
    if (!above) {
      area.move(x, base);
      line.move(x, base - height(i));
    }
    area.line(x, base - height(i));
    line.line(x, base - height(i));
    above = true;
    if (i + 1 == m.steps) area.line(x, base).close();
  }
  if (line.empty()) return;
  svg.element("path", {{"d", area.data()}, {"fill", kCurve}, {"fill-opacity", 0.35}});
  svg.element("path", {{"d", line.data()},
                       {"fill", "none"},
                       {"stroke", kCurve},
                       {"stroke-width", 1.2},
                       {"stroke-linejoin", "round"}});
}

void draw_letter(Svg& svg, const SpeechAlignment& m, const SpeechLayout& l, int64_t label,
                 float largest) {
  const auto row = m.weights.begin() + label * m.steps;
  const int64_t step = std::max_element(row, row + m.steps) - row;
  const double x = (static_cast<double>(step) + 0.5) * l.width / static_cast<double>(m.steps);
  const double y = l.baseline(label) - l.height_of(m, label, step, largest);
  svg.text(visible_token(m.labels[static_cast<size_t>(label)]), {{"x", x}, {"y", y - 2}});
}

void draw_time(Svg& svg, const SpeechAlignment& m, const SpeechLayout& l,
               const SpeechAlignmentStyle& style) {
  const double seconds = static_cast<double>(m.frames) * style.seconds_per_frame;
  svg.open("g", {{"fill", kSoftInk}, {"font-size", kTickFont}, {"text-anchor", "middle"}});
  for (const Tick& tick : linear_axis(0, seconds, 8, Round::none).ticks) {
    const double x = l.width * tick.at / seconds;
    svg.element("line",
                {{"x1", x}, {"y1", l.height}, {"x2", x}, {"y2", l.height + 4}, {"stroke", kFrame}});
    svg.text(tick.label, {{"x", x}, {"y", l.height + 16}});
  }
  svg.text("time (s)", {{"x", l.width / 2}, {"y", l.height + 30}});
  svg.close();
}

void draw_alignment(Svg& svg, const SpeechAlignment& m, const SpeechLayout& l,
                    const SpeechAlignmentStyle& style) {
  draw_image(svg, spectrogram_image(m), {0, 0, l.width, l.height});
  const float largest = *std::max_element(m.weights.begin(), m.weights.end());
  draw_baselines(svg, m, l);
  for (int64_t i = 0; i < std::ssize(m.labels); ++i) draw_curve(svg, m, l, i, largest);
  // A white outline keeps letters readable on curves and on loud sounds.
  svg.open("g", {{"fill", kInk},
                 {"font-size", l.font},
                 {"font-weight", "600"},
                 {"text-anchor", "middle"},
                 {"stroke", "#ffffff"},
                 {"stroke-width", 3},
                 {"stroke-linejoin", "round"},
                 {"paint-order", "stroke"}});
  for (int64_t i = 0; i < std::ssize(m.labels); ++i) draw_letter(svg, m, l, i, largest);
  svg.close();
  svg.element("rect",
              {{"width", l.width}, {"height", l.height}, {"fill", "none"}, {"stroke", kFrame}});
  draw_time(svg, m, l, style);
}

}  // namespace

std::string speech_alignment_svg(std::span<const SpeechAlignment> alignments,
                                 const SpeechAlignmentStyle& style) {
  check(alignments, style);
  const double title = style.title.empty() ? 0 : kPageTitleHeight;
  double width = std::max(style.width, page_title_width(style.title));
  double height = title - kSpeechGap;
  for (const SpeechAlignment& m : alignments) {
    width = std::max(width, text_width(m.title, kSpeechFont));
    height += SpeechLayout(m, style).page_height() + kSpeechGap;
  }
  Svg svg(std::ceil(2 * kSpeechMargin + width), std::ceil(2 * kSpeechMargin + height), style.title);
  draw_page_title(svg, style.title, kSpeechMargin);
  double y = kSpeechMargin + title;
  for (const SpeechAlignment& m : alignments) {
    const SpeechLayout l(m, style);
    if (!m.title.empty())
      svg.text(m.title, {{"x", kSpeechMargin},
                         {"y", y + kSpeechFont},
                         {"font-size", kSpeechFont},
                         {"fill", kInk}});
    svg.open("g", {{"transform", fmt::format("translate({} {})", svg_number(kSpeechMargin),
                                             svg_number(y + l.title))}});
    draw_alignment(svg, m, l, style);
    svg.close();
    y += l.page_height() + kSpeechGap;
  }
  return svg.finish();
}

void save_speech_alignment(const std::string& path, std::span<const SpeechAlignment> alignments,
                           const SpeechAlignmentStyle& style) {
  write_atomic(path, speech_alignment_svg(alignments, style));
}

}  // namespace tapehead::train
