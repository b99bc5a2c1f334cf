#include "tapehead/data/jpeg.h"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "tapehead/core/error.h"
#include "tapehead/tests/expect.h"
#include "tapehead/tests/jpeg_file.h"
#include "tapehead/tests/scratch.h"

namespace tapehead::jpeg_test {

using test::jpeg_file, test::JpegColors, test::JpegFile;
using testing::error_of;

TEST_CASE("jpeg: colour spaces and arithmetic coding") {
  struct Row {
    const char* name;
    JpegFile file;
    std::vector<int64_t> pixel;
  };
  const Row rows[] = {
      {"grey", {{77}, JpegColors::grey, JpegColors::grey}, {77}},
      {"YCbCr", {{200, 90, 30}, JpegColors::rgb, JpegColors::ycbcr}, {200, 90, 30}},
      {"RGB", {{200, 90, 30}, JpegColors::rgb, JpegColors::rgb}, {200, 90, 30}},
      {"arithmetic",
       {{200, 90, 30}, JpegColors::rgb, JpegColors::ycbcr, 9, 11, true},
       {200, 90, 30}},
      {"scans",
       {{200, 90, 30}, JpegColors::rgb, JpegColors::ycbcr, 9, 11, false, true},
       {200, 90, 30}},
      {"CMYK", {{200, 90, 30, 51}, JpegColors::cmyk, JpegColors::cmyk}, {40, 18, 6}},
      {"YCCK", {{200, 90, 30, 255}, JpegColors::cmyk, JpegColors::ycck}, {200, 90, 30}},
      {"large, of one colour", {{77}, JpegColors::grey, JpegColors::grey, 800, 800}, {77}},
  };
  const test::Scratch folder;
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const Tensor image = data::read_jpeg(folder.write("a.jpg", jpeg_file(row.file)));
    const auto channels = static_cast<int64_t>(row.pixel.size());
    CHECK(image.shape() == Shape{channels, row.file.height, row.file.width});
    const std::vector<int64_t> pixels = image.to_vector<int64_t>();
    int64_t most = 0;
    for (size_t i = 0; i < pixels.size(); ++i) {
      const size_t c = i / (pixels.size() / row.pixel.size());
      most = std::max(most, std::abs(pixels[i] - row.pixel[c]));
    }
    CHECK(most <= 2);  // YCbCr is rounded, too
  }
}

TEST_CASE("jpeg: files that are cut, changed or too large") {
  const test::Scratch folder;
  const std::string path = folder / "a.jpg";
  const std::string bytes =
      jpeg_file({{200, 90, 30}, JpegColors::rgb, JpegColors::ycbcr, 9, 11, false, true});
  const auto error = [&](const std::string& file) {
    folder.write("a.jpg", file);
    return error_of<FormatError>([&] { data::read_jpeg(path); });
  };
  const std::string refused = path + ": not a JPEG image that can be read: ";
  const auto pixels = data::read_jpeg(folder.write("whole.jpg", bytes)).to_vector<uint8_t>();
  folder.write("a.jpg", std::string(bytes).insert(bytes.size() - 2, "\1"));  // as cameras write
  CHECK(data::read_jpeg(path).to_vector<uint8_t>() == pixels);
  for (size_t size = 0; size < bytes.size(); ++size) {
    CAPTURE(size);
    CHECK(error(bytes.substr(0, size)).starts_with(refused));
  }
  CHECK(error("") == refused + "Empty input file");
  CHECK(error(bytes.substr(0, bytes.size() - 2)) == refused + "Premature end of JPEG file");

  std::string precise = bytes, large = bytes;
  const size_t frame = bytes.find("\xff\xc0");
  precise[frame + 4] = 12;
  CHECK(error(precise) == refused + "Unsupported JPEG data precision 12");
  for (size_t at = frame + 5; at < frame + 9; ++at) large[at] = '\x1f';
  CHECK(error(large) == path + ": the header promises 7967 x 7967 pixels, which " +
                            std::to_string(bytes.size()) +
                            " bytes cannot hold; the file is incomplete");
  for (size_t at = frame + 5; at < frame + 9; ++at) large[at] = '\x7f';
  folder.write("a.jpg", large);
  CHECK(error_of<IoError>([&] { data::read_jpeg(path); }) ==
        path +
            ": an image of 32639 x 32639 pixels; the limit is 67108864 pixels; pass a larger "
            "max_pixels for a file that you trust");
  CHECK(error(jpeg_file({{1, 2}, JpegColors::other, JpegColors::other})) ==
        path + ": a JPEG image of 2 colour components; expected 1, 3 or 4");

  const size_t scan = bytes.find("\xff\xda"), next = bytes.find("\xff\xda", scan + 1);
  std::string scans = bytes;
  for (int i = 0; i < 500; ++i) scans.insert(next, bytes.substr(scan, next - scan));
  CHECK(error(scans) == refused + "more than 500 scans");
  CHECK(error_of<IoError>([&] { data::read_jpeg(folder / "b.jpg"); }).find("no such file") !=
        std::string::npos);
}

}  // namespace tapehead::jpeg_test
