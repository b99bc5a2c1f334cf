// Every kernel of core/kernels/elementwise_kernels.h, in the instruction set in use (TAPEHEAD_ISA)
// and in each of its floating types: elements a second, after its answer was compared with the
// reference.
//
//   kernels --benchmark_filter=unary.tanh/f32
#include <benchmark/benchmark.h>

#include <cmath>
#include <random>
#include <vector>

#include "tapehead/core/detail/isa.h"
#include "tapehead/core/storage.h"
#include "tapehead/core/tensor.h"
#include "tapehead/tests/kernel_list.h"

namespace {

using namespace tapehead;
using kernels::ListedKernel;

constexpr int64_t kElements = 8192;  // operands and result stay in the second-level cache

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

}  // namespace

int main(int argc, char** argv) {
  static const std::vector<ListedKernel> list = kernels::listed_kernels();
  for (const ListedKernel& kernel : list)
    for (int d = 0; d < kDTypes; ++d) {
      const auto type = static_cast<DType>(d);
      if (!kernel.loops[d] || (!is_floating(type) && kernel.loops[static_cast<int>(f32)])) continue;
      benchmark::RegisterBenchmark((kernel.name + "/" + name(type)).c_str(), run, kernel, type);
    }
  benchmark::AddCustomContext("instruction set", kernels::isa());
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
