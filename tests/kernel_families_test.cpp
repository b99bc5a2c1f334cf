// Every kernel family computes the same on every instruction set, as tested by the results and
// gradients of ops that use it, or by its own test calls (kernel_test.h).
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "tapehead/core/kernels/entry.h"
#include "tapehead/tests/kernel_test.h"
#include "tapehead/tests/on_each_isa.h"
#include "tapehead/tests/op_derive.h"

using namespace tapehead;
using namespace tapehead::op_tests;

namespace {

// Maps each family declared in a header of these layers to the ops that its row names.
std::map<std::string, std::string> declared(const std::set<std::string>& layers) {
  std::map<std::string, std::string> found;
  const std::filesystem::path root = TAPEHEAD_SOURCE_ROOT;
  for (const std::string& layer : layers)
    for (const auto& file : std::filesystem::recursive_directory_iterator(root / layer)) {
      if (file.path().extension() != ".h") continue;
      std::ifstream in(file.path());
      for (std::string line; std::getline(in, line);) {
        if (!line.starts_with("TAPEHEAD_KERNELS")) continue;
        const size_t open = line.find('('), comma = line.find(','), quote = line.find('"');
        REQUIRE(quote != std::string::npos);
        const std::string family = line.substr(open + 1, comma - open - 1);
        found[family] = line.substr(quote + 1, line.find('"', quote + 1) - quote - 1);
      }
    }
  return found;
}

// The op rows for core's families are in autograd.
std::set<std::string> layers_of_this_program() {
  const std::string layer = TAPEHEAD_LAYER;
  if (layer == "autograd") return {"core", "autograd"};
  return {layer};
}

Derived call(const Sample& s, DType dtype) {
  Tensors operands = to_tensors(s, rounded_to(s, draw(s), dtype), dtype);
  if (s.differentiable) {
    track(operands);
    return derive(s, operands);
  }
  Derived out;
  for (const Tensor& result : s.call(operands)) out.results.push_back(to_array(result));
  return out;
}

}  // namespace

TEST_CASE("every family of kernels is in the table, with ops or calls that exercise it") {
  std::map<std::string, int> entries;
  kernels::each_entry([&](kernels::Entry& entry) { ++entries[entry.family]; });
  for (const auto& row : declared(layers_of_this_program())) {
    const std::string &family = row.first, &ops = row.second;
    CAPTURE(family);
    CHECK(entries[family] > 0);
    CHECK(samples_of(family, ops).size() > 0);
    std::istringstream words(ops);
    for (std::string op; words >> op;)
      CHECK_MESSAGE(samples_of("", op).size() > 0, op, " has no row with samples");
  }
}

TEST_CASE("every family of kernels computes the same on every instruction set") {
  for (const auto& row : declared(layers_of_this_program())) {
    const std::string &family = row.first, &ops = row.second;
    CAPTURE(family);
    for (const Sample& s : samples_of(family, ops))
      for (const DType dtype : {f64, f32, bf16}) {
        CAPTURE(std::string(name(dtype)));
        std::optional<Derived> first;
        kernels::on_each_isa([&] {
          const Derived got = call(s, dtype);
          if (!first) {
            first = got;
            return;
          }
          Sample both = s;  // both results are rounded
          both.roundings *= 2, both.reduces *= 2;
          if (const Problem p = compare_results(both, got.results, first->results, dtype))
            FAIL_CHECK(*p);
          if (const Problem p = compare_grads(both, got, *first, dtype)) FAIL_CHECK(*p);
        });
      }
  }
}

TEST_CASE("all instruction sets have the same kernels") {
  kernels::each_entry([](kernels::Entry& entry) {
    CAPTURE(std::string(entry.symbol));
    for (const kernels::Candidate& candidate : entry.candidates) {
      if (kernels::is_instruction_set(candidate.level))
        CHECK(entry.missing(candidate) == entry.missing(entry.candidates.back()));
    }
  });
}
