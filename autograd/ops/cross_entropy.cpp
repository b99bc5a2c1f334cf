// cross_entropy, nll_loss.
//
// Of row i of N, with logits x [C] and a class or probabilities as the target, the loss is
//   S log(sum exp x) - sum q x,   S = sum q,
// where q [C] is the target: smoothed, weighted, and 0 for ignored rows.
#ifndef TAPEHEAD_ROWS
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/detail/class_targets.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"
#include "tapehead/core/kernels/kernels.h"
#include "tapehead/core/parallel.h"

namespace tapehead {
namespace {

using detail::ClassTargets;
using detail::LossGradients;

// Calls f(row) for all rows of n elements, on several threads.
template <class F>
void each_row(int64_t rows, int64_t n, F f) {
  constexpr int64_t kGrain = 1 << 13;
  core::parallel_range(rows, std::max<int64_t>(1, kGrain / n), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) f(i);
  });
}

double element(const char* row, int64_t at, DType dtype) {
  if (dtype == f32) return reinterpret_cast<const float*>(row)[at];
  if (dtype == f64) return reinterpret_cast<const double*>(row)[at];
  return reinterpret_cast<const bfloat16*>(row)[at];
}
void set_element(char* row, int64_t at, DType dtype, double value) {
  if (dtype == f32) reinterpret_cast<float*>(row)[at] = static_cast<float>(value);
  else if (dtype == f64) reinterpret_cast<double*>(row)[at] = value;
  else reinterpret_cast<bfloat16*>(row)[at] = static_cast<float>(value);
}

// What every row's target is made of: `hit` of its class, and `rest` of every class, times weights.
struct Smoothing {
  double hit, rest, rest_sum;
  Smoothing(const ClassTargets& t, double smoothing)
      : hit(1 - smoothing),
        rest(smoothing / static_cast<double>(t.classes())),
        rest_sum(smoothing == 0 ? 0 : rest * t.all_weights()) {}
};

// Reads the logits once; keeps the largest logit and the sum of exponentials of each row instead of
// the log_softmax.
struct CrossEntropy : CustomOp {
  static constexpr const char* kName = "cross_entropy";
  std::optional<ClassTargets> targets;
  CrossEntropyOptions options;
  std::vector<std::pair<double, double>> stats;
  double total_weight = 0;

  Tensor forward(const Tensor& logits, const ClassTargets& t, const CrossEntropyOptions& o) {
    targets = t, options = o;
    const Tensor x = core::contiguous(save(logits));
    const kernels::RowKernels& kernel = kernels::rows(x.dtype());
    const Smoothing q(t, o.label_smoothing);
    const int64_t C = t.classes();
    std::vector<double> losses(static_cast<size_t>(t.rows()));
    stats.resize(losses.size());
    each_row(t.rows(), C, [&](int64_t i) {
      if (t.ignored(i)) return;
      const char* row = x.raw() + i * C * size_of(x.dtype());
      auto& [largest, sum] = stats[static_cast<size_t>(i)];
      kernel.exp_sum(row, C, &largest, &sum);
      const double log_sum = std::log(sum);
      double loss =
          q.hit * t.weight(t.of(i)) * (log_sum + largest - element(row, t.of(i), x.dtype()));
      if (q.rest != 0)
        loss +=
            q.rest_sum * log_sum + q.rest * kernel.weighted_distance(row, C, largest, t.weights());
      losses[static_cast<size_t>(i)] = loss;
    });
    total_weight = t.total_weight();
    return detail::reduce_losses(losses, t.shape(), x.dtype(), o.reduction, total_weight);
  }

