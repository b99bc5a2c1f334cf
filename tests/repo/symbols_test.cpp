// A kernel file compiled for AVX-512 that emits a weak function, a std::max say, hands it to the
// whole program: the linker keeps any one copy, and on an older CPU the program dies far from the
// kernels. So the objects of the kernels may not define weak symbols at all.
#include <cxxabi.h>
#include <doctest/doctest.h>

#include <cstdlib>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "tapehead/tests/repo/output_of.h"

namespace {

struct Symbols {
  int strong = 0;
  std::vector<std::string> weak;
};

std::string demangled(const std::string& name) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> text(
      abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status), std::free);
  return status == 0 ? text.get() : name;
}

/// Weak by the compiler's own doing, and the same code whatever the instruction set.
bool is_compilers_own(const std::string& name) {
  return name.starts_with("DW.ref.") || name.starts_with("__x86.get_pc_thunk.");
}

Symbols symbols_of(const std::string& archive) {
  Symbols symbols;
  std::istringstream lines(output_of("nm -P '" + archive + "'"));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string name, type;
    if (!(words >> name >> type) || type.size() != 1) continue;
    if (std::string("TDRB").find(type) != std::string::npos) ++symbols.strong;
    const bool weak = type == "W" || type == "V" || type == "u";
    if (weak && !is_compilers_own(name)) symbols.weak.push_back(demangled(name));
  }
  return symbols;
}

TEST_CASE("repo: kernels define no weak symbols") {
  const std::string folder = TAPEHEAD_BUILD_ROOT "/libkernels_";
  std::istringstream isas(TAPEHEAD_KERNEL_ISAS);
  for (std::string isa; isas >> isa;) {
    CAPTURE(isa);
    const Symbols symbols = symbols_of(folder + isa + ".a");
    CHECK(symbols.strong > 0);
    for (const std::string& name : symbols.weak) FAIL_CHECK(name << " is weak; make it static");
  }
}

TEST_CASE("repo: a weak symbol is seen") {
  const Symbols symbols = symbols_of(TAPEHEAD_BUILD_ROOT "/tests/repo/libleaky.a");
  CHECK(symbols.strong == 1);
  CHECK(symbols.weak == std::vector<std::string>{"leak(int)"});
}

}  // namespace
