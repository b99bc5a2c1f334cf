// Loops over floating-point numbers belong in kernel files, which are compiled for each instruction
// set; anywhere else they run as scalar SSE2 code. This test looks for such loops in the library's
// other object files: backward jumps over floating-point arithmetic without a call.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "tapehead/tests/repo/output_of.h"

namespace {

struct HotLoop {
  std::string layer, function;
  bool operator==(const HotLoop&) const = default;
};

/// Accepted loops: the layer, part of the function's name, and the reason.
struct Allowed {
  const char *layer, *function, *reason;
};
constexpr Allowed kAllowed[] = {
    {"autograd", "reduce_losses", "one number for each row of scores"},
    {"autograd", "compare_", "checks gradients"},
    {"autograd", "::slope(", "checks gradients"},
    {"autograd", "pointwise_loss", "one number for each block of losses"},
    {"autograd", "Contraction::", "sizes of a few operands"},
    {"autograd", "interpolate(", "one number for each tap of an axis"},
    {"autograd", "_ranges", "one number for each window of a plane"},
    {"autograd", "avg_pool", "one number for each window of a plane"},
    {"core", "::sum_taps(", "one number for each axis"},
    {"core", "::grid_weights(", "the coefficients of a few polynomials"},
    {"core", "ChannelNorm::", "a few numbers for each channel"},
    {"core", "arange", "makes a tensor once"},
    {"core", "resize_taps(", "one number for each tap of an axis"},
    {"core", "draw_replaced", "a few additions for each sample"},
    {"core", "plan_convolution", "makes the tables of a length once"},
    {"core", "Sampler", "branches in each attempt at a number"},
    {"core", "bessel_i0", "makes a tensor once"},
    {"core", "linspace", "makes a tensor once"},
    {"core", "texts_of", "prints"},
    {"nn", "beam_search", "scores of a few beams"},
    {"nn", "::Search::advance(", "its step, if it is not inlined there"},
    {"nn", "mass_of", "candidates of one token"},
    {"nn", "fill_orthogonal", "makes a parameter once"},
    {"nn", "MemNN::choose", "a few supporting facts"},
    {"nn", "Transducer::greedy_search", "one score for each sequence"},
    {"optim", "Curve::", "one number for each step"},
    {"optim", "LBFGS::update_all", "a few numbers for each iteration"},
    {"optim", "Lion::update_all", "one number for each parameter"},
    {"optim", "ReduceLROnPlateau", "one number for each step"},
    {"optim", "Optimizer::set_lr", "one number for each group"},
    {"optim", "StateReader", "one number for each tensor"},
    {"data", "", "text and images, in the loader's threads"},
    {"train", "", "plots and logs"},
};

bool is_allowed(const HotLoop& loop) {
  return std::any_of(std::begin(kAllowed), std::end(kAllowed), [&](const Allowed& a) {
    return loop.layer == a.layer && loop.function.find(a.function) != std::string::npos;
  });
}

bool is_arithmetic(const std::string& mnemonic) {
  for (const char* op : {"add", "sub", "mul", "div", "sqrt", "max", "min"})
    for (const char* type : {"ss", "sd", "ps", "pd"})
      if (mnemonic == std::string(op) + type) return true;
  return false;
}

/// The layer of an object file, which is compiled from a generated unit, such as
/// core_sources_1.cpp.
std::string layer_of(const std::string& path) {
  const size_t prefix = path.rfind(".._");
  const size_t begin = prefix == path.npos ? path.rfind('/') + 1 : prefix + 3;
  return path.substr(begin, path.find('_', begin) - begin);
}

class Function {
 public:
  void start(const std::string& name) {
    name_ = name;
    addresses_.clear();
    kinds_.clear();
  }
  /// True if the instruction closes a hot loop.
  bool add(uint64_t address, const std::string& mnemonic, const std::string& operand) {
    addresses_[address] = kinds_.size();
    kinds_.push_back(is_arithmetic(mnemonic) ? 'a' : mnemonic.starts_with("call") ? 'c' : '.');
    if (mnemonic[0] != 'j' || operand.empty() ||
        !std::isxdigit(static_cast<unsigned char>(operand[0])))
      return false;
    const auto target = addresses_.find(std::stoull(operand, nullptr, 16));
    if (target == addresses_.end()) return false;
    const std::string body(kinds_.begin() + static_cast<int64_t>(target->second), kinds_.end());
    return body.find('a') != std::string::npos && body.find('c') == std::string::npos;
  }
  const std::string& name() const { return name_; }

 private:
  std::string name_;
  std::map<uint64_t, size_t> addresses_;
  std::vector<char> kinds_;
};

/// The hot loops in the output of objdump -dC --no-show-raw-insn.
std::vector<HotLoop> hot_loops(const std::string& disassembly) {
  std::vector<HotLoop> found;
  std::string layer;
  Function function;
  std::istringstream lines(disassembly);
  for (std::string line; std::getline(lines, line);) {
    if (const size_t colon = line.find(":     file format"); colon != std::string::npos) {
      layer = layer_of(line.substr(0, colon));
    } else if (line.ends_with(">:")) {
      const size_t open = line.find('<');
      function.start(line.substr(open + 1, line.size() - open - 3));
    } else if (const size_t tab = line.find(":\t"); tab != std::string::npos) {
      std::istringstream words(line.substr(tab + 2));
      std::string mnemonic, operand;
      words >> mnemonic >> operand;
      if (mnemonic.empty()) continue;
      if (function.add(std::stoull(line, nullptr, 16), mnemonic, operand)) {
        const HotLoop loop{layer, function.name()};
        if (found.empty() || !(found.back() == loop)) found.push_back(loop);
      }
    }
  }
  return found;
}

TEST_CASE("repo: no hot loop outside of kernels") {
  const std::string root = TAPEHEAD_BUILD_ROOT;
  const std::string text = output_of("objdump -dC --no-show-raw-insn " + root +
                                     "/libtapehead.a.p/*.o " + root + "/libsmall.a.p/*.o");
  for (const HotLoop& loop : hot_loops(text))
    if (!is_allowed(loop))
      FAIL_CHECK(loop.layer << ": " << loop.function
                            << " has a loop over floating-point numbers; make it a kernel");
}

TEST_CASE("repo: a hot loop is seen, one with a call or without arithmetic is not") {
  const std::string text =
      "lib.p/meson-generated_.._core_sources_1.cpp.o:     file format elf64-x86-64\n\n"
      "0000000000000000 <sum(float const*, long)>:\n"
      "   0:\txor    %eax,%eax\n"
      "   2:\taddss  (%rdi,%rax,4),%xmm0\n"
      "   7:\tadd    $0x1,%rax\n"
      "   b:\tcmp    %rsi,%rax\n"
      "   e:\tjne    2 <sum(float const*, long)+0x2>\n"
      "  10:\tret\n\n"
      "0000000000000020 <sines(float*, long)>:\n"
      "  20:\tmulss  %xmm0,%xmm1\n"
      "  24:\tcall   29 <sines(float*, long)+0x9>\n"
      "  29:\tjne    20 <sines(float*, long)>\n"
      "  2b:\tmov    (%rdi),%eax\n"
      "  2d:\tjne    2b <sines(float*, long)+0xb>\n"
      "  2f:\taddss  %xmm0,%xmm1\n"
      "  33:\tjmp    *%rax\n";
  CHECK(hot_loops(text) == std::vector<HotLoop>{{"core", "sum(float const*, long)"}});
  CHECK(!is_allowed({"core", "sum(float const*, long)"}));
  CHECK(is_allowed({"core", "tapehead::arange(long)"}));
}

}  // namespace
