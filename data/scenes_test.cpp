#include "tapehead/data/scenes.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tapehead/core/error.h"
#include "tapehead/tests/expect.h"

namespace tapehead::scenes_test {

using namespace data;
using testing::error_of;

namespace {

std::vector<std::string> words_of(const std::string& caption) {
  std::istringstream in(caption);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

std::string phrase(const SceneObject& o) {
  return "a " + o.size + " " + o.color + (o.material == "filled" ? "" : " " + o.material) + " " +
         o.shape;
}

// Twice the middle of the box.
int64_t middle_x(const SceneObject& o) { return o.left + o.right; }
int64_t middle_y(const SceneObject& o) { return o.top + o.bottom; }

// What is between the first object and another, as seen in their boxes.
std::string seen_relation(const SceneObject& a, const SceneObject& b) {
  if (a.right < b.left) return "left of";
  if (b.right < a.left) return "right of";
  if (a.bottom < b.top) return "above";
  return b.bottom < a.top ? "below" : "touching";
}

}  // namespace

TEST_CASE("scenes: captions say what the boxes show") {
  const Scenes made = scenes(1, 300);
  CHECK(made.images.shape() == Shape{300, 3, 64, 64});
  std::map<std::string, int> relations;
  for (const Scene& scene : made.scenes) {
    CAPTURE(scene.caption);
    const auto& o = scene.objects;
    std::string expected = phrase(o[0]);
    if (o.size() > 1) expected += " " + seen_relation(o[0], o[1]) + " " + phrase(o[1]);
    if (o.size() > 2) {
      // Beside the second, and above or below the third, even where the boxes would allow another.
      const std::string third = middle_y(o[0]) < middle_y(o[2]) ? "above" : "below";
      expected += " and " + third + " " + phrase(o[2]);
      CHECK(std::abs(middle_x(o[0]) - middle_x(o[1])) > std::abs(middle_y(o[0]) - middle_y(o[1])));
      CHECK(std::abs(middle_y(o[0]) - middle_y(o[2])) > std::abs(middle_x(o[0]) - middle_x(o[2])));
    }
    CHECK(scene.caption == expected);
    if (o.size() == 2) {
      ++relations[seen_relation(o[0], o[1])];
      const bool first =
          seen_relation(o[0], o[1]) == "left of" || seen_relation(o[0], o[1]) == "above";
      CHECK((o[0].size == o[1].size ? first : o[0].size == "large"));
    }
    const std::vector<std::string> words = words_of(scene.caption);
    for (const SceneObject& object : o) {
      CHECK(words[static_cast<size_t>(object.first_word)] == "a");
      CHECK(words[static_cast<size_t>(object.word)] == object.shape);
      CHECK(words[static_cast<size_t>(object.first_word) + 2] == object.color);
      const int64_t size = std::max(object.right - object.left, object.bottom - object.top);
      CHECK((object.size == "small" ? size >= 11 && size <= 19 : size >= 19 && size <= 30));
      CHECK(std::min(object.left, object.top) >= 0);
      CHECK(std::max(object.right, object.bottom) <= 64);
    }
  }
  for (const char* relation : {"left of", "right of", "above", "below"})
    CHECK(relations[relation] > 5);
}

// Regression: this square lay left of the diamond and below the star, which lay above the diamond:
// a caption that begins with the diamond would have been right, too.
TEST_CASE("scenes: only one of three objects is related to both others") {
  CHECK(scenes(29, 6, {.side = 48, .min_objects = 3}).scenes[5].caption ==
        "a small blue striped square left of a small red outlined diamond and above a large yellow "
        "striped star");
}

TEST_CASE("scenes: the box holds the object, and nothing else is in the image") {
  const Scenes made = scenes(2, 60, {.max_objects = 1});
  const std::vector<int64_t> pixels = made.images.to_vector<int64_t>();
  for (int64_t i = 0; i < made.size(); ++i) {
    const SceneObject& o = made.scenes[static_cast<size_t>(i)].objects[0];
    CAPTURE(made.scenes[static_cast<size_t>(i)].caption);
    // The largest difference from the background, of a pixel in the corner, over the channels.
    const auto contrast = [&](int64_t y, int64_t x) {
      int64_t most = 0;
      for (int64_t c = 0; c < 3; ++c) {
        const auto plane = static_cast<size_t>((i * 3 + c) * 64 * 64);
        const int64_t corner = o.left > 1 ? pixels[plane] : pixels[plane + 63];
        most = std::max(most, std::abs(pixels[plane + static_cast<size_t>(y * 64 + x)] - corner));
      }
      return most;
    };
    std::map<int64_t, int64_t> rows, columns;  // the most contrast of each
    for (int64_t y = 0; y < 64; ++y)
      for (int64_t x = 0; x < 64; ++x) {
        const int64_t seen = contrast(y, x);
        rows[y] = std::max(rows[y], seen), columns[x] = std::max(columns[x], seen);
        if (y < o.top || y >= o.bottom || x < o.left || x >= o.right) CHECK(seen < 70);
      }
    for (const int64_t edge :
         {rows[o.top], rows[o.bottom - 1], columns[o.left], columns[o.right - 1]})
      CHECK(edge > 30);
  }
}

TEST_CASE("scenes: combinations for testing are unseen in training, pairs are seen") {
  const auto combinations = [](const Scenes& made) {
    std::set<std::string> all;
    for (const Scene& scene : made.scenes)
      for (const SceneObject& o : scene.objects)
        all.insert(o.color + " " + o.material + " " + o.shape);
    return all;
  };
  std::set<std::string> train = combinations(scenes(3, 600, {.side = 48}));
  const Scenes test = scenes(4, 300, {.part = ScenePart::test, .side = 48});
  std::set<std::string> unseen;
  for (const Scene& scene : test.scenes) {
    CAPTURE(scene.caption);
    const auto is_unseen = [&](const SceneObject& o) {
      const std::string name = o.color + " " + o.material + " " + o.shape;
      if (train.contains(name)) return false;
      unseen.insert(name);
      return true;
    };
    CHECK(std::count_if(scene.objects.begin(), scene.objects.end(), is_unseen) > 0);
  }
  CHECK(train.size() == 120);
  CHECK(unseen.size() == 24);
  std::set<std::string> pairs;
  for (const std::string& name : train) {
    const std::vector<std::string> words = words_of(name);
    pairs.insert({words[0] + words[1], words[0] + words[2], words[1] + words[2]});
  }
  CHECK(pairs.size() == 6 * 4 + 6 * 6 + 4 * 6);
}

TEST_CASE("scenes: the same on every machine, each by its index") {
  const Scenes made = scenes(5, 8), more = scenes(5, 20), other = scenes(6, 8);
  uint64_t hash = 14695981039346656037U;  // FNV-1a
  for (const int64_t pixel : made.images.to_vector<int64_t>())
    hash = (hash ^ static_cast<uint64_t>(pixel)) * 1099511628211U;
  CHECK(hash == 5856515589597919324U);
  CHECK(made.scenes[0].caption == "a large red outlined circle");
  CHECK(made.scenes[7].caption == more.scenes[7].caption);
  CHECK(made.scenes[7].caption != other.scenes[7].caption);
}

TEST_CASE("scenes: options out of range") {
  CHECK(error_of<ValueError>([] { scenes(1, 0); }) ==
        "scenes: the count is 0; it must be in 1..1,000,000");
  CHECK(error_of<ValueError>([] { scenes(1, 1, {.side = 32}); }) ==
        "scenes: the side is 32; it must be in 48..256");
  CHECK(error_of<ValueError>([] { scenes(1, 1, {.min_objects = 3, .max_objects = 2}); }) ==
        "scenes: min_objects = 3, max_objects = 2; they must be in 1..3 and in ascending order");
}

}  // namespace tapehead::scenes_test
