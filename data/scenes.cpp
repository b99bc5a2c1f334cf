#include "tapehead/data/scenes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "tapehead/core/creation.h"
#include "tapehead/core/error.h"
#include "tapehead/core/parallel.h"
#include "tapehead/data/detail/shapes.h"
#include "tapehead/data/detail/splitmix.h"

namespace tapehead::data {
namespace {

using detail::DrawnShape, detail::kUnits, detail::Rgb;

constexpr const char* kSizes[] = {"small", "large"};
constexpr const char* kMaterials[] = {"filled", "striped", "outlined", "dotted"};
constexpr const char* kShapes[] = {"circle", "square", "triangle", "diamond", "cross", "star"};
struct Paint {
  const char* name;
  Rgb rgb;
};
constexpr Paint kPaints[] = {{"red", {214, 40, 40}},     {"green", {40, 150, 60}},
                             {"blue", {40, 80, 210}},    {"yellow", {240, 215, 40}},
                             {"purple", {140, 50, 170}}, {"orange", {240, 115, 20}}};
constexpr int64_t kPaintCount = std::size(kPaints), kMaterialCount = std::size(kMaterials),
                  kShapeCount = std::size(kShapes);
constexpr int64_t kAttempts = 64;  // to place objects of given sizes

// Indices into the lists above, and the place of an object, in units.
struct Thing {
  int64_t size, paint, material, shape;
  int64_t x = 0, y = 0, radius = 0;

