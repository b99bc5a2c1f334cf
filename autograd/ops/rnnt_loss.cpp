#include "tapehead/autograd/ops/rnnt_loss.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "tapehead/autograd/autocast.h"
#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/detail/loss.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/autograd/ops/rnnt_loss_kernel.h"
#include "tapehead/autograd/recompute_vjp.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"
#include "tapehead/core/parallel.h"

namespace tapehead {
namespace {

constexpr const char* kRnntLoss = "rnnt_loss";
constexpr double kUnreachable = -1e30;

struct Transductions {
  std::vector<int64_t> targets = {};  // [B, U]
  std::vector<int64_t> logit_lengths = {}, target_lengths = {};
  int64_t longest = 0, blank = 0;  // U
  double clamp = 0;
  bool normalize = true;

  int64_t frames(int64_t b) const { return logit_lengths[static_cast<size_t>(b)]; }
  int64_t length(int64_t b) const { return target_lengths[static_cast<size_t>(b)]; }
};

// Losses [B] of logits [B, T, U + 1, V] in f32 or f64.
struct RnntLoss : CustomOp {
  static constexpr const char* kName = kRnntLoss;
  Transductions all;
  Tensor lattices, shifts;  // [B, 4, T + U, W], f64 [B, T + U]
  std::vector<double> log_probs;

  Tensor forward(const Tensor& x, const Transductions& transductions) {
    save(x);
    all = transductions;
    const int64_t batch = x.size(0), rows = x.size(1) + all.longest, width = all.longest + 3;
    lattices = core::full({batch, 4, rows, width}, kUnreachable, x.dtype());
    shifts = core::empty({batch, rows}, f64);
    log_probs.resize(static_cast<size_t>(batch));
    const Tensor losses = core::empty({batch}, x.dtype());
    each_sequence(x, [&]<class T>(const kernels::RnntKernels<T>& kernels, const auto& sequence_of) {
      core::parallel_for(batch * x.size(1), [&](int64_t task) {
        const int64_t b = task / x.size(1), t = task % x.size(1);
        if (t < all.frames(b)) kernels.emissions(sequence_of(b), t, all.normalize);
      });
      core::parallel_for(batch, [&](int64_t b) {
        const double log_prob = kernels.forward(sequence_of(b));
        log_probs[static_cast<size_t>(b)] = log_prob;
        losses.data<T>()[b] = static_cast<T>(-log_prob);
      });
    });
    return losses;
  }

  Tensor backward(const Tensor& dlosses) const {
    const Tensor x = saved(0);
    if (is_grad_enabled()) {
      if (all.clamp > 0)
        throw ValueError(
            fmt::format("{}: clamp = {}; clamped gradients have no derivative, leave clamp at -1",
                        kRnntLoss, all.clamp));
      return recompute_vjp([this](const auto& in) { return simple(in[0]); }, {x}, {&dlosses, 1})[0];
    }
    return gradient(x, core::contiguous(dlosses));
  }

 private:
  Tensor gradient(const Tensor& x, const Tensor& d) const;
  // The forward recursion over the padded batch, of ops.
  std::vector<Tensor> simple(const Tensor& x) const;

  // Calls f(kernels, sequence_of), where sequence_of(b) are the operands of the kernels.
  template <class F>
  void each_sequence(const Tensor& logits, F f) const {
    const Tensor x = core::contiguous(logits);
    const int64_t rows = lattices.size(2), width = lattices.size(3);
    visit_wide(x.dtype(), [&]<class T>() {
      f.template operator()<T>(kernels::rnnt<T>(), [&](int64_t b) {
        T* const lattice = lattices.data<T>() + b * 4 * rows * width;
        return kernels::RnntSequence<T>{
            .logits = x.data<T>() + b * x.size(1) * x.size(2) * x.size(3),
            .stride = x.size(2),
            .frames = all.frames(b),
            .length = all.length(b),
            .classes = x.size(3),
            .blank = all.blank,
            .targets = all.targets.data() + b * all.longest,
            .width = width,
            .blanks = lattice,
            .symbols = lattice + rows * width,
            .norms = lattice + 2 * rows * width,
            .prefixes = lattice + 3 * rows * width,
            .shifts = shifts.data<double>() + b * rows};
      });
    });
  }

