// Images of any format that can be read.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "tapehead/core/tensor.h"
#include "tapehead/data/files.h"

namespace tapehead::data {

struct ReadImageOptions {
  std::array<uint8_t, 3> background = {255, 255, 255};  ///< RGB, behind transparent pixels
  int64_t max_pixels = int64_t{1} << 26;                ///< larger images are refused
  FileLimits limits = {};                               ///< of the size of the file
};

/// Reads a PNG or JPEG image, recognised by its content, as RGB: u8 [3, H, W]. Grey images get
/// three equal channels, transparent ones are drawn over the background; gamma and colour profiles
/// are ignored. Throws as read_png() and read_jpeg(), and FormatError, with the format if it is
/// known, for any other file.
Tensor read_image(const std::string& path, const ReadImageOptions& options = {});

}  // namespace tapehead::data
