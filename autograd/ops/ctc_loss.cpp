#include "tapehead/autograd/ops/ctc_loss.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "tapehead/autograd/autocast.h"
#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/detail/loss.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/autograd/ops/ctc_loss_kernel.h"
#include "tapehead/autograd/recompute_vjp.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"
#include "tapehead/core/parallel.h"

namespace tapehead {
namespace {

constexpr const char* kCtcLoss = "ctc_loss";

// The symbols of all sequences, one after the other, and the lengths.
struct Alignments {
  std::vector<int64_t> symbols, starts, target_lengths, input_lengths;
  int64_t blank = 0;
  bool zero_infinity = false;

  int64_t batch() const { return static_cast<int64_t>(input_lengths.size()); }
  int64_t frames(int64_t b) const { return input_lengths[static_cast<size_t>(b)]; }
  int64_t length(int64_t b) const { return target_lengths[static_cast<size_t>(b)]; }
  const int64_t* target(int64_t b) const { return symbols.data() + starts[static_cast<size_t>(b)]; }
  int64_t longest() const { return std::ranges::max(target_lengths); }
};

// Losses [B] of log_probs [T, B, C] in f32 or f64.
struct CtcLoss : CustomOp {
  static constexpr const char* kName = kCtcLoss;
  Alignments alignments;
  Tensor scores, shifts;  // f32 or f64 [B, T, 2 W], f64 [B, T]
  std::vector<double> log_probs;

  Tensor forward(const Tensor& x, const Alignments& a) {
    save(x);
    alignments = a;
    const int64_t batch = a.batch(), row = 2 * (a.longest() + 1);
    scores = core::empty({batch, x.size(0), row}, x.dtype());
    shifts = core::empty({batch, x.size(0)}, f64);
    log_probs.resize(static_cast<size_t>(batch));
    const Tensor losses = core::empty({batch}, x.dtype());
    each_sequence(x, [&]<class T>(int64_t b, const kernels::CtcSequence<T>& q) {
      double& log_prob = log_probs[static_cast<size_t>(b)];
      if (q.frames > 0) log_prob = kernels::ctc<T>().forward(q);
      else log_prob = q.length == 0 ? 0 : -std::numeric_limits<double>::infinity();
      losses.data<T>()[b] = static_cast<T>(a.zero_infinity && impossible(b) ? 0 : -log_prob);
    });
    return losses;
  }

  Tensor backward(const Tensor& dlosses) const {
    const Tensor x = saved(0);
    if (is_grad_enabled())
      return recompute_vjp([this](const auto& in) { return simple(in[0]); }, {x}, {&dlosses, 1})[0];
    const Tensor d = core::contiguous(dlosses), dx = core::full(x.shape(), 0, x.dtype());
    each_sequence(x, [&]<class T>(int64_t b, const kernels::CtcSequence<T>& q) {
      if (q.frames == 0 || (alignments.zero_infinity && impossible(b))) return;
      kernels::ctc<T>().backward(q, log_probs[static_cast<size_t>(b)],
                                 dx.data<T>() + b * dx.size(2), d.data<T>()[b]);
    });
    return dx;
  }

 private:
  bool impossible(int64_t b) const { return std::isinf(log_probs[static_cast<size_t>(b)]); }

  // Calls f<T>(b, q) for each sequence, in parallel.
  template <class F>
  void each_sequence(const Tensor& log_probabilities, F f) const {
    const Tensor x = core::contiguous(log_probabilities);
    const int64_t batch = alignments.batch(), classes = x.size(2);
    const int64_t width = alignments.longest() + 1;
    const Tensor scratch = core::empty({batch, kernels::kCtcScratchRows * width}, x.dtype());
    visit_wide(x.dtype(), [&]<class T>() {
      core::parallel_for(batch, [&](int64_t b) {
        f.template operator()<T>(b,
                                 {.log_probs = x.data<T>() + b * classes,
                                  .stride = batch * classes,
                                  .frames = alignments.frames(b),
                                  .symbols = alignments.target(b),
                                  .length = alignments.length(b),
                                  .blank = alignments.blank,
                                  .scores = scores.data<T>() + b * scores.size(1) * scores.size(2),
                                  .shifts = shifts.data<double>() + b * shifts.size(1),
                                  .scratch = scratch.data<T>() + b * scratch.size(1)});
      });
    });
  }

