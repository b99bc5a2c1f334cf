// Measures the overhead of the tape: a recorded op on a tensor of one element, forward and
// backward, in a chain of a million ops that is differentiated and freed. Exits with 1 if memory
// leaks.
#include <tapehead/tapehead.h>

#include <algorithm>
#include <chrono>

using namespace tapehead;

namespace {

constexpr int kOps = 1'000'000;

using Clock = std::chrono::steady_clock;
double microseconds(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double, std::micro>(to - from).count();
}

struct Cost {
  double forward, backward, free;  // microseconds per op
  double total() const { return forward + backward; }
};

Cost chain(const Tensor& x, const std::function<Tensor(const Tensor&)>& op) {
  const auto start = Clock::now();
  Tensor y = x;
  for (int i = 0; i < kOps; ++i) y = op(y);
  const auto recorded = Clock::now();
  y.backward();
  const auto done = Clock::now();
  y = Tensor();
  const auto freed = Clock::now();
  return {microseconds(start, recorded) / kOps, microseconds(recorded, done) / kOps,
          microseconds(done, freed) / kOps};
}

}  // namespace

int main() {
  const Tensor x = full({1}, 0.5).set_requires_grad();
  const Tensor factor = full({1}, 1.0);
  const std::pair<const char*, std::function<Tensor(const Tensor&)>> ops[] = {
      {"x * y", [&](const Tensor& v) { return v * factor; }},
      {"x * 1.0", [](const Tensor& v) { return v * 1.0; }},
      {"tanh(x)", [](const Tensor& v) { return tanh(v); }},
  };
  bool leaked = false;
  for (const auto& [name, op] : ops) {
    chain(x, op);  // fills the allocator's caches
    x.set_grad({});
    const int64_t before = memory_stats().live_bytes;
    std::vector<Cost> costs;
    for (int i = 0; i < 7; ++i) {
      costs.push_back(chain(x, op));
      x.set_grad({});
    }
    const int64_t after = memory_stats().live_bytes;
    leaked |= after != before;
    std::nth_element(costs.begin(), costs.begin() + 3, costs.end(),
                     [](const Cost& a, const Cost& b) { return a.total() < b.total(); });
    fmt::print(
        "{:<8}  forward {:.3f} us  backward {:.3f} us  together {:.3f} us  freed in {:.3f} us;  "
        "live bytes {} -> {}\n",
        name, costs[3].forward, costs[3].backward, costs[3].total(), costs[3].free, before, after);
  }
  return leaked;
}
