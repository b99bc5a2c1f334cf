#include "tapehead/tests/kernel_test.h"

#include <sstream>

namespace tapehead::op_tests {

std::deque<OpTest>& kernel_table() {
  static std::deque<OpTest> tests;
  return tests;
}

std::vector<Sample> samples_of(const std::string& family, const std::string& ops) {
  std::vector<Sample> list;
  const auto add = [&](const std::deque<OpTest>& tests, const std::string& name) {
    for (const OpTest& test : tests)
      if (test.op() == name) list.insert(list.end(), test.samples().begin(), test.samples().end());
  };
  add(kernel_table(), family);
  std::istringstream words(ops);
  for (std::string op; words >> op;) add(table(), op);
  return list;
}

}  // namespace tapehead::op_tests
