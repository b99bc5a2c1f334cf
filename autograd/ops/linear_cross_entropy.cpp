#include "tapehead/autograd/ops/linear_cross_entropy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "tapehead/autograd/autocast.h"
#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/detail/class_targets.h"
#include "tapehead/autograd/detail/cross_entropy_rows.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/autograd/recompute_vjp.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/gemm.h"
#include "tapehead/core/detail/matmul.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

using detail::ClassTargets;
using detail::CrossEntropyRows;

constexpr const char* kLinearCrossEntropy = "linear_cross_entropy";

// Operands: input [N, D], weight [C, D], bias [C] or undefined.
using LinearGradients = std::array<Tensor, 3>;
using WantedGradients = std::array<bool, 3>;

// The number of rows whose logits are computed together: few enough to save memory, enough that the
// matrix products are efficient.
int64_t chunk_rows(int64_t classes) {
  constexpr int64_t kLogits = 1 << 22;
  return std::max<int64_t>(128, kLogits / classes);
}

core::Matrix transposed_matrix(const Tensor& x) { return {x.raw(), 1, x.size(1)}; }
core::Matrix plain_matrix(const Tensor& x) { return {x.raw(), x.size(1), 1}; }

// Adds the contribution of rows `begin` and on, whose gradients are `dlogits`, to that of the rows
// before.
void add_products(const Tensor& dlogits, const Tensor& x, int64_t begin, const Tensor& weight,
                  const LinearGradients& out) {
  const int64_t n = dlogits.size(0), classes = dlogits.size(1), features = weight.size(1);
  const DType dtype = x.dtype();
  const Tensor rows = x.slice(0, begin, begin + n);
  if (out[0].defined())
    core::gemm(dtype, n, features, classes, plain_matrix(dlogits), plain_matrix(weight),
               out[0].slice(0, begin, begin + n).raw(), features);
  const int add = begin > 0;
  if (out[1].defined())
    core::gemm(dtype, classes, features, n, transposed_matrix(dlogits), plain_matrix(rows),
               out[1].raw(), features, add);
  if (out[2].defined())
    core::gemm(dtype, 1, classes, n, plain_matrix(core::full({1, n}, 1, dtype)),
               plain_matrix(dlogits), out[2].raw(), classes, add);
}

// In f32 or f64. For a mean or sum, forward also computes the gradients, which differ from those of
// backward by a factor only. Otherwise the logits are computed again in backward.
struct LinearCrossEntropy : CustomOp {
  static constexpr const char* kName = kLinearCrossEntropy;
  std::optional<ClassTargets> targets;
  LinearCrossEntropyOptions options;
  LinearGradients early;  // those of the mean or sum

  Tensor forward(const Tensor& input, const Tensor& weight, const Tensor& bias,
                 const ClassTargets& t, const LinearCrossEntropyOptions& o,
                 const WantedGradients& wanted) {
    save(input), save(weight), save(bias);
    targets = t, options = o;
    std::vector<double> losses(static_cast<size_t>(t.rows()));
    const double total = t.total_weight();
    const double scale = o.reduction == Reduction::mean ? 1 / total : 1;
    const bool in_backward = o.reduction == Reduction::none;
    early = run(input, weight, bias, &losses, in_backward ? WantedGradients{} : wanted,
                [&](int64_t) { return scale; });
    return detail::reduce_losses(losses, {t.rows()}, input.dtype(), o.reduction, total);
  }

  LinearGradients backward(const Tensor& dy) const {
    const Tensor x = saved(0), weight = saved(1), bias = saved(2);
    LinearGradients out;
    if (is_grad_enabled()) {
      const Grads grads = recompute_vjp(
          [this](const auto& in) {
            return std::vector{cross_entropy(linear(in[0], in[1], in[2]),
                                             targets->tensor().reshape({-1}),
                                             {.weight = options.weight,
                                              .ignore_index = options.ignore_index,
                                              .label_smoothing = options.label_smoothing,
                                              .reduction = options.reduction})};
          },
          {x, weight, bias}, {&dy, 1});
      std::copy(grads.begin(), grads.end(), out.begin());
      return out;
    }
    if (options.reduction == Reduction::none) {
      const auto g = dy.to_vector<double>();
      return run(x, weight, bias, nullptr, {needs_grad(0), needs_grad(1), needs_grad(2)},
                 [&](int64_t i) { return g[static_cast<size_t>(i)]; });
    }
    for (size_t i = 0; i < out.size(); ++i)
      if (needs_grad(i)) out[i] = early[i] * dy;
    return out;
  }

