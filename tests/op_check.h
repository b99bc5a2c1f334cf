// Runs all checks of a row of the table of ops.
#pragma once

#include <string>
#include <vector>

#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {

/// What is wrong, a line for each check that failed: `tanh [2, 3]: f32 forward: result 0 at [1, 2]
/// is …`.
std::vector<std::string> check_op(const OpTest& row);

}  // namespace tapehead::op_tests
