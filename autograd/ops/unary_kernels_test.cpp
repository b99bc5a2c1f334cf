// Table rows for ops that are computed by the unary kernel of the same name
// (core/kernels/elementwise_kernels.h) and have no row of their own. Reference and range come from
// the kernel's row.
#include <algorithm>

#include "tapehead/core/kernels/elementwise_kernels.h"
#include "tapehead/tests/kernel_reference.h"
#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {
namespace {

using namespace kernels;  // references

// Finite differences are inaccurate where the function is very large or very small.
Range moderate(double from, double to) { return {std::max(from, -4.0), std::min(to, 4.0)}; }

#define TAPEHEAD_ROW_OF_KERNEL(name, types, expression, reference, from, to, ...)        \
  [[maybe_unused]] const OpTest& row_of_##name = add_kernels_row(#name).unary(           \
      tapehead::name,                                                                    \
      [](double x) { return static_cast<double>(static_cast<long double>(reference)); }, \
      moderate(from, to));
TAPEHEAD_UNARY_KERNELS(TAPEHEAD_ROW_OF_KERNEL)

}  // namespace
}  // namespace tapehead::op_tests
