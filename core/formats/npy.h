// NumPy's files: .npy holds one array, .npz a zip archive of named ones.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tapehead/core/formats/safetensors.h"
#include "tapehead/core/tensor.h"

namespace tapehead {

/// Reads a .npy file of version 1, 2 or 3, of either byte order, in C or Fortran order. Types that
/// tensors do not have are widened: f16 to f32, i8, i16 and u16 to i32, u32 and u64 to i64. Throws
/// IoError when it cannot be read, FormatError that names the file and what is wrong: no such
/// header, Python objects (which only pickle could read), text, complex numbers, a u64 beyond i64,
/// bytes that are missing or too many; OutOfMemoryError that names the file. The header is checked,
/// against the file's size too, before there is memory for the array.
Tensor read_npy(const std::string& path);
/// The same from memory; `name` stands for the file in errors.
Tensor parse_npy(std::string_view bytes, const std::string& name);

/// Writes what numpy.load reads, whole or not at all. bf16, which NumPy does not have, as f32.
void write_npy(const std::string& path, const Tensor& tensor);

/// What a reader of .npz files refuses to exceed: archives may come from anywhere.
struct NpzLimits {
  int64_t arrays = 10'000;
  int64_t bytes = int64_t{1} << 34;  ///< of all arrays together
  /// An archive that is larger than 256 MiB when unpacked may be so many times as large as packed.
  double ratio = 100;
};

/// The arrays of a .npz file in its order, by their names without .npy; stored or deflated, as
/// numpy.savez and savez_compressed write them. Throws as read_npy, and FormatError for an entry
/// that is no array, is there twice, is encrypted or fails its checksum, and for an archive beyond
/// the limits. Of a pipe at most 1 GiB is read.
std::vector<NamedTensor> read_npz(const std::string& path, const NpzLimits& limits = {});
std::vector<NamedTensor> parse_npz(std::string_view bytes, const std::string& name,
                                   const NpzLimits& limits = {});

/// Writes an uncompressed archive, whole or not at all; the same tensors give the same bytes.
/// Throws ValueError, before anything is written, for a name that is empty, given twice, longer
/// than 65,531 bytes, not UTF-8 or holds a NUL.
void write_npz(const std::string& path, std::span<const NamedTensor> tensors);

}  // namespace tapehead