  // The forward recursion over the padded batch, of ops.
  std::vector<Tensor> simple(const Tensor& x) const;

  void forget() override { alignments = {}, log_probs = {}, scores = shifts = Tensor(); }
};

std::vector<Tensor> CtcLoss::simple(const Tensor& x) const {
  constexpr double kNever = -1e30;
  const int64_t frames = x.size(0), batch = alignments.batch(), longest = alignments.longest();
  const Tensor symbols = core::full({batch, longest}, alignments.blank, i64);
  const Tensor skip = core::full({batch, longest}, kNever, x.dtype());
  const Tensor ends = core::full({batch, 2 * longest + 2}, kNever, x.dtype());
  const Tensor masked = core::full({batch}, 0, boolean);
  const auto set = [](const Tensor& t, int64_t at) {
    visit_wide(t.dtype(), [&]<class T>() { t.data<T>()[at] = 0; });
  };
  for (int64_t b = 0; b < batch; ++b) {
    const int64_t n = alignments.length(b);
    const int64_t* target = alignments.target(b);
    for (int64_t i = 0; i < n; ++i) {
      symbols.data<int64_t>()[b * longest + i] = target[i];
      if (i > 0 && target[i] != target[i - 1]) set(skip, b * longest + i);
    }
    set(ends, b * (2 * longest + 2) + n);
    if (n > 0) set(ends, b * (2 * longest + 2) + longest + 1 + n);
    masked.data<bool>()[b] = alignments.zero_infinity && impossible(b);
  }
  // States: blanks [B, S + 1], and symbols [B, S + 1] after an impossible one.
  const Tensor never = core::full({batch, 1}, kNever, x.dtype());
  const auto emitted = [&](int64_t t) { return maximum(gather(x[t], -1, symbols), kNever); };
  const auto log_add = [](const std::vector<Tensor>& terms) {
    return logsumexp(stack(terms, 0), {0});
  };
  const Tensor start = core::full({batch, longest + 1}, kNever, x.dtype());
  for (int64_t b = 0; b < batch; ++b) set(start, b * (longest + 1));
  Tensor blanks = start, after = core::full({batch, longest + 1}, kNever, x.dtype());
  for (int64_t t = 0; t < frames; ++t) {
    const Tensor blank = maximum(x[t].slice(1, alignments.blank, alignments.blank + 1), kNever);
    const Tensor before = after.slice(1, 0, longest), now = after.slice(1, 1, longest + 1);
    const Tensor next_blanks = log_add({blanks, after}) + blank;
    const Tensor next_symbols =
        log_add({now, blanks.slice(1, 0, longest), before + skip}) + emitted(t);
    const Tensor active = core::empty({batch, 1}, boolean);
    for (int64_t b = 0; b < batch; ++b) active.data<bool>()[b] = t < alignments.frames(b);
    blanks = where(active, next_blanks, blanks);
    after = where(active, cat({never, next_symbols}, 1), after);
  }
  const Tensor losses = -logsumexp(cat({blanks, after}, 1) + ends, {1});
  return {masked_fill(losses, masked, 0)};
}

// Checks targets [B, S] or concatenated, and collects them.
Alignments alignments_of(const Tensor& targets, const Tensor& input_lengths,
                         const Tensor& target_lengths, int64_t frames, int64_t batch,
                         int64_t classes, const CTCLossOptions& options) {
  if (!is_integral(targets.dtype()))
    throw DTypeError(
        fmt::format("{}: the targets are {}; symbols must be integers; convert with to(i64)",
                    kCtcLoss, name(targets.dtype())));
  const bool padded = targets.dim() == 2;
  if (targets.dim() != 1 && !(padded && targets.size(0) == batch))
    throw ShapeError(
        fmt::format("{}: the targets have shape {}; they must be [{}, S], or "
                    "concatenated in one axis",
                    kCtcLoss, targets.shape().str(), batch));
  Alignments a;
  a.blank = options.blank, a.zero_infinity = options.zero_infinity;
  constexpr const char* kAxis = "the middle axis of log_probs";
  a.input_lengths = detail::check_lengths_of(kCtcLoss, input_lengths, batch,
                                             {"input_lengths", kAxis, 0, frames, "the frames"});
  a.target_lengths = detail::check_lengths_of(
      kCtcLoss, target_lengths, batch,
      {"target_lengths", kAxis, 0, targets.size(-1), "the size of the targets"});
  a.symbols = targets.to_vector<int64_t>();
  int64_t start = 0;
  for (int64_t b = 0; b < batch; ++b) {
    a.starts.push_back(start);
    start += padded ? targets.size(1) : a.length(b);
  }
  if (start != targets.numel())
    throw ShapeError(
        fmt::format("{}: target_lengths sum to {}, but there are {} symbols in the "
                    "concatenated targets",
                    kCtcLoss, start, targets.numel()));
  for (int64_t b = 0; b < batch; ++b)
    for (int64_t i = 0; i < a.length(b); ++i) {
      const int64_t symbol = a.target(b)[i], at = a.starts[static_cast<size_t>(b)] + i;
      if (symbol >= 0 && symbol < classes && symbol != options.blank) continue;
      const std::string place = detail::element_name("targets", targets.shape(), at);
      if (symbol == options.blank)
        throw IndexError(fmt::format("{}: {} = {} is the blank; targets hold symbols only",
                                     kCtcLoss, place, symbol));
      throw IndexError(
          fmt::format("{}: {} = {} is outside 0..{}", kCtcLoss, place, symbol, classes - 1));
    }
  return a;
}

}  // namespace

Tensor ctc_loss(const Tensor& log_probs, const Tensor& targets, const Tensor& input_lengths,
                const Tensor& target_lengths, const CTCLossOptions& options) {
  core::check_floating(kCtcLoss, log_probs);
  if (log_probs.dim() == 2) {  // one sequence
    const Tensor loss = ctc_loss(log_probs.unsqueeze(1), targets, input_lengths.reshape({1}),
                                 target_lengths.reshape({1}), options);
    return options.reduction == Reduction::none ? loss.reshape({}) : loss;
  }
  if (log_probs.dim() != 3)
    throw ShapeError(fmt::format("{}: log_probs have shape {}; they must be [T, B, C] or [T, C]",
                                 kCtcLoss, log_probs.shape().str()));
  const int64_t frames = log_probs.size(0), batch = log_probs.size(1), classes = log_probs.size(2);
  if (options.blank < 0 || options.blank >= classes)
    throw IndexError(
        fmt::format("{}: blank = {} is outside 0..{}", kCtcLoss, options.blank, classes - 1));
  if (batch == 0) throw ShapeError(fmt::format("{}: the batch is empty", kCtcLoss));
  const Alignments a =
      alignments_of(targets, input_lengths, target_lengths, frames, batch, classes, options);
  const DType given = detail::in_f32(log_probs.dtype());
  const Tensor losses = apply<CtcLoss>(log_probs.to(wide_type(log_probs.dtype())), a);
  if (options.reduction != Reduction::mean)
    return detail::reduced(losses, options.reduction).to(given);
  const Tensor lengths = core::cast(tensor(a.target_lengths), losses.dtype());
  return mean(losses / maximum(lengths, 1)).to(given);
}

}  // namespace tapehead
