// Twelve steps of each optimizer against recorded PyTorch runs.
#include <algorithm>
#include <cmath>
#include <memory>
#include <set>

#include "tapehead/core/limits.h"
#include "tapehead/tests/all_optimizers.h"
#include "tapehead/tests/optim_tools.h"

namespace tapehead::torch_runs_test {

using namespace test;

namespace {

struct Training {
  std::vector<nn::Param> params;

  Training(const TorchRun& run, DType dtype) : gradients_(kGradients) {
    std::vector<double> start = kStartA;
    std::vector<std::vector<int64_t>> shapes = run.shapes;
    if (shapes.empty()) {
      shapes = {{static_cast<int64_t>(kStartA.size())}, {static_cast<int64_t>(kStartB.size())}};
      start.insert(start.end(), kStartB.begin(), kStartB.end());
    } else {
      gradients_ = kShapedGradients;
      start = kShapedStart;
    }
    auto at = start.begin();
    for (const Shape shape : shapes) {
      const auto end = at + shape.numel();
      Tensor value = from_vector(std::vector<double>(at, end), shape).to(dtype);
      value.set_requires_grad();
      params.push_back({std::string(1, static_cast<char>('a' + params.size())), value});
      at = end;
    }
  }
  /// Takes all steps, with gradients times `factor`.
  void run(optim::Optimizer& opt, double factor = 1) {
    for (const std::vector<double>& gradient : gradients_) {
      auto at = gradient.begin();
      for (const nn::Param& p : params) {
        p.value.set_grad({});
        if (at == gradient.end()) continue;
        const auto end = at + p.value.numel();
        give(p.value, {at, end});
        p.value.set_grad(p.value.grad() * factor);
        at = end;
      }
      opt.step({.grad_scale = 1 / factor});
    }
  }
  std::vector<double> result() const {
    std::vector<double> out;
    for (const nn::Param& p : params)
      for (const double v : values(p.value)) out.push_back(v);
    return out;
  }

 private:
  std::vector<std::vector<double>> gradients_;
};

std::vector<double> train(const TorchRun& run, DType dtype, double factor = 1) {
  Training training(run, dtype);
  const auto opt = make_optimizer(run.optimizer, training.params, run.options);
  training.run(*opt, factor);
  return training.result();
}

void check_close(const std::vector<double>& got, const std::vector<double>& want,
                 double tolerance) {
  REQUIRE(got.size() == want.size());
  for (size_t i = 0; i < got.size(); ++i) {
    CAPTURE(i);
    CHECK(std::abs(got[i] - want[i]) <= tolerance * std::max(1.0, std::abs(want[i])));
  }
}

}  // namespace

TEST_CASE("twelve steps of every optimizer equal PyTorch's") {
  std::set<std::string> recorded;
  for (size_t row = 0; row < kTorchRuns.size(); ++row) {
    const TorchRun& run = kTorchRuns[row];
    CAPTURE(row);
    CAPTURE(run.optimizer);
    recorded.insert(run.optimizer);
    // Norms, and Muon's products, add up in another order.
    check_close(train(run, f64), run.in_f64, run.shapes.empty() ? 1e-14 : 1e-12);
    check_close(train(run, f32), run.in_f32, run.shapes.empty() ? 5e-7 : 5e-6);
  }
  for (const auto& optimizer : kOptimizers) {
    CAPTURE(optimizer.first);
    CHECK(recorded.contains(optimizer.first));
  }
}

TEST_CASE("bf16 and f16 parameters follow the f32 run through their master copies") {
  for (size_t row = 0; row < kTorchRuns.size(); ++row) {
    const TorchRun& run = kTorchRuns[row];
    CAPTURE(row);
    CAPTURE(run.optimizer);
    for (const DType dtype : {bf16, f16}) {
      CAPTURE(name(dtype));
      // Initial values and gradients are exact in bf16 and f16, so only the result is rounded.
      const std::vector<double> got = train(run, dtype);
      for (size_t i = 0; i < got.size(); ++i) {
        CAPTURE(i);
        CHECK(std::abs(got[i] - run.in_f32[i]) <=
              std::abs(run.in_f32[i]) * finfo(dtype).eps / 2 + 5e-6);
      }
    }
  }
}

TEST_CASE("every optimizer takes grad_scale as multiplied gradients") {
  for (size_t row = 0; row < kTorchRuns.size(); ++row) {
    CAPTURE(row);
    CAPTURE(kTorchRuns[row].optimizer);
    CHECK(train(kTorchRuns[row], f32, 4) == train(kTorchRuns[row], f32));
  }
}

TEST_CASE("a group of every optimizer steps as an optimizer of its own") {
  for (size_t row = 0; row < kTorchRuns.size(); ++row) {
    const TorchRun& run = kTorchRuns[row];
    CAPTURE(row);
    CAPTURE(run.optimizer);
    TorchRun other = run;
    for (auto& [name, numbers] : other.options)
      if (name == "lr" || name == "weight_decay") numbers[0] /= 4;
    Training grouped(run, f32);
    const auto opt =
        make_optimizer(run.optimizer, grouped.params, run.options, {{"b", other.options}});
    grouped.run(*opt);
    const std::vector<double> whole = train(run, f32), own = train(other, f32);
    const auto a = grouped.params[0].value.numel(), b = a + grouped.params[1].value.numel();
    for (int64_t i = 0; i < b; ++i) {
      CAPTURE(i);
      const auto at = static_cast<size_t>(i);
      CHECK(grouped.result()[at] == (i < a ? whole : own)[at]);
    }
  }
}

}  // namespace tapehead::torch_runs_test
