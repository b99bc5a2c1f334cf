// safetensors files: named tensors, in Hugging Face's format.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tapehead/core/tensor.h"

namespace tapehead {

using NamedTensor = std::pair<std::string, Tensor>;

/// The contents of a file.
struct SafeTensors {
  std::vector<NamedTensor> tensors;  ///< in the order of their data in the file
  std::vector<std::pair<std::string, std::string>> metadata;  ///< names and values

  /// The tensor with this name; undefined if there is none.
  Tensor find(const std::string& name) const;
  /// The metadata value of this key; empty if there is none.
  std::string note(const std::string& key) const;
};

/// Reads a whole file. The file is validated before any tensor is allocated: the header is one JSON
/// object of at most 100 MB without duplicate names, each tensor's byte range has the size of its
/// shape, and the ranges cover the data without gap or overlap. In BOOL every non-zero byte is
/// true, as in NumPy and PyTorch. At most 1 GiB is read from a pipe. Throws IoError if the file
/// cannot be read; FormatError, with the file's name and the violated rule; OutOfMemoryError, with
/// the file's name.
SafeTensors read_safetensors(const std::string& path);

/// Reads a file from memory; `name` stands for the file in errors.
SafeTensors parse_safetensors(std::string_view bytes, const std::string& name);

/// Writes tensors atomically, ordered by decreasing element size, then by name, as in the reference
/// implementation. Throws IoError, and ValueError, before anything is written, for a name that is
/// repeated, `__metadata__`, not UTF-8, or contains a NUL; likewise for metadata.
void write_safetensors(const std::string& path, std::span<const NamedTensor> tensors,
                       std::span<const std::pair<std::string, std::string>> metadata = {});

}  // namespace tapehead
