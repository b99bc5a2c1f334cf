// L-BFGS.
#pragma once

#include <cstdint>
#include <functional>

#include "tapehead/optim/optimizer.h"

namespace tapehead::optim {

/// How far a step goes.
enum class LineSearchFn {
  none,         ///< steps of fixed size lr
  strong_wolfe  ///< Nocedal and Wright, algorithm 3.5
};

struct LBFGSOptions {
  /// The step size; with a line search the first one that is tried.
  Option<double> lr{"lr", 1, kAboveZero};
  Option<int64_t> max_iter{"max_iter", 20, kAboveZero};  ///< iterations in a step
  /// Evaluations of the closure in a step; 0: 5 / 4 max_iter.
  Option<int64_t> max_eval{"max_eval", 0, kZeroOrMore};
  /// Stops when no element of the gradient is larger.
  Option<double> tolerance_grad{"tolerance_grad", 1e-7, kZeroOrMore};
  /// Stops when the loss and the parameters change by less.
  Option<double> tolerance_change{"tolerance_change", 1e-9, kZeroOrMore};
  /// The number of past changes from which the Hessian is estimated.
  Option<int64_t> history_size{"history_size", 100, kAboveZero};
  Option<LineSearchFn> line_search_fn{"line_search_fn", LineSearchFn::none};
};

/// L-BFGS (Liu and Nocedal 1989), as in PyTorch, for losses without noise: a step takes up to
/// max_iter iterations, in which the closure is called repeatedly.
///
///   optim::LBFGS opt(params, {.line_search_fn = optim::LineSearchFn::strong_wolfe});
///   opt.step([&] { opt.zero_grad(); Tensor l = loss(batch); l.backward(); return l; });
///
/// It has no parameter groups. The parameters of a step are those that have a gradient after the
/// first call of the closure. If they are not those of the step before, the history is discarded.
/// Example: nn::Linear fc(at, 2, 1); optim::LBFGS(at.params(), {.lr = 0.5}).lr()  // 0.5
class LBFGS : public Optimizer {
 public:
  /// Computes the loss and its gradients, and returns the loss, a scalar.
  using Closure = std::function<Tensor()>;

  /// Throws as Optimizer's constructor.
  explicit LBFGS(const ParamList& params, const LBFGSOptions& options = {});

  /// Returns the loss of the closure's first call. step() without a closure is a GraphError.
  Tensor step(const Closure& closure);

 private:
  void update_all(Step& step) override;

  const Closure* closure_ = nullptr;  // during step()
  double loss_ = 0;
};

}  // namespace tapehead::optim
