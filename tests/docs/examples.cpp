// Runs the examples in the comments of the public headers and compares their results with the
// comments.
#include "tapehead/tests/docs/examples.h"

#include <algorithm>

namespace {

std::string without_blanks(std::string text) {
  std::erase_if(text, [](char c) { return c == ' ' || c == '\n'; });
  return text;
}

/// The problem with an example, "" if there is none.
std::string problem_of(const Example& example) {
  try {
    tapehead::manual_seed(0);
    const Shown result = example.run(tapehead::nn::Params(0) / "example");
    const std::string expected = example.expected;
    if (expected.empty()) return "";
    const bool shape = expected.starts_with("shape ");
    const std::string& got = shape ? result.shapes : result.values;
    if (without_blanks(got) == without_blanks(shape ? expected.substr(6) : expected)) return "";
    return "the result is " + got + ", not " + expected;
  } catch (const std::exception& e) {
    return e.what();
  }
}

}  // namespace

int main() {
  int passed = 0, failed = 0;
  for (const auto* examples : {&kExamples0, &kExamples1}) {
    for (const Example& example : *examples) {
      const std::string problem = problem_of(example);
      ++(problem.empty() ? passed : failed);
      if (!problem.empty()) fmt::print("{}: {}\n", example.where, problem);
    }
  }
  fmt::print("{} passed, {} failed\n", passed, failed);
  return failed > 0 || passed == 0 ? 1 : 0;
}
