// Benchmarks every kernel on the instruction set in use (TAPEHEAD_ISA), after comparing its result
// with the reference. Elementwise kernels (core/kernels/elementwise_kernels.h) are measured for
// each floating type, in elements per second. Kernel families (core/kernels/family.h) are measured
// by the ops that their row names, forward and backward, on the largest sample of each op's test.
//
//   kernels --benchmark_filter=unary.tanh/f32
//   kernels --benchmark_filter=norm.layer_norm
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <map>
#include <random>
#include <sstream>
#include <vector>

#include "tapehead/autograd/engine.h"
#include "tapehead/core/detail/isa.h"
#include "tapehead/core/kernels/entry.h"
#include "tapehead/core/storage.h"
#include "tapehead/core/tensor.h"
#include "tapehead/tests/kernel_list.h"
#include "tapehead/tests/kernel_test.h"
#include "tapehead/tests/op_derive.h"

namespace {

using namespace tapehead;
using kernels::ListedKernel;

constexpr int64_t kElements = 8192;  // operands and result fit into the L2 cache

// A call of a kernel on dense operands.
struct Call {
  const ListedKernel& kernel;
  DType type;
  std::vector<Tensor> tensors;  // the result, then the operands

  Call(const ListedKernel& k, DType t) : kernel(k), type(t) {
    std::mt19937 bits(1);
    std::uniform_real_distribution<double> draw(k.from, k.to);
    tensors.push_back(core::empty({kElements}, k.is_predicate ? boolean : t));
    for (int i = 0; i < k.operands; ++i) {
      tensors.push_back(core::empty({kElements}, t));
      visit(t, [&]<class T>() {
        for (int64_t e = 0; e < kElements; ++e)
          tensors.back().data<T>()[e] = static_cast<T>(draw(bits));
      });
    }
  }

  void run() const {
    char* data[4] = {};
    int64_t strides[4] = {};
    for (size_t i = 0; i < tensors.size(); ++i) {
      data[i] = tensors[i].raw();
      strides[i] = size_of(tensors[i].dtype());
    }
    kernel.loops[static_cast<int>(type)](data, strides, kElements, kernel.numbers.data());
  }

  bool is_right() const {
    std::vector<std::vector<double>> v;
    for (const Tensor& t : tensors) v.push_back(t.to_vector<double>());
    v.resize(4, std::vector<double>(kElements));
    for (size_t e = 0; e < kElements; ++e) {
      const auto wanted = kernels::as_element(
          tensors[0].dtype(), kernel.reference(v[1][e], v[2][e], v[3][e], kernel.numbers.data()));
      if (!(std::abs(v[0][e] - wanted) <= kernels::tolerance(kernel, type, wanted))) return false;
    }
    return true;
  }
};

void run(benchmark::State& state, const ListedKernel& kernel, DType type) {
  const Call call(kernel, type);
  call.run();
  if (!call.is_right()) return state.SkipWithError("the result is not the reference's");
  for (auto _ : state) {
    call.run();
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * kElements);
  int64_t bytes = 0;
  for (const Tensor& t : call.tensors) bytes += t.numel() * size_of(t.dtype());
  state.SetBytesProcessed(state.iterations() * bytes);
}

using op_tests::Sample;

int64_t elements_of(const Sample& s) {
  int64_t elements = 0;
  for (const op_tests::Operand& o : s.operands) elements += o.shape.numel();
  return elements;
}

void run_sample(benchmark::State& state, const Sample& s) {
  op_tests::Arrays values = op_tests::rounded_to(s, op_tests::draw(s), f32);
  op_tests::Tensors operands = op_tests::to_tensors(s, values, f32);
  op_tests::Arrays got;
  for (const Tensor& result : s.call(operands)) got.push_back(op_tests::to_array(result));
  if (s.reference && op_tests::compare_results(s, got, s.reference(values), f32))
    return state.SkipWithError("the result is not the reference's");
  if (s.differentiable) op_tests::track(operands);
  for (auto _ : state) {
    for (const Tensor& result : s.call(operands))
      if (result.requires_grad()) sum(result).backward({.retain_graph = true});
    benchmark::ClobberMemory();
  }
}

void register_families() {
  std::map<std::string, std::string> families;
  kernels::each_entry([&](kernels::Entry& entry) { families[entry.family] = entry.ops; });
  static std::deque<Sample> kept;
  const auto add = [](const std::string& what, const std::vector<Sample>& samples) {
    if (samples.empty()) return;
    kept.push_back(*std::max_element(
        samples.begin(), samples.end(),
        [](const Sample& a, const Sample& b) { return elements_of(a) < elements_of(b); }));
    std::string name = what;
    for (const op_tests::Operand& o : kept.back().operands) name += "/" + o.shape.str();
    benchmark::RegisterBenchmark(
        name.c_str(), [s = &kept.back()](benchmark::State& state) { run_sample(state, *s); });
  };
  for (const auto& [family, ops] : families) {
    add(family, op_tests::samples_of(family, ""));
    std::istringstream words(ops);
    for (std::string op; words >> op;)
      add(fmt::format("{}.{}", family, op), op_tests::samples_of("", op));
  }
}

}  // namespace

int main(int argc, char** argv) {
  static const std::vector<ListedKernel> list = kernels::listed_kernels();
  for (const ListedKernel& kernel : list)
    for (int d = 0; d < kDTypes; ++d) {
      const auto type = static_cast<DType>(d);
      if (!kernel.loops[d] || (!is_floating(type) && kernel.loops[static_cast<int>(f32)])) continue;
      benchmark::RegisterBenchmark((kernel.name + "/" + name(type)).c_str(), run, kernel, type);
    }
  register_families();
  benchmark::AddCustomContext("instruction set", kernels::isa());
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
