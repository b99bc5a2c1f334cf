// vmap() of every row of the table of ops against calls for each element.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <set>
#include <string_view>

#include "tapehead/autograd/engine.h"
#include "tapehead/autograd/vmap.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/tests/op_derive.h"

namespace tapehead::op_tests {
namespace {

constexpr int64_t kElements = 2;
constexpr int64_t kLargest = 200;  // elements of an operand

// The mapped axis of each operand: for some the last, so that the elements are not contiguous.
using MappedAxes = std::vector<std::optional<int64_t>>;

// The operands of the elements, stacked where they are mapped. Those of the second element are in
// reversed order, if the op takes that.
Tensors stacked(const Sample& s, const MappedAxes& axes, bool reverse) {
  const Arrays values = draw(s);
  Arrays others = values;
  for (Array& x : others)
    if (reverse) std::reverse(x.values.begin(), x.values.end());
  const Tensors first = to_tensors(s, values, f64), second = to_tensors(s, others, f64);
  Tensors out;
  for (size_t i = 0; i < first.size(); ++i)
    out.push_back(axes[i] ? stack({first[i], second[i]}, *axes[i]) : first[i]);
  return out;
}

Tensors element(const Tensors& operands, const MappedAxes& axes, int64_t k) {
  Tensors out = operands;
  for (size_t i = 0; i < out.size(); ++i)
    if (axes[i]) out[i] = out[i].select(*axes[i], k);
  return out;
}

struct Outcome {
  Tensors results, grads;
};
Outcome derived(const Sample& s, const Tensors& operands, const FunctionOfTensors& f) {
  Tensors tracked_operands = operands;
  if (s.differentiable) track(tracked_operands);
  Outcome out{f(tracked_operands), {}};
  Tensors losses, inputs;
  for (size_t r = 0; r < out.results.size(); ++r) {
    const Tensor& y = out.results[r];
    if (y.requires_grad())
      losses.push_back(sum(y * to_tensor(draw_gradient(y.shape(), 7 + r), y.dtype())));
  }
  for (const Tensor& t : tracked_operands)
    if (t.requires_grad()) inputs.push_back(t);
  if (!losses.empty() && !inputs.empty()) out.grads = grad(losses, inputs, {.allow_unused = true});
  return out;
}

Problem compared(const char* what, const Tensors& got, const Tensors& wanted) {
  if (got.size() != wanted.size())
    return fmt::format("{} {}s, not {}", got.size(), what, wanted.size());
  for (size_t i = 0; i < got.size(); ++i) {
    if (!got[i].defined() && !wanted[i].defined()) continue;
    const Tensor x = got[i].defined() ? got[i] : zeros(wanted[i].shape(), wanted[i].dtype());
    const Tensor y = wanted[i].defined() ? wanted[i] : zeros(x.shape(), x.dtype());
    if (x.dtype() != y.dtype())
      return fmt::format("{} {} is {}, not {}", what, i, name(x.dtype()), name(y.dtype()));
    const Array exact = to_array(y);
    if (const auto d = difference(to_array(x), exact, {1e-10, 1e-10 * scale_of(exact)}))
      return fmt::format("{} {} {}", what, i, *d);
  }
  return std::nullopt;
}

// Compares results and gradients; counts the calls of the op.
Problem mapped(const Sample& s, const MappedAxes& axes, bool reverse, int64_t& calls) {
  const Tensors operands = stacked(s, axes, reverse);
  const Outcome wanted = derived(s, operands, [&](const Tensors& in) {
    std::vector<Tensors> lists;
    for (int64_t k = 0; k < kElements; ++k) {
      const Tensors results = s.call(element(in, axes, k));
      lists.resize(results.size());
      for (size_t r = 0; r < results.size(); ++r) lists[r].push_back(results[r]);
    }
    Tensors out;
    for (const Tensors& list : lists) out.push_back(stack(list));
    return out;
  });
  const FunctionOfTensors counted = [&](const Tensors& in) {
    ++calls;
    return s.call(in);
  };
  const Outcome got = derived(s, operands, vmap(counted, {.in_dims = axes}));
  if (auto d = compared("result", got.results, wanted.results)) return d;
  return compared("gradient", got.grads, wanted.grads);
}

// Checks all operands mapped, and each by itself.
void check_vmap(const OpTest& row, const Sample& s, std::set<std::string>& looped) {
  const size_t n = s.operands.size();
  for (size_t which = 0; which <= n; ++which) {
    if (which == 0 && n == 1) continue;
    MappedAxes axes(n);
    for (size_t i = 0; i < n; ++i)
      if (which == n || which == i) axes[i] = which == n ? s.operands[i].shape.rank() : 0;
    for (const bool reverse : {true, false}) {
      int64_t calls = 0;
      try {
        if (auto d = mapped(s, axes, reverse, calls))
          FAIL_CHECK(fmt::format("{}, operand {} of {} mapped: {}", row.op(), which, n, *d));
      } catch (const Error& e) {
        if (reverse) continue;  // not every op takes the reversed operands
        FAIL_CHECK(fmt::format("{}: {}", row.op(), e.what()));
      }
      if (calls > 1) looped.insert(row.op());
      break;
    }
  }
}

// Rows of autograd that vmap() computes by calls for each element: they read values of their
// operands, draw random numbers, change operands in place, or are not recorded.
constexpr std::string_view kLooped =
    " adaptive_max_pool1d adaptive_max_pool1d_with_indices adaptive_max_pool2d"
    " adaptive_max_pool2d_with_indices adaptive_max_pool3d adaptive_max_pool3d_with_indices"
    " all allclose alpha_dropout any argsort argwhere batch_norm binary_cross_entropy bincount"
    " bucketize cosine_embedding_loss count_nonzero cov cummax cummin diagonal_scatter dropout"
    " dropout1d dropout2d dropout3d embedding embedding_bag equal feature_alpha_dropout"
    " fractional_max_pool2d fractional_max_pool2d_with_indices fractional_max_pool3d"
    " fractional_max_pool3d_with_indices gaussian_nll_loss grid_sample group_norm"
    " gumbel_softmax hinge_embedding_loss histc index_add_ index_copy_ index_fill_ index_put"
    " instance_norm isin kthvalue linalg_lstsq linalg_lu linalg_lu_factor linalg_lu_solve"
    " linalg_matrix_exp linalg_matrix_rank linear_cross_entropy margin_ranking_loss"
    " masked_fill_ masked_scatter masked_scatter_ max_pool1d max_pool1d_with_indices"
    " max_pool2d max_pool2d_with_indices max_pool3d max_pool3d_with_indices median mode msort"
    " multi_margin_loss multilabel_margin_loss nanmean nanmedian nanquantile nonzero quantile"
    " repeat_interleave rrelu scaled_dot_product_attention scatter_ scatter_add_"
    " scatter_reduce_ searchsorted select_scatter slice_scatter soft_margin_loss sort take"
    " topk unique unique_consecutive"
    " ";

}  // namespace

TEST_CASE("vmap of every row of the table of ops") {
  const char* only = std::getenv("TAPEHEAD_ONLY_OP");
  std::set<std::string> looped;
  for (const OpTest& row : table()) {
    if (only && row.op() != only) continue;
    for (const Sample& s : row.samples()) {
      const auto is_large = [](const Operand& o) { return o.shape.numel() > kLargest; };
      if (s.operands.empty() || std::any_of(s.operands.begin(), s.operands.end(), is_large))
        continue;
      check_vmap(row, s, looped);
    }
  }
  for (const std::string& op : looped)
    if (kLooped.find(" " + op + " ") == std::string_view::npos)
      FAIL_CHECK(fmt::format("{} is not vectorised any more", op));
}

}  // namespace tapehead::op_tests
