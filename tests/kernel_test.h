// Test calls for a family of kernels that no op's test cases use. The row of such a family names no
// op (core/kernels/family.h), and its calls are registered in a test of the code that uses it.
#pragma once

#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {

/// The calls of all such families in this program.
std::deque<OpTest>& kernel_table();

/// TAPEHEAD_KERNEL_TEST(slots).sample({...});
#define TAPEHEAD_KERNEL_TEST(family)                                                       \
  [[maybe_unused]] static const ::tapehead::op_tests::OpTest& test_of_##family##_kernels = \
      ::tapehead::op_tests::kernel_table().emplace_back(#family)

/// The calls that exercise a family: its own, or those of its ops.
std::vector<Sample> samples_of(const std::string& family, const std::string& ops);

}  // namespace tapehead::op_tests
