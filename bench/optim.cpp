// Benchmarks a step of AdamW, alone and with clipping: for 8 million parameters in 40 tensors,
// which is bound by memory, and for 32 tiny tensors, which is bound by the overhead around the
// kernel.
#include <benchmark/benchmark.h>
#include <tapehead/tapehead.h>

#include <cmath>
#include <stdexcept>

using namespace tapehead;

namespace {

struct Model {
  std::vector<nn::Param> params;

  Model(int64_t tensors, int64_t elements) {
    Generator generator{.seed = 1};
    for (int64_t i = 0; i < tensors; ++i) {
      Tensor value = randn({elements}, f32, generator);
      value.set_requires_grad().set_grad(randn({elements}, f32, generator));
      params.push_back({std::to_string(i), value});
    }
  }
  int64_t numel() const { return static_cast<int64_t>(params.size()) * params[0].value.numel(); }
};

constexpr optim::AdamWOptions kOptions = {.lr = 1e-3, .betas = {0.9, 0.95}, .weight_decay = 0.1};

// Compares the first step with the formula in double; throws if an element differs.
void check_first_step() {
  Model model(3, 1000);
  std::vector<std::vector<double>> before;
  for (const nn::Param& p : model.params) before.push_back(p.value.to_vector<double>());
  optim::AdamW opt(model.params, kOptions);
  opt.step();
  for (size_t k = 0; k < model.params.size(); ++k) {
    const std::vector<double> after = model.params[k].value.to_vector<double>();
    const std::vector<double> gradient = model.params[k].value.grad().to_vector<double>();
    for (size_t i = 0; i < after.size(); ++i) {
      const double g = gradient[i], w = before[k][i] * (1 - kOptions.lr * kOptions.weight_decay);
      if (!(std::abs(after[i] - (w - kOptions.lr * g / (std::abs(g) + kOptions.eps))) < 1e-6))
        throw std::logic_error("a step of AdamW is wrong");
    }
  }
}

void adamw_step(benchmark::State& state) {
  check_first_step();
  const Model model(state.range(0), state.range(1));
  optim::AdamW opt(model.params, kOptions);
  opt.step();
  for (auto _ : state) opt.step();
  state.SetItemsProcessed(state.iterations() * model.numel());
}

// Each step clips to slightly less than the previous norm, so that clipping always takes effect.
constexpr double kShrink = 0.99999;

void clip_and_step(benchmark::State& state) {
  const Model model(state.range(0), state.range(1));
  optim::AdamW opt(model.params, kOptions);
  opt.step();
  double norm = optim::grad_norm(model.params);
  for (auto _ : state) {
    norm *= kShrink;
    optim::clip_grad_norm_(model.params, norm);
    opt.step();
  }
  state.SetItemsProcessed(state.iterations() * model.numel());
}

void norm_and_scaled_step(benchmark::State& state) {
  const Model model(state.range(0), state.range(1));
  optim::AdamW opt(model.params, kOptions);
  opt.step();
  for (auto _ : state) {
    const double norm = optim::grad_norm(model.params);
    opt.step({.grad_scale = optim::clip_factor(norm, kShrink * norm)});
  }
  state.SetItemsProcessed(state.iterations() * model.numel());
}

void sizes(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"tensors", "elements"})->Args({40, 200'000})->Args({32, 64})->UseRealTime();
}
BENCHMARK(adamw_step)->Apply(sizes);
BENCHMARK(clip_and_step)->Apply(sizes);
BENCHMARK(norm_and_scaled_step)->Apply(sizes);

}  // namespace

BENCHMARK_MAIN();
