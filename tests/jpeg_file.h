// JPEG files of a single colour, for tests.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tapehead::test {

/// The names are libjpeg's; `other` is its JCS_UNKNOWN.
enum class JpegColors : uint8_t { grey, rgb, ycbcr, cmyk, ycck, other };

struct JpegFile {
  std::vector<uint8_t> pixel;  ///< a value for each component
  JpegColors from, to;         ///< of the pixel, and of the file
  int height = 9, width = 11;
  bool arithmetic = false;
  bool separate_scans = false;  ///< one for each component
};

/// The bytes of the file.
std::string jpeg_file(const JpegFile& file);

}  // namespace tapehead::test
