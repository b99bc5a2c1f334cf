// Information about the library and the machine.
#pragma once

#include <string>

namespace tapehead {

/// A multi-line report for bug reports: version, CPU, instruction set in use, threads, OpenBLAS and
/// its core, and memory, followed by a warning if the loaded OpenBLAS is not its OpenMP build or
/// runs kernels of a wrong CPU.
std::string info();

}  // namespace tapehead
