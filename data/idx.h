// IDX files: the arrays that MNIST comes in.
#pragma once

#include <string>

#include "tapehead/core/tensor.h"
#include "tapehead/data/files.h"

namespace tapehead::data {

/// The array of an IDX file, plain or gzipped: u8, i32, f32 or f64, of one to eight axes. The form:
/// two zero bytes, the type, the number of axes, their sizes, the elements, all in big-endian order
/// (LeCun, Cortes and Burges, "The MNIST database"). Throws IoError, and FormatError for anything
/// else, a file that is cut or too long among them.
Tensor read_idx(const std::string& path, const FileLimits& limits = {});

}  // namespace tapehead::data
