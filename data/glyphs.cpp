#include "tapehead/data/glyphs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "tapehead/core/creation.h"
#include "tapehead/core/error.h"
#include "tapehead/data/detail/splitmix.h"

namespace tapehead::data {
namespace {

struct Point {
  double x, y;
};
using Stroke = std::vector<Point>;

// Points on strokes of a pen, in a unit square with y pointing down. At a corner, one stroke ends
// and another begins.
const std::vector<Stroke>& strokes_of(int64_t digit) {
  static const std::vector<Stroke> digits[] = {
      {{{.50, .08},
        {.78, .22},
        {.85, .50},
        {.78, .78},
        {.50, .92},
        {.22, .78},
        {.15, .50},
        {.22, .22},
        {.50, .08}}},
      {{{.32, .28}, {.55, .08}}, {{.55, .08}, {.55, .92}}},
      {{{.20, .28},
        {.30, .12},
        {.50, .07},
        {.72, .14},
        {.78, .32},
        {.65, .52},
        {.40, .72},
        {.18, .92}},
       {{.18, .92}, {.82, .92}}},
      {{{.20, .16}, {.45, .07}, {.72, .15}, {.72, .36}, {.45, .47}},
       {{.45, .47}, {.76, .56}, {.80, .78}, {.50, .93}, {.20, .84}}},
      {{{.62, .08}, {.15, .65}}, {{.15, .65}, {.85, .65}}, {{.65, .35}, {.65, .93}}},
      {{{.75, .08}, {.28, .08}},
       {{.28, .08}, {.24, .45}},
       {{.24, .45}, {.50, .38}, {.76, .50}, {.78, .74}, {.55, .92}, {.20, .86}}},
      {{{.70, .10},
        {.42, .22},
        {.24, .50},
        {.22, .74},
        {.48, .93},
        {.76, .80},
        {.74, .58},
        {.50, .50},
        {.25, .66}}},
      {{{.18, .08}, {.82, .08}}, {{.82, .08}, {.60, .45}, {.42, .93}}},
      {{{.50, .48},
        {.25, .34},
        {.30, .13},
        {.50, .07},
        {.70, .13},
        {.75, .34},
        {.50, .48},
        {.20, .65},
        {.25, .86},
        {.50, .93},
        {.75, .86},
        {.80, .65},
        {.50, .48}}},
      {{{.76, .36},
        {.50, .50},
        {.26, .42},
        {.24, .20},
        {.50, .07},
        {.76, .20},
        {.76, .36},
        {.72, .65},
        {.55, .93}}}};
  return digits[digit];
}

// A smooth curve through the points, with eight segments between two points (Catmull and Rom 1974).
Stroke smooth(const Stroke& points) {
  constexpr int kPieces = 8;
  const auto at = [&](size_t i, int step) {
    const auto last = static_cast<int64_t>(points.size()) - 1;
    return points[static_cast<size_t>(
        std::clamp<int64_t>(static_cast<int64_t>(i) + step, 0, last))];
  };
  const auto blend = [](double p0, double p1, double p2, double p3, double t) {
    return 0.5 *
           (2 * p1 +
            t * (p2 - p0 + t * (2 * p0 - 5 * p1 + 4 * p2 - p3 + t * (3 * (p1 - p2) + p3 - p0))));
  };
  Stroke curve{points[0]};
  for (size_t i = 0; i + 1 < points.size(); ++i)
    for (int piece = 1; piece <= kPieces; ++piece) {
      const double t = static_cast<double>(piece) / kPieces;
      const Point p0 = at(i, -1), p1 = at(i, 0), p2 = at(i, 1), p3 = at(i, 2);
      curve.push_back({blend(p0.x, p1.x, p2.x, p3.x, t), blend(p0.y, p1.y, p2.y, p3.y, t)});
    }
  return curve;
}

// A random distortion of the square: a wave, then shear, rotation, scaling and translation.
class Hand {
 public:
  explicit Hand(SplitMix& random) {
    const auto within = [&](double limit) { return limit * (2 * random.uniform() - 1); };
    for (double& phase : phases_) phase = within(std::numbers::pi);
    bend_ = 0.03 + 0.04 * random.uniform();
    lean_ = within(0.35);
    turn_ = within(0.25);
    width_ = 0.50 + 0.25 * random.uniform();
    height_ = 0.60 + 0.15 * random.uniform();
    place_ = {0.5 + within(0.06), 0.5 + within(0.06)};
    radius_ = 0.025 + 0.03 * random.uniform();
  }