  void forget() override { all = {}, log_probs = {}, lattices = shifts = Tensor(); }
};

Tensor RnntLoss::gradient(const Tensor& x, const Tensor& d) const {
  const int64_t batch = x.size(0), steps = x.size(1), nodes = x.size(2), V = x.size(3);
  const int64_t rows = lattices.size(2), width = lattices.size(3);
  const Tensor dx = core::empty(x.shape(), x.dtype());
  const Tensor flows = core::empty({batch, 2 * rows + 2, width}, x.dtype());
  each_sequence(x, [&]<class T>(const kernels::RnntKernels<T>& kernels, const auto& sequence_of) {
    const auto flows_of = [&](int64_t b) { return flows.data<T>() + b * (2 * rows + 2) * width; };
    core::parallel_for(batch, [&](int64_t b) {
      T* const flow = flows_of(b);
      kernels.flows(sequence_of(b), log_probs[static_cast<size_t>(b)], flow, flow + rows * width,
                    flow + 2 * rows * width);
    });
    core::parallel_for(batch * steps, [&](int64_t task) {
      const int64_t b = task / steps, t = task % steps;
      T* row = dx.data<T>() + task * nodes * V;
      T* const end = row + nodes * V;
      if (t < all.frames(b)) {
        const int64_t used = (all.length(b) + 1) * V;
        if (std::isinf(log_probs[static_cast<size_t>(b)]))
          std::fill(row, row + used, std::numeric_limits<T>::quiet_NaN());
        else
          kernels.gradient(sequence_of(b), t, flows_of(b), flows_of(b) + rows * width,
                           all.normalize, static_cast<T>(all.clamp), d.data<T>()[b], row);
        row += used;
      }
      std::fill(row, end, T(0));
    });
  });
  return dx;
}

std::vector<Tensor> RnntLoss::simple(const Tensor& x) const {
  const int64_t batch = x.size(0), T = x.size(1), S = x.size(2), D = T + S - 1;
  const Tensor padding = core::full({batch, T, S, 1}, 1, boolean);
  const Tensor symbols = core::full({batch, 1, S, 1}, all.blank, i64);
  const Tensor ends = core::full({batch, 1}, 0, i64);
  for (int64_t b = 0; b < batch; ++b) {
    for (int64_t t = 0; t < all.frames(b); ++t)
      for (int64_t u = 0; u <= all.length(b); ++u)
        padding.data<bool>()[(b * T + t) * S + u] = false;
    for (int64_t u = 0; u < all.length(b); ++u)
      symbols.data<int64_t>()[b * S + u] = all.targets[static_cast<size_t>(b * all.longest + u)];
    ends.data<int64_t>()[b] = (all.frames(b) - 1 + all.length(b)) * S + all.length(b);
  }
  // From nodes [T, S] to diagonals [D, S].
  const Tensor order = core::full({D * S}, 0, i64), outside = core::full({D, S}, 1, boolean);
  for (int64_t d = 0; d < D; ++d)
    for (int64_t u = 0; u < S; ++u)
      if (const int64_t t = d - u; t >= 0 && t < T) {
        order.data<int64_t>()[d * S + u] = t * S + u;
        outside.data<bool>()[d * S + u] = false;
      }
  const Tensor scores = masked_fill(x, padding, 0);
  const Tensor log_p = all.normalize ? log_softmax(scores, -1) : scores;
  const auto diagonals = [&](const Tensor& of_nodes) {
    const Tensor rows = index_select(maximum(of_nodes, kUnreachable).flatten(1), 1, order);
    return masked_fill(rows.reshape({batch, D, S}), outside, kUnreachable);
  };
  const Tensor blank = diagonals(log_p.slice(-1, all.blank, all.blank + 1));
  const Tensor symbol = diagonals(gather(log_p, -1, symbols.expand({batch, T, S, 1})));
  const Tensor never = core::full({batch, 1}, kUnreachable, x.dtype());
  std::vector<Tensor> rows = {cat({never * 0, never.expand({batch, S - 1})}, 1)};
  for (int64_t d = 1; d < D; ++d) {
    const Tensor emitted = rows.back() + symbol.select(1, d - 1);
    rows.push_back(logaddexp(rows.back() + blank.select(1, d - 1),
                             cat({never, emitted.slice(1, 0, S - 1)}, 1)));
  }
  return {-gather((stack(rows, 1) + blank).flatten(1), 1, ends).squeeze(1)};
}

// Checks the operands, and collects targets and lengths.
Transductions transductions_of(const Tensor& logits, const Tensor& targets,
                               const Tensor& logit_lengths, const Tensor& target_lengths,
                               const RNNTLossOptions& o) {
  core::check_floating(kRnntLoss, logits);
  if (logits.dim() != 4 || logits.numel() == 0)
    throw ShapeError(
        fmt::format("{}: logits have shape {}; they must be [B, T, U + 1, V], and not be empty",
                    kRnntLoss, logits.shape().str()));
  const int64_t B = logits.size(0), U = logits.size(2) - 1, V = logits.size(3);
  if (!is_integral(targets.dtype()))
    throw DTypeError(
        fmt::format("{}: the targets are {}; symbols must be integers; convert with to(i64)",
                    kRnntLoss, name(targets.dtype())));
  if (targets.shape() != Shape{B, U})
    throw ShapeError(fmt::format("{}: the targets have shape {}; expected [{}, {}] for logits {}",
                                 kRnntLoss, targets.shape().str(), B, U, logits.shape().str()));
  if (o.blank < -V || o.blank >= V)
    throw IndexError(
        fmt::format("{}: blank = {} is outside {}..{}", kRnntLoss, o.blank, -V, V - 1));
  constexpr const char* kAxis = "the first axis of the logits";
  Transductions all{.targets = targets.to_vector<int64_t>(),
                    .longest = U,
                    .blank = o.blank < 0 ? o.blank + V : o.blank,
                    .clamp = o.clamp,
                    .normalize = o.fused_log_softmax};
  all.logit_lengths = detail::check_lengths_of(
      kRnntLoss, logit_lengths, B, {"logit_lengths", kAxis, 1, logits.size(1), "the frames"});
  all.target_lengths = detail::check_lengths_of(
      kRnntLoss, target_lengths, B, {"target_lengths", kAxis, 0, U, "the size of the targets"});
  for (int64_t b = 0; b < B; ++b)
    for (int64_t u = 0; u < all.length(b); ++u) {
      const int64_t symbol = all.targets[static_cast<size_t>(b * U + u)];
      if (symbol == all.blank)
        throw IndexError(
            fmt::format("{}: targets[{}, {}] = {} is the blank; targets hold symbols only",
                        kRnntLoss, b, u, symbol));
      if (symbol < 0 || symbol >= V)
        throw IndexError(fmt::format("{}: targets[{}, {}] = {} is outside 0..{}", kRnntLoss, b, u,
                                     symbol, V - 1));
    }
  return all;
}

}  // namespace

Tensor rnnt_loss(const Tensor& logits, const Tensor& targets, const Tensor& logit_lengths,
                 const Tensor& target_lengths, const RNNTLossOptions& options) {
  const Transductions all =
      transductions_of(logits, targets, logit_lengths, target_lengths, options);
  const Tensor losses = apply<RnntLoss>(logits.to(wide_type(logits.dtype())), all);
  return detail::reduced(losses, options.reduction).to(detail::in_f32(logits.dtype()));
}

}  // namespace tapehead
