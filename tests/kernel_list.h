// The rows of core/kernels/elementwise_kernels.h as data, for what walks them: the test and the
// benchmark.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "tapehead/core/kernels/elementwise_kernels.h"

namespace tapehead::kernels {

/// What references compute in: more digits than f64.
using Number = long double;

/// One elementwise kernel, of the instruction set in use.
struct ListedKernel {
  std::string name;   // "unary.tanh"
  const Loop* loops;  // [DType]; null where it does not have the type
  int operands;
  bool is_predicate;  // the result is bool
  Number (*reference)(Number x, Number y, Number z, const double* k);
  double from, to;    // the range that operands are drawn from
  double ulp, least;  // the largest error, in units of the last place, of what is at least this
  std::array<double, 2> numbers;
};

std::vector<ListedKernel> listed_kernels();

/// The reference's result as an element of the type has it: integers wrap, all but 0 is true.
Number as_element(DType type, Number x);
/// How far from the reference's result a kernel's may be.
double tolerance(const ListedKernel& kernel, DType type, Number expected);

}  // namespace tapehead::kernels
