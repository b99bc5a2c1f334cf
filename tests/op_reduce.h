// Samples of reductions, for the rows of sum, max and similar ops.
#pragma once

#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {

using Values = std::vector<double>;

/// The signature of a reduction.
using ReductionCall = Tensor (*)(const Tensor& x, const Axes& axes, bool keepdim);

struct ReductionRange {
  double from = -2, to = 2;
  double away_from_zero = 0;
  bool differentiable = true;
  bool empty = true;  // empty reductions are defined
};

/// Samples that reduce inner, outer, scattered and all axes, lengths that are not multiples of the
/// vector size, sizes that use several threads, 0-d and empty tensors. `reference` reduces the
/// elements of one result, in row-major order.
std::vector<Sample> reductions(ReductionCall f, double (*reference)(const Values&),
                               ReductionRange range = {});

/// Calls f for every line of x along the axis, with its elements and the index of each in x.
void each_line(const Array& x, int axis,
               const std::function<void(const Values&, const std::vector<size_t>&)>& f);

}  // namespace tapehead::op_tests
