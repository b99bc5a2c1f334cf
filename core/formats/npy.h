// NumPy files: .npy holds one array, .npz is a zip archive of named arrays.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tapehead/core/formats/safetensors.h"
#include "tapehead/core/tensor.h"

namespace tapehead {

/// Reads a .npy file of format version 1, 2 or 3, in either byte order, in C or Fortran order.
/// Types that tensors do not support are widened: u16 to i32; u32 and u64 to i64. The header is
/// validated, against the file's size too, before the array is allocated.
///
/// Throws IoError if the file cannot be read; FormatError, with the file's name, for an invalid
/// header, Python objects (which need pickle), strings, complex numbers, a u64 beyond i64, and
/// missing or excess bytes; OutOfMemoryError, with the file's name.
Tensor read_npy(const std::string& path);
/// Reads a .npy file from memory; `name` stands for the file in errors.
Tensor parse_npy(std::string_view bytes, const std::string& name);

/// Writes a file readable by numpy.load, atomically. bf16, which NumPy does not support, is written
/// as f32.
void write_npy(const std::string& path, const Tensor& tensor);

/// Limits for reading .npz files from untrusted sources.
struct NpzLimits {
  int64_t arrays = 10'000;           ///< the largest number of arrays
  int64_t bytes = int64_t{1} << 34;  ///< of all arrays together
  /// Maximum ratio of unpacked to packed size, for archives that unpack to more than 256 MiB.
  double ratio = 100;
};

/// Reads the arrays of a .npz file, stored or deflated (numpy.savez, numpy.savez_compressed), in
/// file order, with ".npy" removed from the names. Throws like read_npy(), and FormatError for an
/// entry that is not an array, is repeated, is encrypted or fails its checksum, and for an archive
/// that exceeds the limits. At most 1 GiB is read from a pipe.
std::vector<NamedTensor> read_npz(const std::string& path, const NpzLimits& limits = {});
std::vector<NamedTensor> parse_npz(std::string_view bytes, const std::string& name,
                                   const NpzLimits& limits = {});

/// Writes an uncompressed archive, atomically; equal tensors produce identical files. Throws
/// ValueError, before anything is written, for a name that is empty, repeated, longer than 65,531
/// bytes, not UTF-8, or contains a NUL.
void write_npz(const std::string& path, std::span<const NamedTensor> tensors);

}  // namespace tapehead