  Point operator()(const Point& p) const {
    const double bent_x = p.x - 0.5 + bend_ * std::sin(5 * p.y + 2 * p.x + phases_[0]);
    const double bent_y = p.y - 0.5 + bend_ * std::sin(5 * p.x + 2 * p.y + phases_[1]);
    const double x = width_ * bent_x - lean_ * height_ * bent_y, y = height_ * bent_y;
    return {place_.x + std::cos(turn_) * x - std::sin(turn_) * y,
            place_.y + std::sin(turn_) * x + std::cos(turn_) * y};
  }
  double radius() const { return radius_; }  // of the pen

 private:
  double phases_[2], bend_, lean_, turn_, width_, height_, radius_;
  Point place_;
};

double distance(const Point& p, const Point& from, const Point& to) {
  const double x = to.x - from.x, y = to.y - from.y, length = x * x + y * y;
  const double along =
      length > 0 ? std::clamp(((p.x - from.x) * x + (p.y - from.y) * y) / length, 0.0, 1.0) : 0;
  return std::hypot(p.x - from.x - along * x, p.y - from.y - along * y);
}

// Draws a line between two points, in pixels, with an edge that is antialiased over one pixel.
void draw(uint8_t* image, int64_t side, const Point& from, const Point& to, double radius) {
  const auto bound = [&](double at) {
    return static_cast<int64_t>(std::clamp(std::floor(at), 0.0, static_cast<double>(side - 1)));
  };
  const double reach = radius + 1;
  const int64_t right = bound(std::max(from.x, to.x) + reach);
  const int64_t bottom = bound(std::max(from.y, to.y) + reach);
  for (int64_t y = bound(std::min(from.y, to.y) - reach); y <= bottom; ++y)
    for (int64_t x = bound(std::min(from.x, to.x) - reach); x <= right; ++x) {
      const Point middle{static_cast<double>(x) + 0.5, static_cast<double>(y) + 0.5};
      const double covered = std::clamp(radius + 0.5 - distance(middle, from, to), 0.0, 1.0);
      uint8_t& ink = image[y * side + x];
      ink = std::max(ink, static_cast<uint8_t>(std::lround(255 * covered)));
    }
}

void write(uint8_t* image, int64_t side, int64_t digit, SplitMix& random) {
  const Hand hand(random);
  const auto pixels = static_cast<double>(side);
  for (const Stroke& stroke : strokes_of(digit)) {
    Stroke curve = smooth(stroke);
    for (Point& p : curve) {
      p = hand(p);
      p = {p.x * pixels, p.y * pixels};
    }
    for (size_t i = 0; i + 1 < curve.size(); ++i)
      draw(image, side, curve[i], curve[i + 1], hand.radius() * pixels);
  }
}

}  // namespace

LabelledImages glyphs(uint64_t seed, int64_t count, int64_t side) {
  if (count < 1 || count > 1'000'000)
    throw ValueError(fmt::format("glyphs: the count is {}; it must be in 1..1,000,000", count));
  if (side < 8 || side > 1024)
    throw ValueError(fmt::format("glyphs: the side is {}; it must be in 8..1024", side));
  const LabelledImages made{zeros({count, side, side}, u8), zeros({count}, u8)};
  SplitMix random(seed);
  for (int64_t i = 0; i < count; ++i) {
    const int64_t digit = random.below(10);
    made.labels.data<uint8_t>()[i] = static_cast<uint8_t>(digit);
    write(made.images.data<uint8_t>() + i * side * side, side, digit, random);
  }
  return made;
}

}  // namespace tapehead::data
