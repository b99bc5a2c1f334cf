// safetensors files: named tensors, as published by Hugging Face.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "tapehead/core/tensor.h"

namespace tapehead {

using NamedTensor = std::pair<std::string, Tensor>;

struct SafeTensors {
  std::vector<NamedTensor> tensors;  ///< in the order of their bytes
  std::vector<std::pair<std::string, std::string>> metadata;

  /// The tensor of this name; undefined when there is none.
  Tensor find(const std::string& name) const;
  /// The metadata of this key; empty when there is none.
  std::string note(const std::string& key) const;
};

/// Reads a whole file. The published rules are enforced: a header of at most 100 MB that is one
/// JSON object without duplicate names, shapes whose size in bytes is that of their range, ranges
/// that tile the buffer without gap or overlap. All of them are checked before there is memory for
/// a tensor. F16, which tensors do not have, is read as f32; of BOOL every byte but 0 is true, as
/// for NumPy and PyTorch. A pipe has no size to check against: at most 1 GiB is read of it. Throws
/// IoError when it cannot be read, FormatError that names the file and the broken rule,
/// OutOfMemoryError that names the file.
SafeTensors read_safetensors(const std::string& path);

/// The same from memory; `name` stands for the file in errors.
SafeTensors parse_safetensors(std::string_view bytes, const std::string& name);

/// Writes tensors, whole or not at all: by falling element size, then by name, as the reference
/// implementation orders them. Throws IoError, and ValueError, before anything is written, for a
/// name that could not be read back: one given twice, `__metadata__`, and one that is not UTF-8 or
/// holds a NUL; for metadata likewise.
void write_safetensors(const std::string& path, std::span<const NamedTensor> tensors,
                       std::span<const std::pair<std::string, std::string>> metadata = {});

}  // namespace tapehead
