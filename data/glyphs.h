// Generated images of handwritten digits, for examples and tests.
#pragma once

#include <cstdint>

#include "tapehead/data/labelled_images.h"

namespace tapehead::data {

/// Generates `count` images of digits 0 to 9, about equally frequent, white on black, of `side` x
/// `side` pixels: strokes with random distortion, shear, rotation, width, size and position.
/// Deterministic for a given seed, up to rounding across machines. Throws ValueError for a count
/// outside 1..1,000,000 or a side outside 8..1024.
/// Example: data::glyphs(1, 20).images  // shape [20, 28, 28]
LabelledImages glyphs(uint64_t seed, int64_t count = 5000, int64_t side = 28);

}  // namespace tapehead::data
