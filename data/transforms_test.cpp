#include "tapehead/data/transforms.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "tapehead/core/creation.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"
#include "tapehead/data/loader.h"
#include "tapehead/tests/optim_tools.h"

namespace tapehead::transforms_test {

using namespace test;
using namespace data;

namespace {

using Values = std::vector<double>;

// 0, 1, 2, … as an image.
Tensor image(const Shape& shape, DType dtype = f32) {
  Values numbers;
  for (int64_t i = 0; i < shape.numel(); ++i) numbers.push_back(static_cast<double>(i));
  return core::cast(from_vector(numbers, shape), dtype);
}

}  // namespace

TEST_CASE("pads, crops and flips, of every type") {
  struct Row {
    const char* name;
    Transform transform;
    Shape image, shape;
    Values values;
  };
  const Row rows[] = {
      {"Pad, all sides",
       Pad{.padding = {1}, .fill = 9},
       {1, 2},
       {3, 4},
       {9, 9, 9, 9, 9, 0, 1, 9, 9, 9, 9, 9}},
      {"Pad, columns and rows", Pad{.padding = {1, 0}}, {1, 1, 2}, {1, 1, 4}, {0, 0, 1, 0}},
      {"Pad, left top right bottom",
       Pad{.padding = {2, 0, 0, 1}, .fill = 5},
       {1, 2},
       {2, 4},
       {5, 5, 0, 1, 5, 5, 5, 5}},
      {"Pad, edge",
       Pad{.padding = {2, 0}, .padding_mode = PaddingMode::edge},
       {1, 3},
       {1, 7},
       {0, 0, 0, 1, 2, 2, 2}},
      {"Pad, reflect",
       Pad{.padding = {2, 0}, .padding_mode = PaddingMode::reflect},
       {1, 3},
       {1, 7},
       {2, 1, 0, 1, 2, 1, 0}},
      {"Pad, symmetric",
       Pad{.padding = {3, 0}, .padding_mode = PaddingMode::symmetric},
       {1, 3},
       {1, 9},
       {2, 1, 0, 0, 1, 2, 2, 1, 0}},
      {"CenterCrop", CenterCrop{1, 2}, {2, 3, 4}, {2, 1, 2}, {5, 6, 17, 18}},
      {"CenterCrop rounds halves to even", CenterCrop{1, 1}, {1, 2, 4}, {1, 1, 1}, {2}},
      {"CenterCrop of a smaller image",
       CenterCrop{2, 4},
       {1, 1, 1},
       {1, 2, 4},
       {0, 0, 0, 0, 0, 0, 0, 0}},
      {"RandomCrop of the whole image",
       RandomCrop{.height = 2, .width = 2},
       {1, 2, 2},
       {1, 2, 2},
       {0, 1, 2, 3}},
      {"RandomHorizontalFlip",
       RandomHorizontalFlip{.p = 1},
       {2, 1, 3},
       {2, 1, 3},
       {2, 1, 0, 5, 4, 3}},
      {"RandomVerticalFlip", RandomVerticalFlip{.p = 1}, {1, 3, 2}, {1, 3, 2}, {4, 5, 2, 3, 0, 1}},
      {"no flip", RandomVerticalFlip{.p = 0}, {1, 2, 1}, {1, 2, 1}, {0, 1}},
  };
  for (const Row& row : rows)
    for (const DType dtype : {f32, f64, bf16, i64, i32, u8}) {
      CAPTURE(row.name);
      CAPTURE(name(dtype));
      const Tensor before = image(row.image, dtype), after = row.transform(before);
      CHECK(after.shape() == row.shape);
      CHECK(after.dtype() == dtype);
      CHECK(core::cast(after, f64).to_vector<double>() == row.values);
      CHECK(values(core::cast(before, f64)) == values(core::cast(image(row.image), f64)));
    }
}

TEST_CASE("images with gaps are transformed like others") {
  const Tensor wide = core::view_of(image({4, 3}), {1, 3, 4}, {12, 1, 3}, 0);
  CHECK(values(CenterCrop{3, 2}(wide)) == Values{3, 6, 4, 7, 5, 8});
}

TEST_CASE("RandomCrop: all places, each image of a batch its own, the channels of one alike") {
  Generator generator{.seed = 1};
  const Tensor all = image({1, 3, 4}), batch = core::view_of(all, {200, 2, 3, 4}, {0, 0, 4, 1}, 0);
  const Tensor out =
      RandomCrop{.height = 2, .width = 2, .padding = {1}, .fill = 99}(batch, generator);
  CHECK(out.shape() == Shape{200, 2, 2, 2});
  const Values pixels = values(out);
  std::set<Values> seen;
  for (size_t i = 0; i < 200; ++i) {
    const auto at = pixels.begin() + static_cast<int64_t>(8 * i);
    CHECK(std::equal(at, at + 4, at + 4));
    seen.insert(Values(at, at + 4));
  }
  CHECK(seen.size() == 4 * 5);
  CHECK(seen.contains({99, 99, 99, 0}));
  CHECK(seen.contains({11, 99, 99, 99}));
  CHECK(seen.contains({5, 6, 9, 10}));
  const Tensor small = RandomCrop{.height = 4, .width = 1, .pad_if_needed = true}(image({1, 2, 1}));
  CHECK(small.shape() == Shape{1, 4, 1});
}

TEST_CASE("Normalize: a mean and a deviation for each channel") {
  for (const DType dtype : {f32, f64}) {
    const Tensor out = Normalize{.mean = {1, 2}, .std = {2, 0.5}}(image({2, 2, 1, 2}, dtype));
    CHECK(values(out) == Values{-0.5, 0, 0, 2, 1.5, 2, 8, 10});
    CHECK(values(Normalize{.mean = {1}, .std = {2}}(image({3, 1, 1}, dtype))) ==
          Values{-0.5, 0, 0.5});
  }
}

TEST_CASE("RandomErasing sets one rectangle, of the given area and proportions") {
  Generator generator{.seed = 2};
  const Tensor ones = core::full({50, 2, 12, 10}, 1);
  const Tensor out =
      RandomErasing{.p = 0.5, .scale = {0.1, 0.3}, .ratio = {0.5, 2}, .value = 7}(ones, generator);
  const Values pixels = values(out);
  int erased = 0;
  for (size_t i = 0; i < 50; ++i) {
    const auto at = pixels.begin() + static_cast<int64_t>(240 * i);
    CHECK(std::equal(at, at + 120, at + 120));
    int64_t top = 12, left = 10, bottom = -1, right = -1, count = 0;
    for (int64_t y = 0; y < 12; ++y)
      for (int64_t x = 0; x < 10; ++x) {
        if (at[y * 10 + x] == 1) continue;
        CHECK(at[y * 10 + x] == 7);
        ++count;
        top = std::min(top, y);
        left = std::min(left, x);
        bottom = std::max(bottom, y);
        right = std::max(right, x);
      }
    if (count == 0) continue;
    ++erased;
    const auto height = static_cast<double>(bottom - top + 1),
               width = static_cast<double>(right - left + 1);
    CHECK(height * width == count);
    CHECK(std::abs(height * width - 24) < 18);  // 12 … 36, rounded
    CHECK(height / width > 0.3);
    CHECK(height / width < 3);
  }
  CHECK(erased > 12);
  CHECK(erased < 38);
  CHECK(values(RandomErasing{.p = 1, .scale = {1e300, 1e300}, .value = 7}(ones)) == values(ones));
}

TEST_CASE("ColorJitter: brightness, contrast, saturation") {
  // Factors of exactly 1 leave images alone; a draw of each is within its range.
  const Tensor colours = from_vector(Values{0.2, 0.4, 0.6, 0.8, 0.1, 0.3}, {3, 1, 2});
  CHECK(values(ColorJitter{}(colours)) == values(colours));
  Generator generator{.seed = 3};
  double lowest = 1, highest = 0;
  for (int i = 0; i < 100; ++i) {
    const double v =
        values(ColorJitter{.brightness = 0.5}(core::full({1, 1, 1}, 0.4, f64), generator))[0];
    lowest = std::min(lowest, v);
    highest = std::max(highest, v);
    const Values grey = values(ColorJitter{.saturation = 1}(colours, generator));
    const double level = 0.2989 * grey[0] + 0.587 * grey[2] + 0.114 * grey[4];
    const double before = 0.2989 * 0.2 + 0.587 * 0.6 + 0.114 * 0.1;
    if (*std::max_element(grey.begin(), grey.end()) < 1 &&
        *std::min_element(grey.begin(), grey.end()) > 0)
      CHECK(level == doctest::Approx(before).epsilon(1e-3));
    const Values flat = values(ColorJitter{.contrast = 1}(core::full({1, 1, 2}, 0.25), generator));
    CHECK(flat[0] == doctest::Approx(0.25));
  }
  CHECK(lowest >= 0.2 - 1e-9);
  CHECK(lowest < 0.23);
  CHECK(highest <= 0.6 + 1e-9);
  CHECK(highest > 0.57);
}

TEST_CASE("ColorJitter: the hue") {
  // The hue in sixths of the circle, of red, green, blue in 0 … 2 by which is largest.
  const auto hue_of = [](double r, double g, double b) {
    const double high = std::max({r, g, b}), range = high - std::min({r, g, b});
    const double turn = high == r   ? (g - b) / range
                        : high == g ? 2 + (b - r) / range
                                    : 4 + (r - g) / range;
    return turn < 0 ? turn + 6 : turn;
  };
  const Tensor colours =
      from_vector(Values{0.2, 0.8, 0.1, 0.5, 0.4, 0.3, 0.7, 0.5, 0.6, 0.7, 0.2, 0.5}, {3, 1, 4});
  const Values before = values(colours);
  Generator generator{.seed = 4};
  double most = 0;
  for (int i = 0; i < 50; ++i) {
    const Values after = values(ColorJitter{.hue = 0.1}(colours, generator));
    double turn = 0;
    for (size_t x = 0; x < 3; ++x) {
      const double by = std::remainder(hue_of(after[x], after[4 + x], after[8 + x]) -
                                           hue_of(before[x], before[4 + x], before[8 + x]),
                                       6.0) /
                        6;
      if (x > 0) CHECK(by == doctest::Approx(turn).epsilon(1e-4));
      turn = by;
      CHECK(std::max({after[x], after[4 + x], after[8 + x]}) ==
            doctest::Approx(std::max({before[x], before[4 + x], before[8 + x]})));
      CHECK(std::min({after[x], after[4 + x], after[8 + x]}) ==
            doctest::Approx(std::min({before[x], before[4 + x], before[8 + x]})));
    }
    for (const size_t grey : {3, 7, 11}) CHECK(after[grey] == before[grey]);
    most = std::max(most, std::abs(turn));
  }
  CHECK(most < 0.1 + 1e-5);
  CHECK(most > 0.08);
}

TEST_CASE("ConvertImageDtype: u8 as 0 to 1, and back") {
  const Tensor bytes = from_vector(std::vector<uint8_t>{0, 51, 128, 255}, {1, 2, 2});
  for (const DType dtype : {f32, f64}) {
    const Tensor floats = ConvertImageDtype{dtype}(bytes);
    CHECK(floats.dtype() == dtype);
    CHECK(values(floats)[1] == doctest::Approx(0.2));
    CHECK(values(ConvertImageDtype{u8}(floats)) == values(bytes));
  }
  const Tensor beyond = from_vector(Values{-0.5, 0.499, 0.501, 1.5}, {1, 2, 2});
  CHECK(values(ConvertImageDtype{u8}(beyond)) == Values{0, 127, 128, 255});
  CHECK(values(ConvertImageDtype{f64}(beyond)) == values(beyond));
  CHECK(values(ConvertImageDtype{u8}(bytes)) == values(bytes));
  CHECK(error_of<DTypeError>([] {
          ConvertImageDtype{i64}(image({1, 1}));
        }) == "ConvertImageDtype: dtype = i64; expected u8, f32 or f64");
}

TEST_CASE("transforms in a loader depend on its seed only, not on its thread") {
  const Tensor images = image({30, 1, 6, 6});
  const Compose augment{RandomCrop{.height = 4, .width = 4, .padding = {1}}, RandomHorizontalFlip{},
                        [](const Tensor& x) { return core::clone(x); },
                        RandomErasing{.p = 0.3, .scale = {0.1, 0.4}},
                        Normalize{.mean = {10}, .std = {5}}};
  const auto batches = [&](int64_t prefetch, uint64_t seed) {
    Loader<Tensor> loader(30,
                          [&](std::span<const int64_t> which) {
                            const Tensor first =
                                core::view_of(images, {static_cast<int64_t>(which.size()), 1, 6, 6},
                                              {36, 36, 6, 1}, 0);
                            return augment(first);
                          },
                          {.batch = 8, .seed = seed, .prefetch = prefetch});
    Values out;
    for (int i = 0; i < 6; ++i)
      for (const double v : values(loader.next())) out.push_back(v);
    return out;
  };
  CHECK(batches(0, 1) == batches(4, 1));
  CHECK(batches(0, 1) != batches(0, 2));
  Generator one{.seed = 5}, same{.seed = 5};
  CHECK(values(augment(images, one)) == values(augment(images, same)));
  CHECK(one == same);
}

TEST_CASE("transforms: errors") {
  struct Row {
    Transform transform;
    Shape image;
    const char* text;
  };
  const Row values_of[] = {
      {Pad{.padding = {1, 2, 3}}, {1, 1}, "Pad: padding has 3 numbers; give 1, 2 or 4"},
      {Pad{.padding = {-1}}, {1, 1}, "Pad: padding[0] = -1; it must be 0 or more"},
      {CenterCrop{0, 2}, {1, 1}, "CenterCrop: height = 0, width = 2; both must be 1 or more"},
      {RandomHorizontalFlip{.p = 2},
       {1, 1},
       "RandomHorizontalFlip: p = 2; it must be within 0 … 1"},
      {Normalize{.mean = {0}, .std = {0}}, {1, 1}, "Normalize: std[0] = 0; it must be above 0"},
      {RandomErasing{.scale = {0.5, 0.1}},
       {1, 1},
       "RandomErasing: scale = {0.5, 0.1}; it must be finite, 0 or more, and in ascending order"},
      {RandomErasing{.ratio = {0, 1}},
       {1, 1},
       "RandomErasing: ratio = {0, 1}; it must be finite, 1e-06 or more, and in ascending order"},
      {ColorJitter{.contrast = -1}, {1, 1}, "ColorJitter: contrast = -1; it must be 0 or more"},
      {ColorJitter{.hue = 0.6}, {1, 1}, "ColorJitter: hue = 0.6; it must be within 0 … 0.5"},
  };
  for (const Row& row : values_of)
    CHECK(error_of<ValueError>([&] { row.transform(image(row.image)); }) == row.text);
  const Row shapes[] = {
      {CenterCrop{1, 1}, {3}, "CenterCrop: images are [3]; expected [C, H, W] or [B, C, H, W]"},
      {Pad{.padding = {3}, .padding_mode = PaddingMode::reflect},
       {1, 4, 3},
       "Pad: padding 3 high and 3 wide of images of 4 × 3; mirrored padding must be smaller than "
       "the image"},
      {RandomCrop{.height = 3, .width = 2},
       {1, 2, 2},
       "RandomCrop: height = 3, width = 2 of images of 2 × 2 with padding; take a smaller crop or "
       "pad_if_needed = true"},
      {Normalize{.mean = {1, 2}, .std = {1, 2}},
       {3, 1, 1},
       "Normalize: 2 means and 2 standard deviations for images [3, 1, 1]; give one for each "
       "channel"},
  };
  for (const Row& row : shapes)
    CHECK(error_of<ShapeError>([&] { row.transform(image(row.image)); }) == row.text);
  CHECK(error_of<DTypeError>([] {
          Normalize{.mean = {0}, .std = {1}}(image({1, 1}, u8));
        }) == "Normalize: images are u8; expected f32 or f64");
}

}  // namespace tapehead::transforms_test
