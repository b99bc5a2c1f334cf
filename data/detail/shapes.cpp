#include "tapehead/data/detail/shapes.h"

#include <algorithm>
#include <cstdlib>

namespace tapehead::data::detail {
namespace {

constexpr int64_t kUnit = 1024;                // the radius of a shape in its own coordinates
constexpr int64_t kSamples = 4;                // of a pixel, in each direction
constexpr int64_t kAll = kSamples * kSamples;  // of a pixel
constexpr int64_t kOutline = 13;               // width of a line, in units
constexpr int64_t kStripes = 5 * kUnits, kDots = 5 * kUnits;  // between two of them

struct Point64 {
  int64_t x, y;
};

// Cosine and sine of -12, -8, -4, … 12 degrees.
constexpr int64_t kOne = 4096;
constexpr Point64 kDirections[kTurns] = {{4006, -852}, {4056, -570}, {4086, -286}, {4096, 0},
                                         {4086, 286},  {4056, 570},  {4006, 852}};

bool in_star(const Point64& p) {
  constexpr Point64 kCorners[] = {{0, -1024}, {259, -357}, {974, -316}, {420, 136},   {602, 828},
                                  {0, 442},   {-602, 828}, {-420, 136}, {-974, -316}, {-259, -357}};
  bool inside = false;  // whether a ray to the right crosses an odd number of edges
  Point64 a = kCorners[std::size(kCorners) - 1];
  for (const Point64& b : kCorners) {
    if ((a.y > p.y) != (b.y > p.y)) {
      const int64_t side = (b.x - a.x) * (p.y - a.y) - (p.x - a.x) * (b.y - a.y);
      inside ^= b.y > a.y ? side > 0 : side < 0;
    }
    a = b;
  }
  return inside;
}

// Whether a point, in the shape's own coordinates, lies in it.
bool contains(ShapeKind shape, const Point64& p) {
  const int64_t x = std::abs(p.x), y = std::abs(p.y);
  switch (shape) {
    case ShapeKind::circle: return p.x * p.x + p.y * p.y <= 960 * 960;
    case ShapeKind::square: return x <= 830 && y <= 830;
    case ShapeKind::triangle: return p.y <= 700 && x * 1700 <= (p.y + 1000) * 980;
    case ShapeKind::diamond: return x * 4 + y * 3 <= 3 * kUnit;
    case ShapeKind::cross: return std::min(x, y) <= 370 && std::max(x, y) <= 980;
    default: return in_star(p);
  }
}

class Drawing {
 public:
  explicit Drawing(const DrawnShape& shape) : shape_(shape), turn_(kDirections[shape.turn]) {}

  enum class Tone : uint8_t { none, color, second };
  /// What is at a point of the image, in units. Stripes and dots do not reach the edge.
  Tone at(const Point64& p) const {
    if (!inside(p)) return Tone::none;
    if (shape_.material == Material::filled) return Tone::color;
    if (shape_.material == Material::outlined)
      return near_edge(p, kOutline) ? Tone::color : Tone::none;
    const bool is_second = shape_.material == Material::striped ? in_stripe(p) : in_dot(p);
    return is_second && !near_edge(p, kUnits) ? Tone::second : Tone::color;
  }
  bool inside(const Point64& p) const {
    const int64_t x = p.x - shape_.x, y = p.y - shape_.y, scale = kOne * shape_.radius;
    return contains(shape_.shape, {(x * turn_.x + y * turn_.y) * kUnit / scale,
                                   (y * turn_.x - x * turn_.y) * kUnit / scale});
  }

 private:
  bool near_edge(const Point64& p, int64_t width) const {
    const int64_t diagonal = width * 5 / 7;
    for (const Point64& step :
         {Point64{width, 0}, {diagonal, diagonal}, {0, width}, {diagonal, -diagonal}})
      if (!inside({p.x + step.x, p.y + step.y}) || !inside({p.x - step.x, p.y - step.y}))
        return true;
    return false;
  }
  static bool in_stripe(const Point64& p) { return (p.x + p.y) % kStripes * 2 >= kStripes; }
  // Dots in rows around the middle of the shape.
  bool in_dot(const Point64& p) const {
    constexpr int64_t kRadius = kDots * 3 / 10, kMany = 1000;
    const int64_t x = (p.x - shape_.x + kMany * kDots + kDots / 2) % kDots - kDots / 2,
                  y = (p.y - shape_.y + kMany * kDots + kDots / 2) % kDots - kDots / 2;
    return x * x + y * y <= kRadius * kRadius;
  }

  const DrawnShape& shape_;
  Point64 turn_;
};

}  // namespace

PixelBox draw_shape(uint8_t* image, int64_t side, const DrawnShape& shape) {
  const Drawing drawing(shape);
  const auto pixel_of = [&](int64_t at) { return std::clamp<int64_t>(at / kUnits, 0, side - 1); };
  const int64_t right = pixel_of(shape.x + shape.radius), bottom = pixel_of(shape.y + shape.radius);
  PixelBox box{side, side, 0, 0};
  for (int64_t y = pixel_of(shape.y - shape.radius); y <= bottom; ++y)
    for (int64_t x = pixel_of(shape.x - shape.radius); x <= right; ++x) {
      int64_t color = 0, second = 0;
      for (int64_t k = 0; k < kAll; ++k) {
        const Drawing::Tone tone =
            drawing.at({x * kUnits + k % kSamples * 2 + 1, y * kUnits + k / kSamples * 2 + 1});
        color += tone == Drawing::Tone::color, second += tone == Drawing::Tone::second;
      }
      for (int64_t c = 0; c < 3; ++c) {
        uint8_t& value = image[(c * side + y) * side + x];
        const auto i = static_cast<size_t>(c);
        value = static_cast<uint8_t>((color * shape.color[i] + second * shape.second[i] +
                                      (kAll - color - second) * value + kAll / 2) /
                                     kAll);
      }
      if (4 * (color + second) < kAll) continue;
      box = {std::min(box.left, x), std::min(box.top, y), std::max(box.right, x + 1),
             std::max(box.bottom, y + 1)};
    }
  return box;
}

}  // namespace tapehead::data::detail
