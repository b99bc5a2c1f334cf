// Parts of info() that a test looks at.
#pragma once

#include <string>

namespace tapehead::detail {

/// What info() says of an OpenBLAS whose openblas_get_parallel() is `parallel`: nothing of the
/// OpenMP build.
std::string blas_warning(int parallel, const std::string& config);

}  // namespace tapehead::detail
