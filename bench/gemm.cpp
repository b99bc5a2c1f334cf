// Times matrix products: the library's own, with and without the packing of the right operand, and
// OpenBLAS's, in GFLOP/s and as a share of the CPU's peak, which is measured first. Each figure is
// the median of several rounds, in which the candidates take turns. For products with few rows,
// which take as long as reading the right operand, the speed of reading it, in GB/s. gemm.py
// compares with PyTorch.
//
//   gemm
//   gemm --threads 2 --rounds 9
#include <cblas.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif
#include <fmt/format.h>
#include <omp.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "tapehead/core/creation.h"
#include "tapehead/core/detail/gemm.h"
#include "tapehead/core/detail/isa.h"
#include "tapehead/core/parallel.h"

namespace {

using namespace tapehead;
using core::Matrix;

struct Case {
  int64_t m, n, k;
  const char* layout;  // of A and B: N as they are, T transposed
};
constexpr Case kCases[] = {
    {4096, 1536, 384, "NT"},  {4096, 384, 1536, "NT"},  {384, 1536, 4096, "TN"},
    {4096, 1152, 384, "NT"},  {256, 3072, 768, "NT"},   {256, 50257, 768, "NT"},
    {50257, 768, 256, "TN"},  {768, 512, 128, "NN"},    {768, 128, 512, "NN"},
    {1024, 1024, 1024, "NN"}, {2048, 2048, 2048, "NN"}, {64, 1024, 512, "NT"},
    {128, 128, 128, "NN"},    {6400, 512, 128, "NN"},   {128, 512, 6400, "TN"},
    {256, 768, 3072, "NN"},   {1024, 65, 128, "NT"},    {333, 217, 129, "TT"},
};
// Of a layer of GPT-2, of its vocabulary, and of attention of a head over a cache: multiplied with
// a few rows, and read from memory.
constexpr Case kFewRows[] = {{0, 2304, 768, "NT"}, {0, 768, 3072, "NT"}, {0, 50257, 768, "NT"},
                             {0, 3072, 768, "NN"}, {0, 1024, 64, "NT"},  {0, 64, 1024, "NN"}};

double seconds(const std::function<void()>& f, int times) {
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < times; ++i) f();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() / times;
}

double median(std::vector<double> x) {
  std::sort(x.begin(), x.end());
  return x[x.size() / 2];
}

// Multiplies and adds in vectors of `Bytes`; returns the number of multiply-adds.
template <int Bytes>
[[gnu::always_inline]] inline int64_t multiply_add(int64_t times) {
  using V [[gnu::vector_size(Bytes)]] = float;
  constexpr int kChains = 12;  // hide the latency
  V x[kChains] = {}, a = V{} + 0.999f, b = V{} + 1e-3f;
  for (int64_t i = 0; i < times; ++i)
#pragma GCC unroll 12
    for (V& v : x) {
      v = v * a + b;
      asm volatile("" : "+v"(v));
    }
  return times * kChains * Bytes / static_cast<int64_t>(sizeof(float));
}
#if defined(__x86_64__)
[[gnu::target("avx512f,fma")]] int64_t multiply_add_avx512(int64_t n) {
  return multiply_add<64>(n);
}
[[gnu::target("avx2,fma")]] int64_t multiply_add_avx2(int64_t n) { return multiply_add<32>(n); }
// Of pairs of bf16 numbers.
[[gnu::target("avx512f,avx512bf16")]] int64_t multiply_add_pairs(int64_t times) {
  constexpr int kChains = 12, kPairs = 16;
  __m512 x[kChains] = {};
  const __m512bh a = (__m512bh)_mm512_set1_epi32(0x3f003f00);  // 0.5
  for (int64_t i = 0; i < times; ++i)
#pragma GCC unroll 12
    for (__m512& v : x) {
      v = _mm512_dpbf16_ps(v, a, a);
      asm volatile("" : "+v"(v));
    }
  return times * kChains * kPairs * 2;
}
#endif

int64_t multiply_add(const std::string& isa, int64_t times) {
#if defined(__x86_64__)
  if (isa == "avx512") return multiply_add_avx512(times);
  if (isa == "avx2") return multiply_add_avx2(times);
#endif
  return multiply_add<16>(times);
}

