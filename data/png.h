// PNG images.
#pragma once

#include <cstdint>
#include <string>

#include "tapehead/core/tensor.h"
#include "tapehead/data/files.h"

namespace tapehead::data {

/// Reads a PNG image: u8 [C, H, W] with C = 1 for grey, 2 for grey and alpha, 3 for RGB and 4 for
/// RGBA. Palettes become RGB or RGBA; 16 bits per channel are reduced to 8; of an animation, the
/// default image. Pixels are those of the file: as in Pillow and torchvision, its gamma and colour
/// profile are ignored. Throws IoError (missing, unreadable, more than `max_pixels` pixels),
/// FormatError for what libpng cannot read, and OutOfMemoryError; each names the file.
Tensor read_png(const std::string& path, int64_t max_pixels = int64_t{1} << 26,
                const FileLimits& limits = {});

/// Writes an image u8 [H, W] or [C, H, W] with C as above, atomically. Throws ShapeError,
/// DTypeError and IoError.
void write_png(const std::string& path, const Tensor& image);

/// The bytes of the file that write_png() writes. Throws its errors.
/// Example: data::encode_png(zeros({8, 8}, u8)).substr(1, 3)  // PNG
std::string encode_png(const Tensor& image);

}  // namespace tapehead::data
