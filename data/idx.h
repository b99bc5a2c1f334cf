// IDX files, MNIST's array format.
#pragma once

#include <string>

#include "tapehead/core/tensor.h"
#include "tapehead/data/files.h"

namespace tapehead::data {

/// Reads the array of an IDX file, plain or gzipped: u8, i8, i16, i32, f32 or f64, with one to
/// eight axes. The format is two zero bytes, the type, the number of axes, the sizes and the
/// elements, in big-endian order (LeCun, Cortes and Burges, "The MNIST database"). Throws IoError,
/// and FormatError for any other format, including a truncated or overlong file.
Tensor read_idx(const std::string& path, const FileLimits& limits = {});

}  // namespace tapehead::data