 private:
  // Computes the losses, unless null, and the gradients that are wanted, with a scale for each row.
  template <class Scale>
  LinearGradients run(const Tensor& input, const Tensor& linear_weight, const Tensor& bias,
                      std::vector<double>* losses, const WantedGradients& wanted,
                      Scale scale) const {
    const Tensor x = core::contiguous(input), weight = core::contiguous(linear_weight);
    LinearGradients out;
    if (wanted[0]) out[0] = core::empty(x.shape(), x.dtype());
    const auto sums = [&](const Tensor& t) {
      return x.size(0) > 0 ? core::empty(t.shape(), x.dtype())
                           : core::full(t.shape(), 0, x.dtype());
    };
    if (wanted[1]) out[1] = sums(weight);
    if (wanted[2]) out[2] = sums(bias);
    const bool any = wanted[0] || wanted[1] || wanted[2];
    const CrossEntropyRows rows(*targets, options.label_smoothing, x.dtype());
    const int64_t n = x.size(0), classes = weight.size(0), bytes = classes * size_of(x.dtype());
    const int64_t chunk = chunk_rows(classes);
    for (int64_t begin = 0; begin < n; begin += chunk) {
      const int64_t count = std::min(chunk, n - begin);
      const Tensor logits = core::linear(x.slice(0, begin, begin + count), weight, bias);
      detail::each_row(count, classes, [&](int64_t i) {
        char* row = logits.raw() + i * bytes;
        CrossEntropyRows::Stats stats;
        const double loss = targets->ignored(begin + i) ? 0 : rows.loss(row, begin + i, stats);
        if (losses) (*losses)[static_cast<size_t>(begin + i)] = loss;
        if (any) rows.gradient(row, row, begin + i, scale(begin + i), stats);
      });
      if (any) add_products(logits, x, begin, weight, out);
    }
    return out;
  }

  void forget() override { targets.reset(), early = {}; }
};

void check_linear_operands(const Tensor& input, const Tensor& weight, const Tensor& bias) {
  if (weight.dim() != 2 || input.dim() == 0 || input.size(-1) != weight.size(1))
    throw ShapeError(
        fmt::format("{}: the input is {}, linear_weight is {}; input.size(-1) must "
                    "equal linear_weight.size(1)",
                    kLinearCrossEntropy, input.shape().str(), weight.shape().str()));
  if (bias.defined() && bias.shape() != Shape{weight.size(0)})
    throw ShapeError(
        fmt::format("{}: linear_bias is {}, linear_weight is {}; linear_bias must be "
                    "[{}]",
                    kLinearCrossEntropy, bias.shape().str(), weight.shape().str(), weight.size(0)));
}

}  // namespace

Tensor linear_cross_entropy(const Tensor& input, const Tensor& linear_weight, const Tensor& target,
                            const LinearCrossEntropyOptions& options) {
  detail::check_smoothing(kLinearCrossEntropy, options.label_smoothing);
  check_linear_operands(input, linear_weight, options.linear_bias);
  Shape scores = input.shape();
  scores[scores.rank() - 1] = linear_weight.size(0);
  const DType given = detail::in_f32(input.dtype()), wide = wide_type(given);
  // Stands for the logits, of which only the shape is needed.
  const Tensor logits = broadcast_to(core::full({}, 0, wide), scores);
  const ClassTargets targets(kLinearCrossEntropy, logits, target, options.weight,
                             options.ignore_index);
  const Tensor x = input.reshape({target.numel(), input.size(-1)}).to(wide);
  const Tensor weight = linear_weight.to(wide);
  const Tensor bias = options.linear_bias.defined() ? options.linear_bias.to(wide) : Tensor();
  const auto tracked = [](const Tensor& t) {
    return t.defined() && t.requires_grad() && is_grad_enabled();
  };
  const Tensor losses =
      apply<LinearCrossEntropy>(x, weight, bias, targets, options,
                                WantedGradients{tracked(x), tracked(weight), tracked(bias)});
  return losses.reshape(options.reduction == Reduction::none ? target.shape() : Shape{}).to(given);
}

}  // namespace tapehead