  bool is_for_testing() const { return (paint + material + shape) % kShapeCount == 0; }
};

Thing random_thing(SplitMix& random) {
  return {random.below(2), random.below(kPaintCount), random.below(kMaterialCount),
          random.below(kShapeCount)};
}

// A number in from..to.
int64_t between(SplitMix& random, int64_t from, int64_t to) {
  return from + random.below(to - from + 1);
}

bool are_beside(int64_t across, int64_t along, int64_t radii) {
  return std::abs(across) >= radii + 2 * kUnits && std::abs(along) * 2 <= radii;
}
bool horizontal(const Thing& a, const Thing& b) {
  return are_beside(a.x - b.x, a.y - b.y, a.radius + b.radius);
}
bool vertical(const Thing& a, const Thing& b) {
  return are_beside(a.y - b.y, a.x - b.x, a.radius + b.radius);
}

// Whether the first object is related to the others as captions can say, which no other object is,
// and none touch.
bool is_arranged(const std::vector<Thing>& things) {
  if (things.size() < 2) return true;
  if (things.size() == 2) return horizontal(things[0], things[1]) || vertical(things[0], things[1]);
  const int64_t x = things[1].x - things[2].x, y = things[1].y - things[2].y,
                radii = things[1].radius + things[2].radius + 2 * kUnits;
  return horizontal(things[0], things[1]) && vertical(things[0], things[2]) &&
         !horizontal(things[1], things[2]) && !vertical(things[1], things[2]) &&
         x * x + y * y >= radii * radii;
}

void place(std::vector<Thing>& things, int64_t side, SplitMix& random) {
  const int64_t pixel = side * kUnits / 64;  // sizes are given for 64 pixels
  for (int64_t attempt = 0;; ++attempt) {
    for (Thing& thing : things) {
      if (attempt % kAttempts == 0)
        thing.radius = thing.size == 0 ? between(random, 15 * pixel / 2, 9 * pixel)
                                       : between(random, 25 * pixel / 2, 14 * pixel);
      const int64_t margin = thing.radius + kUnits;
      thing.x = between(random, margin, side * kUnits - margin);
      thing.y = between(random, margin, side * kUnits - margin);
    }
    if (is_arranged(things)) return;
  }
}

std::vector<Thing> random_things(const ScenesOptions& o, SplitMix& random) {
  const int64_t count = between(random, o.min_objects, o.max_objects);
  const int64_t tested = o.part == ScenePart::test ? random.below(count) : -1;
  std::vector<Thing> things;
  while (static_cast<int64_t>(things.size()) < count) {
    const Thing thing = random_thing(random);
    const bool is_for_testing = thing.is_for_testing();
    if (o.part == ScenePart::train && is_for_testing) continue;
    if (static_cast<int64_t>(things.size()) == tested && !is_for_testing) continue;
    things.push_back(thing);
  }
  place(things, o.side, random);
  if (count != 2) return things;
  const Thing &a = things[0], &b = things[1];
  const bool in_order = a.size != b.size   ? a.size > b.size
                        : horizontal(a, b) ? a.x < b.x
                                           : a.y < b.y;
  if (!in_order) std::swap(things[0], things[1]);
  return things;
}

Rgb varied(const Rgb& color, int64_t reach, SplitMix& random) {
  Rgb out;
  for (size_t c = 0; c < 3; ++c)
    out[c] = static_cast<uint8_t>(
        std::clamp<int64_t>(color[c] + between(random, -reach, reach), 0, 255));
  return out;
}

void paint_background(uint8_t* image, int64_t side, SplitMix& random) {
  const auto grey = static_cast<uint8_t>(between(random, 195, 240));
  const Rgb color = varied({grey, grey, grey}, 6, random);
  for (size_t c = 0; c < 3; ++c)
    for (int64_t i = 0; i < side * side; ++i)
      *image++ = static_cast<uint8_t>(color[c] + between(random, -5, 5));
}

SceneObject paint_thing(uint8_t* image, int64_t side, const Thing& thing, SplitMix& random) {
  const Paint& paint = kPaints[thing.paint];
  const DrawnShape drawn{static_cast<detail::ShapeKind>(thing.shape),
                         static_cast<detail::Material>(thing.material),
                         thing.x,
                         thing.y,
                         thing.radius,
                         random.below(detail::kTurns),
                         varied(paint.rgb, 8, random),
                         {250, 250, 250}};
  const detail::PixelBox box = detail::draw_shape(image, side, drawn);
  return {.size = kSizes[thing.size],
          .color = paint.name,
          .material = kMaterials[thing.material],
          .shape = kShapes[thing.shape],
          .left = box.left,
          .top = box.top,
          .right = box.right,
          .bottom = box.bottom};
}

// Appends "a small red striped circle" to the caption of `words` words.
void name_object(SceneObject& object, std::string& caption, int64_t& words) {
  object.first_word = words;
  std::vector<std::string> parts{"a", object.size, object.color, object.material, object.shape};
  if (object.material == kMaterials[0]) parts.erase(parts.begin() + 3);
  words += static_cast<int64_t>(parts.size());
  object.word = words - 1;
  caption += fmt::format("{}", fmt::join(parts, " "));
}

std::string relation(const Thing& a, const Thing& b) {
  if (horizontal(a, b)) return a.x < b.x ? " left of " : " right of ";
  return a.y < b.y ? " above " : " below ";
}

Scene make_scene(uint8_t* image, const ScenesOptions& o, uint64_t seed) {
  SplitMix random(seed);
  const std::vector<Thing> things = random_things(o, random);
  paint_background(image, o.side, random);
  Scene scene;
  int64_t words = 0;
  for (size_t i = 0; i < things.size(); ++i) {
    const std::string joint = i == 0 ? "" : (i == 2 ? " and" : "") + relation(things[0], things[i]);
    scene.caption += joint;
    words += std::max<int64_t>(std::count(joint.begin(), joint.end(), ' ') - 1, 0);
    scene.objects.push_back(paint_thing(image, o.side, things[i], random));
    name_object(scene.objects.back(), scene.caption, words);
  }
  return scene;
}

void check_scenes(int64_t count, const ScenesOptions& o) {
  if (count < 1 || count > 1'000'000)
    throw ValueError(fmt::format("scenes: the count is {}; it must be in 1..1,000,000", count));
  if (o.side < 48 || o.side > 256)
    throw ValueError(fmt::format("scenes: the side is {}; it must be in 48..256", o.side));
  if (o.min_objects < 1 || o.min_objects > o.max_objects || o.max_objects > 3)
    throw ValueError(
        fmt::format("scenes: min_objects = {}, max_objects = {}; they must be in 1..3 "
                    "and in ascending order",
                    o.min_objects, o.max_objects));
}

}  // namespace

Scenes scenes(uint64_t seed, int64_t count, const ScenesOptions& options) {
  check_scenes(count, options);
  const int64_t side = options.side;
  Scenes made{core::empty({count, 3, side, side}, u8),
              std::vector<Scene>(static_cast<size_t>(count))};
  core::parallel_for(count, [&](int64_t i) {
    made.scenes[static_cast<size_t>(i)] =
        make_scene(made.images.data<uint8_t>() + i * 3 * side * side, options,
                   SplitMix::hash(SplitMix::hash(seed) + static_cast<uint64_t>(i)));
  });
  return made;
}

}  // namespace tapehead::data
