// Generated images of coloured shapes with captions, for examples and tests.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tapehead/core/tensor.h"

namespace tapehead::data {

/// An object of a scene. The box holds columns left..right - 1 and rows top..bottom - 1.
struct SceneObject {
  std::string size;      ///< small, large
  std::string color;     ///< red, green, blue, yellow, purple, orange
  std::string material;  ///< filled, which captions do not mention, striped, outlined, dotted
  std::string shape;     ///< circle, square, triangle, diamond, cross, star
  int64_t left = 0, top = 0, right = 0, bottom = 0;
  int64_t first_word = 0;  ///< of its part of the caption, which is "a"
  int64_t word = 0;        ///< the word that names it: its shape, the last of its part
};

/// What an image shows.
struct Scene {
  std::string caption;               ///< words separated by a space
  std::vector<SceneObject> objects;  ///< in the order of the caption
};

/// Images, and what each shows.
struct Scenes {
  Tensor images;              ///< u8 [N, 3, side, side]
  std::vector<Scene> scenes;  ///< one for each image
  int64_t size() const { return images.size(0); }
};

/// Scenes for training, or for testing with what training has not shown.
enum class ScenePart { train, test };

struct ScenesOptions {
  ScenePart part = ScenePart::train;         ///< whether combinations are those of training
  int64_t side = 64;                         ///< of an image, in pixels: 48..256
  int64_t min_objects = 1, max_objects = 3;  ///< within 1..3
};

/// Generates `count` images of one to three objects, with captions that say where the first is:
///   "a small red circle"
///   "a large blue striped square left of a small red circle"
///   "a small green star below a large red cross"
///   "a small red dotted circle left of a large blue square and above a small green outlined star"
/// A caption follows from the image. Of two objects, the larger one comes first; of two of one
/// size, the left or upper one. Of three, the first is beside the second and above or below the
/// third, which are neither beside nor above each other. Positions, sizes, angles, colours and the
/// background vary; objects do not touch.
///
/// Of the 144 combinations of colour, material and shape, 24 are kept for testing: a scene for
/// testing has at least one of them, a scene for training has none. Any two of the three occur
/// together in training. Scene i depends on the seed, on i and on the options alone, and is the
/// same on every machine. Throws ValueError for a count outside 1..1,000,000 and for options out of
/// range.
/// Example: data::scenes(1, 20).images  // shape [20, 3, 64, 64]
Scenes scenes(uint64_t seed, int64_t count, const ScenesOptions& options = {});

}  // namespace tapehead::data