// The rate of a function that returns the number of its multiply-adds, on all threads together, in
// GFLOP/s.
double peak(int threads, const std::function<int64_t(int64_t)>& multiply) {
  double best = 0;
  for (int round = 0; round < 7; ++round) {
    std::vector<int64_t> counts(static_cast<size_t>(threads));
    const double time = seconds(
        [&] {
          core::parallel_for(
              threads, [&](int64_t i) { counts[static_cast<size_t>(i)] = multiply(5'000'000); });
        },
        1);
    best = std::max(best, 2e-9 * static_cast<double>(counts[0] * threads) / time);
  }
  return best;
}
double f32_peak(int threads) {
  return peak(threads, [](int64_t times) { return multiply_add(kernels::isa(), times); });
}
// That of f32 if the CPU or TAPEHEAD_ISA has no instruction for bf16.
double bf16_peak(int threads, double f32_peak) {
#if defined(__x86_64__)
  const auto level = static_cast<uint32_t>(kernels::Level::avx512_bf16);
  if (kernels::used_levels() >> level & 1) return peak(threads, multiply_add_pairs);
#endif
  return f32_peak;
}

// The sum of some numbers, in vectors of `Bytes`.
template <int Bytes>
[[gnu::always_inline]] inline float sum_of(const float* x, int64_t n) {
  using V [[gnu::vector_size(Bytes)]] = float;
  constexpr int64_t kStep = Bytes / static_cast<int64_t>(sizeof(float)), kChains = 4;
  V sums[kChains] = {};
  for (int64_t i = 0; i + kChains * kStep <= n; i += kChains * kStep)
#pragma GCC unroll 4
    for (int64_t c = 0; c < kChains; ++c) sums[c] += *reinterpret_cast<const V*>(x + i + c * kStep);
  sums[0] += sums[1] + sums[2] + sums[3];
  float first;
  std::memcpy(&first, sums, sizeof first);
  return first;
}
#if defined(__x86_64__)
[[gnu::target("avx512f")]] float sum_avx512(const float* x, int64_t n) { return sum_of<64>(x, n); }
[[gnu::target("avx2")]] float sum_avx2(const float* x, int64_t n) { return sum_of<32>(x, n); }
#endif
float sum(const float* x, int64_t n) {
#if defined(__x86_64__)
  if (std::string(kernels::isa()) == "avx512") return sum_avx512(x, n);
  if (std::string(kernels::isa()) == "avx2") return sum_avx2(x, n);
#endif
  return sum_of<16>(x, n);
}

// The speed of reading memory with all threads together, in GB/s.
double read_speed(int threads, int rounds) {
  const int64_t n = int64_t{64} << 20;
  const Tensor x = ones({n});
  std::vector<double> rates;
  for (int round = 0; round <= rounds; ++round) {
    std::vector<float> sums(static_cast<size_t>(threads));
    const double time = seconds(
        [&] {
          core::parallel_for(threads, [&](int64_t i) {
            sums[static_cast<size_t>(i)] = sum(x.data<float>() + n / threads * i, n / threads);
          });
        },
        1);
    if (round > 0) rates.push_back(4e-9 * static_cast<double>(n) / time);
  }
  return median(rates);
}

