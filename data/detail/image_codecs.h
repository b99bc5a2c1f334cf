// Decoders of images in memory. `path` names the file in errors.
#pragma once

#include <cstdint>
#include <string>

#include "tapehead/core/tensor.h"

namespace tapehead::data::detail {

/// See read_png() and read_jpeg().
Tensor decode_png(const std::string& path, const std::string& bytes, int64_t max_pixels);
Tensor decode_jpeg(const std::string& path, const std::string& bytes, int64_t max_pixels);

/// Throws IoError for more than `max_pixels` pixels.
void check_image_size(const std::string& path, int64_t height, int64_t width, int64_t max_pixels);
/// Throws FormatError: the file is too short for an image of this size.
[[noreturn]] void fail_too_short(const std::string& path, int64_t height, int64_t width,
                                 const std::string& bytes);

}  // namespace tapehead::data::detail
