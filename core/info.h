// What the library is and what it runs on.
#pragma once

#include <string>

namespace tapehead {

/// Several lines for people and bug reports: version, CPU, instruction set in use, threads,
/// OpenBLAS and its core, memory; then warnings, if the OpenBLAS that was loaded is not its OpenMP
/// build.
std::string info();

}  // namespace tapehead
