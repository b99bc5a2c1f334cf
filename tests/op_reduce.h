// Samples of reductions, for the rows of sum, max and their like.
#pragma once

#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {

using Values = std::vector<double>;

/// A reduction as its users call it.
using ReductionCall = Tensor (*)(const Tensor& x, const Axes& axes, bool keepdim);

struct ReductionRange {
  double from = -2, to = 2;
  double away_from_zero = 0;
  bool differentiable = true;
  bool empty = true;  // nothing reduces to something
};

/// Inner, outer and scattered axes, all of them, lengths with tails, work that threads share, 0-d
/// and empty tensors. `reference` reduces the elements that go into one result, in row-major order.
std::vector<Sample> reductions(ReductionCall f, double (*reference)(const Values&),
                               ReductionRange range = {});

/// Calls f for every line of x along the axis: its elements, and the index of each in x.
void each_line(const Array& x, int axis,
               const std::function<void(const Values&, const std::vector<size_t>&)>& f);

}  // namespace tapehead::op_tests
