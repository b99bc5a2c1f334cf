#include "tapehead/data/png.h"

#include <doctest/doctest.h>

#include <vector>

#include "tapehead/core/creation.h"
#include "tapehead/core/error.h"
#include "tapehead/core/file.h"
#include "tapehead/tests/expect.h"
#include "tapehead/tests/scratch.h"

namespace tapehead::png_test {

using testing::error_of;

namespace {

Tensor image(int64_t channels) {
  std::vector<uint8_t> values;
  for (int64_t i = 0; i < channels * 6; ++i) values.push_back(static_cast<uint8_t>(40 * i % 251));
  return from_vector(values, {channels, 2, 3});
}

}  // namespace

TEST_CASE("png: what is written is read") {
  const test::Scratch folder;
  const std::string path = folder / "a.png";
  for (const int64_t channels : {1, 2, 3, 4}) {
    CAPTURE(channels);
    const Tensor pixels = image(channels);
    data::write_png(path, pixels);
    CHECK(data::encode_png(pixels) == read_file(path));
    const Tensor read = data::read_png(path);
    CHECK(read.shape() == pixels.shape());
    CHECK(read.to_vector<int64_t>() == pixels.to_vector<int64_t>());
  }
  data::write_png(path, zeros({5, 4}, u8));
  CHECK(data::read_png(path).shape() == Shape{1, 5, 4});
}

TEST_CASE("png: the gamma of a file does not change its pixels") {
  const test::Scratch folder;
  const std::string gamma("\0\0\0\4gAMA\0\1\x86\xa0\x31\xe8\x96\x5f", 16);  // 1
  constexpr size_t kHeader = 33;                                            // signature and IHDR
  for (const int64_t channels : {1, 2, 3, 4}) {
    CAPTURE(channels);
    const Tensor pixels = image(channels);
    std::string bytes = data::encode_png(pixels);
    // libpng takes the gamma of an sRGB chunk, if there is one.
    REQUIRE(bytes.compare(kHeader + 4, 4, "sRGB") == 0);
    bytes.replace(kHeader, 13, gamma);
    CHECK(data::read_png(folder.write("a.png", bytes)).to_vector<int64_t>() ==
          pixels.to_vector<int64_t>());
    bytes.resize(kHeader + gamma.size() - 1);
    CHECK(error_of<FormatError>([&] {
            data::read_png(folder.write("a.png", bytes));
          }).starts_with(folder / "a.png: not a PNG image that can be read: "));
  }
}

TEST_CASE("png: files that are cut, changed, too large, or no PNG") {
  const test::Scratch folder;
  const std::string path = folder / "a.png";
  data::write_png(path, image(3));
  const std::string bytes = read_file(path);
  for (size_t size = 0; size < bytes.size() - 12; ++size) {  // all but the end marker
    CAPTURE(size);
    folder.write("cut.png", bytes.substr(0, size));
    CHECK(error_of<FormatError>([&] {
            data::read_png(folder / "cut.png");
          }).starts_with(folder / "cut.png: not a PNG image that can be read: "));
  }
  for (size_t at = 0; at < bytes.size() - 12; ++at) {
    CAPTURE(at);
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ 0x55);
    folder.write("changed.png", changed);
    try {
      data::read_png(folder / "changed.png");  // the text of chunks that matter little may change
    } catch (const FormatError&) {
    } catch (const IoError&) {
    }
  }
  CHECK(error_of<IoError>([&] { data::read_png(path, 5); }) ==
        path +
            ": an image of 3 x 2 pixels; the limit is 5 pixels; pass a larger max_pixels "
            "for a file that you trust");
  CHECK(error_of<IoError>([&] { data::read_png(folder / "b.png"); }).find("no such file") !=
        std::string::npos);
}

TEST_CASE("png: what is not written") {
  const test::Scratch folder;
  CHECK(error_of<DTypeError>([&] {
          data::write_png(folder / "a.png", zeros({2, 2}));
        }) == "write_png: the image is f32; expected u8");
  CHECK(error_of<ShapeError>([&] {
          data::write_png(folder / "a.png", zeros({5, 2, 2}, u8));
        }) ==
        "write_png: the image is [5, 2, 2]; expected [H, W] or [C, H, W] with 1 to 4 channels");
}

}  // namespace tapehead::png_test
