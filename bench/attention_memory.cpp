// Measures the memory of causal attention, without its operands, in forward and backward: 8 heads
// of 64 over T positions. Exits with 1 if it exceeds 200 MB or grows by more than a factor of 4.4
// when T is quadrupled.
#include <tapehead/tapehead.h>

#include <chrono>

using namespace tapehead;

int main() {
  int64_t before = 0;
  bool fits = true;
  for (const int64_t T : {1024, 4096, 16384}) {
    std::vector<Tensor> x;
    x.reserve(3);
    for (int i = 0; i < 3; ++i) x.push_back(randn({1, 8, T, 64}).set_requires_grad());
    reset_peak_memory();
    const int64_t live = memory_stats().live_bytes;
    const auto start = std::chrono::steady_clock::now();
    sum(scaled_dot_product_attention(x[0], x[1], x[2], {.causal = true}).out).backward();
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
    const int64_t extra = memory_stats().peak_bytes - live;
    const double growth = before ? static_cast<double>(extra) / static_cast<double>(before) : 0;
    fmt::print("T {:>6}  {:>8.1f} MB  {:>7.3f} s{}\n", T, static_cast<double>(extra) / 1e6,
               time.count(), before ? fmt::format("  x {:.2f}", growth) : "");
    fits = fits && growth <= 4.4 && extra <= 200'000'000;
    before = extra;
  }
  return !fits;
}