// Prints the speed of reading B in products with few rows, in GB/s. So many matrices take turns
// that they are not in the caches.
void print_few_rows(int threads, int rounds, const std::string& only) {
  constexpr int64_t kRows[] = {1, 2, 4, 8, 16}, kTotal = int64_t{96} << 20;
  const double most = read_speed(threads, rounds);
  fmt::print("\nmemory is read at {:.1f} GB/s; with few rows, B is read at, in GB/s\n\n", most);
  fmt::print("|     N |    K |    | B    |");
  for (const int64_t m : kRows) fmt::print(" M = {:2} |   % |", m);
  fmt::print("\n|---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n");
  for (const Case& shape : kFewRows)
    for (const DType type : {f32, bf16}) {
      const int64_t n = shape.n, k = shape.k, bytes = n * k * size_of(type);
      if (!fmt::format("few{}x{}{}", n, k, shape.layout).starts_with(only)) continue;
      const int64_t count = std::max<int64_t>(kTotal / bytes, 1);
      const Tensor b = randn({count, n * k}).to(type);
      std::string line;
      for (const int64_t m : kRows) {
        const Tensor a = randn({m, k}).to(type), c = empty({m, n}, type);
        const auto multiply_all = [&] {
          for (int64_t i = 0; i < count; ++i) {
            const char* const data = b.raw() + i * bytes;
            core::gemm({type, type, type}, m, n, k, {a.raw(), k, 1},
                       shape.layout[1] == 'N' ? Matrix{data, n, 1} : Matrix{data, 1, k}, c.raw(), n,
                       0, nullptr);
          }
        };
        std::vector<double> rates(static_cast<size_t>(rounds));
        for (double& rate : rates)
          rate = 1e-9 * static_cast<double>(count * bytes) / seconds(multiply_all, 1);
        line += fmt::format(" {:6.1f} | {:3.0f} |", median(rates), 100 * median(rates) / most);
      }
      fmt::print("| {:5} | {:4} | {} | {} |{}\n", n, k, shape.layout, type == f32 ? "f32 " : "bf16",
                 line);
      std::fflush(stdout);
    }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Times matrix products.");
  int threads = 1, rounds = 5;
  double target = 0.05;
  app.add_option("--threads", threads)->capture_default_str();
  app.add_option("--rounds", rounds)->capture_default_str();
  app.add_option("--seconds", target, "for each figure and round")->capture_default_str();
  std::string only;
  app.add_option("--only", only,
                 "cases whose line starts with this, as in 4096x1536, or few for few rows");
  bool few = true;
  app.add_flag("--few,!--no-few", few, "also products with few rows");
  CLI11_PARSE(app, argc, argv);
  set_num_threads(threads);
  omp_set_num_threads(threads);  // OpenBLAS's
  const double most = f32_peak(threads), most_bf16 = bf16_peak(threads, most);
  fmt::print("peak of multiply-adds on {} thread{}: f32 {:.1f} GFLOP/s, bf16 {:.1f}\n\n", threads,
             threads == 1 ? "" : "s", most, most_bf16);
  fmt::print(
      "packed: B once, before. bf16: operands in f32. bf16 packed: A in bf16, B packed; C in f32 "
      "and bf16.\n\n"
      "|     M |     N |    K |    |   f32 |  % | packed |  % | OpenBLAS |  % |  bf16 |  % | bf16 "
      "packed |  % | C bf16 |  % |\n"
      "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n");
  for (const Case& shape : kCases) {
    const int64_t m = shape.m, n = shape.n, k = shape.k;
    const char* const layout = shape.layout;
    if (!fmt::format("{}x{}x{}{}", m, n, k, layout).starts_with(only)) continue;
    const Tensor a = randn({m, k}), b = randn({k, n}), c = empty({m, n}, f32);
    const Tensor half_a = a.to(bf16), half_c = empty({m, n}, bf16);
    const auto matrix = [](const Tensor& x, char order) {
      return order == 'N' ? Matrix{x.raw(), x.size(1), 1} : Matrix{x.raw(), 1, x.size(0)};
    };
    const Matrix left = matrix(a, layout[0]), right = matrix(b, layout[1]);
    const Matrix half_left = matrix(half_a, layout[0]);
    const core::PackedMatrix packed(f32, f32, k, n, right), half_packed(f32, bf16, k, n, right);
    const std::function<void()> candidates[] = {
        [&] { core::gemm(f32, m, n, k, left, right, c.raw(), n); },
        [&] { packed.multiply(m, left, f32, c.raw(), n); },
        [&] {
          cblas_sgemm(CblasRowMajor, layout[0] == 'N' ? CblasNoTrans : CblasTrans,
                      layout[1] == 'N' ? CblasNoTrans : CblasTrans, static_cast<int>(m),
                      static_cast<int>(n), static_cast<int>(k), 1, a.data<float>(),
                      static_cast<int>(layout[0] == 'N' ? k : m), b.data<float>(),
                      static_cast<int>(layout[1] == 'N' ? n : k), 0, c.data<float>(),
                      static_cast<int>(n));
        },
        [&] {
          core::gemm({f32, bf16, f32}, m, n, k, left, matrix(b.to(bf16), layout[1]), c.raw(), n, 0,
                     nullptr);
        },
        [&] { half_packed.multiply(m, half_left, f32, c.raw(), n); },
        [&] { half_packed.multiply(m, half_left, bf16, half_c.raw(), n); }};
    constexpr size_t kCandidates = std::size(candidates);
    const double flops = 2e-9 * static_cast<double>(m * n * k);
    const int times = std::max(1, static_cast<int>(target * most / flops));
    std::vector<double> rates[kCandidates];
    for (int round = 0; round < rounds; ++round)
      for (size_t i = 0; i < kCandidates; ++i) {
        // The idle threads of the previous candidate's library stop spinning.
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        candidates[i]();
        rates[i].push_back(flops / seconds(candidates[i], times));
      }
    std::string line;
    for (size_t i = 0; i < kCandidates; ++i) {
      const double rate = median(rates[i]);
      line += fmt::format(" {:6.1f} | {:2.0f} |", rate, 100 * rate / (i < 3 ? most : most_bf16));
    }
    fmt::print("| {:5} | {:5} | {:4} | {} |{}\n", m, n, k, layout, line);
    std::fflush(stdout);
  }
  if (few) print_few_rows(threads, rounds, only);
}
