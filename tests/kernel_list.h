// The rows of core/kernels/elementwise_kernels.h as data, for tests and benchmarks that iterate
// over them.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "tapehead/core/kernels/elementwise_kernels.h"
#include "tapehead/tests/kernel_reference.h"

namespace tapehead::kernels {

/// One elementwise kernel, compiled for the instruction set in use.
struct ListedKernel {
  std::string name;   // "unary.tanh"
  const Loop* loops;  // [DType]; null for unsupported dtypes
  int operands;
  bool is_predicate;  // the result is bool
  Number (*reference)(Number x, Number y, Number z, const double* k);
  double from, to;    // range of the operands
  double ulp, least;  // maximum error in ulp, of results of at least `least`
  std::array<double, 3> numbers;
};

std::vector<ListedKernel> listed_kernels();

/// Converts a reference's result to an element of the dtype: integers wrap around, and non-zero
/// numbers are true.
Number as_element(DType type, Number x);
/// The maximum difference of a kernel's result from the reference's.
double tolerance(const ListedKernel& kernel, DType type, Number expected);

}  // namespace tapehead::kernels
