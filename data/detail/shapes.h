// Draws small coloured shapes with antialiased edges. All computations are in integers, so that
// images are the same on every machine.
#pragma once

#include <array>
#include <cstdint>

namespace tapehead::data::detail {

/// Units of positions and lengths in a pixel; samples of coverage lie at odd units.
inline constexpr int64_t kUnits = 8;

enum class ShapeKind : uint8_t { circle, square, triangle, diamond, cross, star };
enum class Material : uint8_t { filled, striped, outlined, dotted };

using Rgb = std::array<uint8_t, 3>;

struct DrawnShape {
  ShapeKind shape;
  Material material;
  int64_t x, y, radius;  ///< of a circle around it, in units
  int64_t turn;          ///< an index of angles from about -12 to 12 degrees: 0..kTurns - 1
  Rgb color, second;     ///< of the shape, and of its stripes or dots
};
inline constexpr int64_t kTurns = 7;

/// Columns left..right - 1 and rows top..bottom - 1.
struct PixelBox {
  int64_t left, top, right, bottom;
};

/// Draws onto an image [3, side, side], in which the shape must lie. Returns the smallest box that
/// holds all pixels of which the shape covers at least a quarter.
PixelBox draw_shape(uint8_t* image, int64_t side, const DrawnShape& shape);

}  // namespace tapehead::data::detail
