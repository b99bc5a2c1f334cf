// JPEG images.
#pragma once

#include <cstdint>
#include <string>

#include "tapehead/core/tensor.h"
#include "tapehead/data/files.h"

namespace tapehead::data {

/// Reads a JPEG image, sequential or progressive: u8 [C, H, W] with C = 1 for grey and 3 for RGB.
/// CMYK and YCCK are converted to RGB, with inverted values as Adobe's programs write them. An
/// orientation in Exif data is not applied. Throws IoError (missing, unreadable, more than
/// `max_pixels` pixels), FormatError for what libjpeg cannot read, for corrupt or missing data and
/// for more than 500 scans, and OutOfMemoryError; each names the file. Sizes are checked before
/// memory is allocated for them.
Tensor read_jpeg(const std::string& path, int64_t max_pixels = int64_t{1} << 26,
                 const FileLimits& limits = {});

}  // namespace tapehead::data