  Tensor backward(const Tensor& dy) const {
    if (grad_enabled()) return recorded(dy);
    const ClassTargets& t = *targets;
    const Tensor x = core::contiguous(saved(0)), dx = core::empty_like(x);
    const kernels::RowKernels& kernel = kernels::rows(x.dtype());
    const Smoothing q(t, options.label_smoothing);
    const LossGradients g(dy, options.reduction, total_weight);
    const int64_t C = t.classes(), bytes = C * size_of(x.dtype());
    each_row(t.rows(), C, [&](int64_t i) {
      const char* row = x.raw() + i * bytes;
      char* out = dx.raw() + i * bytes;
      if (t.ignored(i)) return void(std::fill_n(out, bytes, 0));
      const auto [largest, sum] = stats[static_cast<size_t>(i)];
      const double hit = q.hit * t.weight(t.of(i));
      const double scale = g.of(i) * (hit + q.rest_sum) / sum;
      kernel.scaled_exp(row, out, C, largest, scale, g.of(i) * q.rest, t.weights());
      const double own = scale * std::exp(element(row, t.of(i), x.dtype()) - largest);
      set_element(out, t.of(i), x.dtype(), own - g.of(i) * (q.rest * t.weight(t.of(i)) + hit));
    });
    return dx;
  }

 private:
  // dy (S softmax(x) - q), with 1 / total_weight in S and q.
  Tensor recorded(const Tensor& dy) const {
    const ClassTargets& t = *targets;
    const Tensor x = saved(0);
    const Smoothing q(t, options.label_smoothing);
    const double scale = options.reduction == Reduction::mean ? 1 / total_weight : 1;
    const Tensor wanted = core::full(x.shape(), 0, f64);
    for (int64_t i = 0; i < t.rows(); ++i) {
      if (t.ignored(i)) continue;
      double* row = wanted.data<double>() + i * t.classes();
      for (int64_t c = 0; c < t.classes(); ++c) row[c] = scale * q.rest * t.weight(c);
      row[t.of(i)] += scale * q.hit * t.weight(t.of(i));
    }
    const Tensor target = core::cast(wanted, x.dtype());
    return detail::against_scores(dy, x.shape(), options.reduction) *
           (softmax(x, -1) * sum(target, -1, true) - target);
  }

  void forget() override { stats = {}, targets.reset(); }
};

struct NllLoss : CustomOp {
  static constexpr const char* kName = "nll_loss";
  std::optional<ClassTargets> targets;
  Shape shape;
  DType dtype = f32;
  Reduction reduction = Reduction::mean;

  Tensor forward(const Tensor& log_probs, const ClassTargets& t, Reduction how) {
    targets = t, shape = log_probs.shape(), dtype = log_probs.dtype(), reduction = how;
    const Tensor x = core::contiguous(log_probs);
    std::vector<double> losses(static_cast<size_t>(t.rows()));
    for (int64_t i = 0; i < t.rows(); ++i)
      if (!t.ignored(i))
        losses[static_cast<size_t>(i)] =
            -t.weight(t.of(i)) * element(x.raw(), i * t.classes() + t.of(i), dtype);
    return detail::reduce_losses(losses, t.shape(), dtype, how, t.total_weight());
  }
  Tensor backward(const Tensor& dy) const {
    const ClassTargets& t = *targets;
    const double scale = reduction == Reduction::mean ? 1 / t.total_weight() : 1;
    const Tensor factor = core::full(shape, 0, dtype);
    for (int64_t i = 0; i < t.rows(); ++i)
      if (!t.ignored(i))
        set_element(factor.raw(), i * t.classes() + t.of(i), dtype, -scale * t.weight(t.of(i)));
    return detail::against_scores(dy, shape, reduction) * factor;
  }
  void forget() override { targets.reset(); }
};

// From differentiable ops: gradients flow to the target too.
Tensor of_probabilities(const Tensor& logits, const Tensor& target, const CrossEntropyOptions& o) {
  if (o.ignore_index >= 0)
    throw ValueError(
        fmt::format("cross_entropy: ignore_index = {} does not apply to probabilities; give "
                    "ignored rows a target of zeros",
                    o.ignore_index));
  Tensor wanted = target;
  if (o.label_smoothing != 0)
    wanted = wanted * (1 - o.label_smoothing) +
             o.label_smoothing / static_cast<double>(logits.shape().back());
  if (o.weight.defined()) wanted = wanted * o.weight.to(logits.dtype());
  const Tensor losses = -sum(wanted * log_softmax(logits, -1), -1);
  if (o.reduction == Reduction::none) return losses;
  return o.reduction == Reduction::mean ? mean(losses) : sum(losses);
}

}  // namespace

