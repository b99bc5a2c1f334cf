// The instruction sets that kernels are compiled for.
#pragma once

#include <vector>

#include "tapehead/core/kernels/kernels.h"

namespace tapehead::kernels {

/// The kernels of every instruction set that this CPU runs, the best first.
std::vector<const Table*> supported_tables();

}  // namespace tapehead::kernels
