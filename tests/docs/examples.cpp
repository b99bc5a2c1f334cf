// Runs the examples in the comments of the public headers and compares their results with the
// comments.
#include "tapehead/tests/docs/examples.h"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace {

std::string without_blanks(std::string text) {
  std::erase_if(text, [](char c) { return c == ' ' || c == '\n'; });
  return text;
}

tapehead::data::StoryBatch two_stories() {
  const std::vector<tapehead::data::Story> stories{
      {.sentences = {{1, 2, 3}, {4, 5}}, .question = {6, 7}, .answer = 3, .supports = {0}},
      {.sentences = {{8, 2, 5}}, .question = {6, 8}, .answer = 5, .supports = {0}}};
  return tapehead::data::story_batch(stories, std::vector<int64_t>{0, 1});
}

/// The problem with an example, "" if there is none.
std::string problem_of(const Example& example) {
  try {
    tapehead::manual_seed(0);
    const Shown result = example.run(tapehead::nn::Params(0) / "example", two_stories());
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
