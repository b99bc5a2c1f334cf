// Digits as people draw them: images that our own code makes, for an image model's first run.
#pragma once

#include <cstdint>

#include "tapehead/core/tensor.h"

namespace tapehead::data {

/// Images u8 [N, H, W] and what each shows, u8 [N]: as MNIST's files have them.
struct LabelledImages {
  Tensor images, labels;
};

/// `count` digits 0 to 9, each about as often, white on black, of `side` x `side` pixels: strokes
/// whose points have moved a little, leaning, turned, of varying width, size and place. The same
/// seed gives the same images on every machine up to rounding. Throws ValueError for a count
/// outside 1..1,000,000 or a side outside 8..1024.
LabelledImages glyphs(uint64_t seed, int64_t count = 5000, int64_t side = 28);

}  // namespace tapehead::data
