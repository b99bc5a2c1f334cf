// Which OpenBLAS runs, and with the kernels of which CPU.
#pragma once

#include <string>
#include <string_view>

namespace tapehead::core {

/// What OpenBLAS says of itself.
struct Blas {
  int parallel;        // openblas_get_parallel()
  std::string config;  // openblas_get_config()
  std::string core;    // whose kernels run: openblas_get_corename()
};

Blas blas();

/// The core whose kernels should run in place of those of `core`, by the best instruction set of
/// this machine (of kernels::isa()); empty where those of `core` are right.
///
/// An OpenBLAS older than its CPU falls back to Prescott: SSE3, a fifth of the speed.
std::string better_core(std::string_view core, std::string_view isa);

/// Has OpenBLAS run the kernels of `core`; false where this OpenBLAS cannot change them. No product
/// may run meanwhile. When the library is loaded it takes the better core, unless the variable
/// OPENBLAS_CORETYPE chooses one.
bool use_core(const std::string& core);

/// Has OpenBLAS hold the buffer that a product in this thread takes. To be called before the first
/// one: OpenBLAS asks the system for it again and again, without end, where there is no memory.
/// Throws OutOfMemoryError there.
void have_buffer();

/// What info() says of an OpenBLAS that is slower than it could be; empty of one that is right.
std::string blas_warning(const Blas& blas, std::string_view isa);

}  // namespace tapehead::core
