#include "tapehead/data/labelled_images.h"

#include <doctest/doctest.h>

#include <array>

#include "tapehead/core/creation.h"
#include "tapehead/core/error.h"
#include "tapehead/tests/expect.h"
#include "tapehead/tests/scratch.h"

namespace tapehead::labelled_images_test {

using namespace std::string_literals;
using testing::error_of;

namespace {

// Three images of 1 x 2 pixels.
const std::string kImages = "\0\0\x08\x03\0\0\0\x03\0\0\0\x01\0\0\0\x02"s + "\0\x33\xff\x01\x66\0"s;
const std::string kLabels = "\0\0\x08\x01\0\0\0\x03\x07\x00\x02"s;

}  // namespace

TEST_CASE("mnist: images and labels, in batches") {
  const test::Scratch folder;
  folder.write("train-images-idx3-ubyte", kImages);
  folder.write("train-labels-idx1-ubyte", kLabels);
  const data::LabelledImages digits = data::mnist(folder.path(), data::MnistPart::train);
  CHECK(digits.size() == 3);
  const data::ImageBatch batch = digits.batch(std::array<int64_t, 2>{2, 0});
  CHECK(batch.images.shape() == Shape{2, 1, 1, 2});
  CHECK(batch.images.to_vector<float>() == std::vector<float>{0.4F, 0, 0, 0.2F});
  CHECK(batch.labels.to_vector<int64_t>() == std::vector<int64_t>{2, 7});
  CHECK(digits.batch(1, 3).labels.to_vector<int64_t>() == std::vector<int64_t>{0, 2});
  CHECK(error_of<IndexError>([&] { digits.batch(2, 4); }) ==
        "batch: index 1 is 3; it must be in 0..2, for 3 images");
}

TEST_CASE("mnist: files that are missing, or do not belong together") {
  const test::Scratch folder;
  CHECK(error_of<IoError>([&] {
          data::mnist(folder.path(), data::MnistPart::test);
        }).ends_with("/t10k-images-idx3-ubyte: no such file"));
  folder.write("t10k-images-idx3-ubyte", kImages);
  folder.write("t10k-labels-idx1-ubyte", "\0\0\x08\x01\0\0\0\x02\x07\x00"s);
  CHECK(error_of<FormatError>([&] { data::mnist(folder.path(), data::MnistPart::test); }) ==
        folder.path() +
            "/t10k: has images [3, 1, 2] u8 and labels [2] u8; expected [N, height, width] u8 and "
            "[N] u8");
}

}  // namespace tapehead::labelled_images_test
