// What optimizers include; their kernels are about to stand beside them.
#pragma once

#include "tapehead/core/kernels/optim.h"

namespace tapehead::kernels {

struct Table {
  const OptimKernels* optim;
};
inline Table table() { return {&optim()}; }

}  // namespace tapehead::kernels
