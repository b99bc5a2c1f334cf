// Runs all checks of a row of the op table.
#pragma once

#include <string>
#include <vector>

#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {

/// Returns one line for each failed check: `tanh [2, 3]: f32 forward: result 0 at [1, 2] is …`.
std::vector<std::string> check_op(const OpTest& row);

}  // namespace tapehead::op_tests
