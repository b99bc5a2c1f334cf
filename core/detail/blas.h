// The OpenBLAS in use, and the CPU core whose kernels it runs.
#pragma once

#include <string>
#include <string_view>

namespace tapehead::core {

/// Properties reported by OpenBLAS.
struct Blas {
  int parallel;        // openblas_get_parallel()
  std::string config;  // openblas_get_config()
  std::string core;    // openblas_get_corename(): the core whose kernels run
};

Blas blas();

/// The OpenBLAS core to use instead of `core`, given the best instruction set of this machine (a
/// name as of kernels::isa()); empty if `core` is appropriate.
///
/// An OpenBLAS older than the CPU falls back to Prescott (SSE3), at a fifth of the speed.
std::string better_core(std::string_view core, std::string_view isa);

/// Switches OpenBLAS to the kernels of `core`; returns false if this OpenBLAS does not support it.
/// No matrix product may be running. On load, the library switches to better_core(), unless the
/// environment variable OPENBLAS_CORETYPE is set.
bool use_core(const std::string& core);

/// Makes OpenBLAS allocate the buffer that products in this thread use. Must be called before the
/// first product: OpenBLAS itself retries a failed allocation forever. Throws OutOfMemoryError.
void have_buffer();

/// The warning that info() prints for a slow OpenBLAS; empty if there is nothing to report.
std::string blas_warning(const Blas& blas, std::string_view isa);

}  // namespace tapehead::core
