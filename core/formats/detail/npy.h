// Shared by the writers of .npy and .npz files.
#pragma once

#include <string>

#include "tapehead/core/tensor.h"

namespace tapehead::core {

/// The tensor as the bytes of a .npy file.
std::string npy_bytes(const Tensor& tensor);

}  // namespace tapehead::core
