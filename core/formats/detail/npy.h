// What .npy and .npz files share.
#pragma once

#include <string>

#include "tapehead/core/tensor.h"

namespace tapehead::core {

/// The bytes of a .npy file of this tensor.
std::string npy_bytes(const Tensor& tensor);

}  // namespace tapehead::core
