// Training loops that run plainly and as captured steps, for tests of capture().
#pragma once

#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "tapehead/autograd/capture.h"
#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/random.h"

namespace tapehead::testing {

/// A training loop: call i of its step, and the tensors that it trains.
struct Loop {
  std::function<Tensor(int i)> step;
  std::vector<Tensor> state;
};

/// The bits of a tensor; empty for an undefined one.
inline std::string bits(const Tensor& t) {
  if (!t.defined()) return "";
  const Tensor x = t.detach().contiguous();
  return std::string(x.raw(), static_cast<size_t>(x.numel() * size_of(x.dtype())));
}

/// The bits of all results, and of the state and its gradients at the end.
struct LoopResult {
  std::vector<std::string> results, state;
  CaptureStats stats = {};
  std::string last_mismatch = {};
};

/// Runs `calls` calls of a new loop with the same random numbers.
inline LoopResult run_loop(const std::function<Loop()>& make, bool captured, int calls = 6) {
  manual_seed(11);
  const Loop loop = make();
  auto step = capture(loop.step);
  LoopResult out;
  for (int i = 0; i < calls; ++i) out.results.push_back(bits(captured ? step(i) : loop.step(i)));
  for (const Tensor& t : loop.state) {
    out.state.push_back(bits(t));
    out.state.push_back(bits(t.grad()));
  }
  out.stats = step.stats();
  out.last_mismatch = step.last_mismatch();
  return out;
}

/// Two parameters, the batches of calls, and plain gradient descent.
struct TwoParameters {
  Tensor w = randn({4, 4}).set_requires_grad(), b = randn({4}).set_requires_grad();
  Tensor x(int i) const { return randn({3, 4}) + i; }
  void descend() const {
    const NoGradGuard off;
    for (const Tensor& p : {w, b}) {
      if (!p.grad().defined()) continue;
      p.sub_(0.01 * p.grad());
      p.set_grad({});
    }
  }
};

/// A loop whose step computes a loss from the model and the number of the call.
inline std::function<Loop()> loop_of(
    const std::function<Tensor(const TwoParameters&, int i)>& loss) {
  return [=] {
    const TwoParameters m;
    return Loop{[=](int i) {
                  const Tensor l = loss(m, i);
                  l.backward();
                  m.descend();
                  return l;
                },
                {m.w, m.b}};
  };
}

}  // namespace tapehead::testing