Tensor cross_entropy(const Tensor& logits, const Tensor& target,
                     const CrossEntropyOptions& options) {
  if (!(options.label_smoothing >= 0 && options.label_smoothing <= 1))
    throw ValueError(fmt::format("cross_entropy: label_smoothing = {} is outside 0..1",
                                 options.label_smoothing));
  if (is_floating(target.dtype()) && target.shape() == logits.shape() && target.dim() > 0)
    return of_probabilities(logits, target, options);
  const ClassTargets targets(CrossEntropy::kName, logits, target, options.weight,
                             options.ignore_index);
  return apply<CrossEntropy>(logits, targets, options);
}

Tensor nll_loss(const Tensor& log_probs, const Tensor& target, const NllLossOptions& options) {
  const ClassTargets targets(NllLoss::kName, log_probs, target, options.weight,
                             options.ignore_index);
  return apply<NllLoss>(log_probs, targets, options.reduction);
}

}  // namespace tapehead

#else  // TAPEHEAD_ROWS
#include <algorithm>

#include "tapehead/core/detail/elementwise.h"
#include "tapehead/tests/op_reduce.h"

namespace tapehead::rows {

struct ClassLoss {
  Shape shape;
  Reduction reduction = Reduction::mean;
  int64_t ignore_index = -100;
  double smoothing = 0;
  bool weighted = false, probabilities = false, logs = false;
};

static double weight_of(int64_t cls) { return 0.5 + 0.25 * static_cast<double>(cls % 5); }
static Tensor weights_of(int64_t classes) {
  const Tensor out = core::empty({classes}, f64);
  for (int64_t c = 0; c < classes; ++c) out.data<double>()[c] = weight_of(c);
  return out;
}

// The definition, term by term.
static Array reference(const ClassLoss& c, Arrays& in) {
  const Array &x = in[0], &target = in[1];
  const int64_t C = x.shape.back();
  Shape rows = x.shape;
  rows.erase(rows.rank() - 1);
  Array losses(rows);
  double divide_by = c.probabilities ? static_cast<double>(rows.numel()) : 0, total = 0;
  int64_t row = 0;
  each_line(x, x.shape.rank() - 1, [&](const Values& v, const std::vector<size_t>& at) {
    const int64_t i = row++;
    const auto cls =
        c.probabilities ? -1 : static_cast<int64_t>(target.values[static_cast<size_t>(i)]);
    if (cls == c.ignore_index) return;
    if (!c.probabilities) divide_by += c.weighted ? weight_of(cls) : 1;
    const double top = *std::max_element(v.begin(), v.end());
    double sum = 0;
    for (const double value : v) sum += std::exp(value - top);
    for (int64_t k = 0; k < C; ++k) {
      const size_t place = at[static_cast<size_t>(k)];
      double wanted = c.probabilities ? target.values[place] : k == cls;
      wanted = (1 - c.smoothing) * wanted + c.smoothing / static_cast<double>(C);
      const double log_p = c.logs ? x.values[place] : x.values[place] - top - std::log(sum);
      losses[i] -= (c.weighted ? weight_of(k) : 1) * wanted * log_p;
    }
    total += losses[i];
  });
  if (c.reduction == Reduction::none) return losses;
  return Array({}, c.reduction == Reduction::mean ? total / divide_by : total);
}

static Sample class_loss(const ClassLoss& c) {
  Shape rows = c.shape;
  const int64_t C = rows.back();
  rows.erase(rows.rank() - 1);
  const auto call = [c, C](const Tensors& x) {
    const Tensor weight = c.weighted ? weights_of(C) : Tensor();
    if (c.logs) return Tensors{nll_loss(x[0], x[1], {weight, c.ignore_index, c.reduction})};
    return Tensors{cross_entropy(x[0], x[1], {weight, c.ignore_index, c.smoothing, c.reduction})};
  };
  return {
      .operands = {{c.shape, -3, 3}, c.probabilities ? Operand(c.shape, 0, 1) : indices(rows, C)},
      .call = call,
      .reference = [c](Arrays& x) { return Arrays{reference(c, x)}; },
      .reduces = c.shape.numel(),
      .roundings = c.probabilities ? 8 : 1};
}

// Of classes: plain, smoothed, weighted, both.
static std::vector<Sample> class_losses(bool logs) {
  constexpr auto kMean = Reduction::mean, kSum = Reduction::sum, kNone = Reduction::none;
  const ClassLoss cases[] = {{{4}},
                             {{1, 1}},
                             {{6, 5}},
                             {{6, 5}, kSum},
                             {{6, 5}, kNone},
                             {{2, 3, 4}, kNone, 1},
                             {{6, 4}, kMean, 2},
                             {{0, 3}, kSum},
                             {{70, 130}, kMean, 0},
                             {{30, 5000}}};
  std::vector<Sample> out;
  for (ClassLoss c : cases)
    for (const bool weighted : {false, true})
      for (const double smoothing : {0.0, 0.1}) {
        if (logs && smoothing != 0) continue;
        c.logs = logs, c.weighted = weighted, c.smoothing = smoothing;
        out.push_back(class_loss(c));
      }
  return out;
}

static const Tensor kScores = core::full({2, 3, 10}, 0);
static Tensor targets(const Shape& shape, DType dtype = i64) { return core::full(shape, 4, dtype); }
static Tensor one_wrong(double value) {
  const Tensor out = targets({2, 3});
  core::copy_into(core::view_of(out, {}, {}, 4), Tensor(value));
  return out;
}

TAPEHEAD_ROW(cross_entropy)
    .samples(class_losses(false))
    .sample(class_loss({.shape = {4, 5}, .probabilities = true}))
    .sample(class_loss({.shape = {2, 3, 4},
                        .reduction = Reduction::none,
                        .smoothing = 0.2,
                        .weighted = true,
                        .probabilities = true}))
    .bad<IndexError>(
        [] { cross_entropy(kScores, one_wrong(10)); },
        "cross_entropy: target[1, 1] = 10 is outside 0..9; pass ignore_index for padding")
    .bad<IndexError>([] { cross_entropy(core::full({5}, 0), core::full({}, -1, i64)); },
                     "cross_entropy: target = -1 is outside 0..4; pass ignore_index for padding")
    .bad<ShapeError>(
        [] {
          cross_entropy(kScores, targets({2, 10}));
        },
        "cross_entropy: the target has shape [2, 10], the classes are the last axis of "
        "[2, 3, 10]; it must have shape [2, 3]")
    .bad<ShapeError>([] { cross_entropy(core::full({}, 0), targets({})); },
                     "cross_entropy: [] f32 has no classes; its last axis must be the classes")
    .bad<DTypeError>(
        [] {
          cross_entropy(kScores.to(i64), targets({2, 3}));
        },
        "cross_entropy: [2, 3, 10] i64 is not a type it takes; convert with to(f32)")
    .bad<DTypeError>(
        [] {
          cross_entropy(kScores, targets({2, 3}, f32));
        },
        "cross_entropy: the target is f32; classes are integers, convert with to(i64)")
    .bad<ShapeError>(
        [] {
          cross_entropy(kScores, targets({2, 3}), {.weight = core::full({3}, 1)});
        },
        "cross_entropy: the weight is [3] f32; it must have one floating value for each of the 10 "
        "classes")
    .bad<GraphError>(
        [] {
          Tensor w = core::full({10}, 1);
          cross_entropy(kScores, targets({2, 3}), {.weight = w.set_requires_grad()});
        },
        "cross_entropy: the weight tracks gradients, but none flow to it; pass weight.detach()")
    .bad<ValueError>(
        [] { cross_entropy(kScores, kScores, {.ignore_index = 0}); },
        "cross_entropy: ignore_index = 0 does not apply to probabilities; give ignored "
        "rows a target of zeros")
    .bad<ValueError>(
        [] {
          cross_entropy(kScores, targets({2, 3}), {.label_smoothing = 1.5});
        },
        "cross_entropy: label_smoothing = 1.5 is outside 0..1");
TAPEHEAD_ROW(nll_loss)
    .samples(class_losses(true))
    .bad<IndexError>([] { nll_loss(kScores, one_wrong(-5)); },
                     "nll_loss: target[1, 1] = -5 is outside 0..9; pass ignore_index for padding");

}  // namespace tapehead::rows
#endif
