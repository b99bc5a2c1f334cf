// Runs the checks of all op rows in this program.
#include <doctest/doctest.h>

#include <cstdlib>

#include "tapehead/tests/op_check.h"

using namespace tapehead::op_tests;

// TAPEHEAD_ONLY_OP=tanh restricts the checks to one op during development.
TEST_CASE("every row of the table of ops") {
  const char* only = std::getenv("TAPEHEAD_ONLY_OP");
  for (const OpTest& row : table()) {
    if (only && row.op() != only) continue;
    for (const std::string& problem : check_op(row)) FAIL_CHECK(problem);
  }
}
