#include "tapehead/autograd/attention.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tapehead/autograd/autocast.h"
#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/detail/attention_parts.h"
#include "tapehead/autograd/detail/mapping.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/autograd/recompute_vjp.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/lengths.h"
#include "tapehead/core/detail/mapped.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

constexpr const char* kOp = "scaled_dot_product_attention";

// The differentiable operands, in the order of the node's operands, and their gradients.
struct Operand {
  Tensor core::AttentionTensors::*value;
  Tensor core::AttentionGradients::*gradient;
};
using Operands = core::AttentionTensors;
using Gradients = core::AttentionGradients;
constexpr Operand kOperands[] = {{&Operands::q, &Gradients::q},
                                 {&Operands::k, &Gradients::k},
                                 {&Operands::v, &Gradients::v},
                                 {&Operands::bias, &Gradients::bias},
                                 {&Operands::distance, &Gradients::distance},
                                 {&Operands::relative, &Gradients::relative},
                                 {&Operands::keys, &Gradients::keys},
                                 {&Operands::values, &Gradients::values},
                                 {&Operands::sinks, &Gradients::sinks}};
constexpr size_t kCount = std::size(kOperands);

constexpr size_t position_of(Tensor Operands::*value) {
  size_t i = 0;
  while (kOperands[i].value != value) ++i;
  return i;
}

std::vector<Tensor> operands_of(const Operands& in) {
  std::vector<Tensor> x;
  for (const Operand& operand : kOperands) x.push_back(in.*operand.value);
  return x;
}

Operands with_operands(Operands in, const std::vector<Tensor>& x) {
  for (size_t i = 0; i < kCount; ++i) in.*kOperands[i].value = x[i];
  return in;
}

Operands widened(Operands in) {
  for (Tensor* x : {&in.q, &in.k, &in.v}) *x = x->to(wide_type(x->dtype()));
  return in;
}

// Arguments of the op. In a recorded node the operands are left out, because the node saves them.
struct Setup {
  core::AttentionSpec spec;
  Operands in;
  std::shared_ptr<detail::TileFunctions> functions;
};

struct Attention : CustomOp {
  static constexpr const char* kName = kOp;
  static constexpr bool kUndefinedGrads = true;  // of lse, which is internal
  Setup setup;

  std::array<Tensor, 2> forward(const std::vector<Tensor>& x, const std::vector<Tensor>& captured,
                                const Setup& given) {
    setup = given;
    setup.in = with_operands(given.in, std::vector<Tensor>(kCount));
    const auto [out, lse] = core::attention(setup.spec, with_operands(given.in, x));
    for (const Tensor& t : x) save(t);
    save(out), save(lse);
    for (const Tensor& t : captured) save(t);  // detects later in-place changes
    return {out, lse};
  }
  Grads backward(const Tensor& dout, const Tensor& /*dlse*/) const {
    std::vector<Tensor> x, captured;
    for (size_t i = 0; i < kCount; ++i) x.push_back(saved(i));
    if (setup.functions) captured = setup.functions->captured();
    for (size_t i = 0; i < captured.size(); ++i) saved(kCount + 2 + i);
    if (is_grad_enabled())
      return recompute_vjp(
          [&](const std::vector<Tensor>& in) {
            return std::vector{
                detail::plain_attention(setup.spec, widened(with_operands(setup.in, in)))};
          },
          x, {&dout, 1}, captured);
    const auto wanted = [&](Tensor Operands::*value) { return needs_grad(position_of(value)); };
    const Gradients d = core::attention_backward(setup.spec, with_operands(setup.in, x),
                                                 {saved(kCount), saved(kCount + 1)}, dout,
                                                 {.bias = wanted(&Operands::bias),
                                                  .distance = wanted(&Operands::distance),
                                                  .keys = wanted(&Operands::keys),
                                                  .values = wanted(&Operands::values),
                                                  .sinks = wanted(&Operands::sinks)});
    Grads out;
    for (const Operand& operand : kOperands) out.push_back(d.*operand.gradient);
    if (setup.functions)
      for (Tensor& g : setup.functions->take_gradients()) out.push_back(std::move(g));
    return out;
  }

 private:
  void forget() override { setup = {}; }
};

// Converts options to operands.

[[noreturn]] void misfit(const char* what, const Tensor& t, const std::string& expected) {
  throw ShapeError(fmt::format("{}: {} is {}; expected {}", kOp, what, t.shape().str(), expected));
}

struct Sizes {
  int64_t B, H, T, S, D, E;
};

Sizes sizes_of(const Tensor& q, const Tensor& k, const Tensor& v) {
  detail::check_attention_operands(kOp, q, k, v);
  return {q.size(0), q.size(1), q.size(2), k.size(2), q.size(3), v.size(3)};
}

// Adds leading axes of size 1 up to the operand's rank.
Tensor with_rank(Tensor t, int rank) {
  while (t.defined() && t.dim() < rank) t = t.unsqueeze(0);
  return t;
}

Tensor checked_scores(const char* what, const Tensor& t, const Sizes& n) {
  if (!t.defined()) return t;
  const Shape scores{n.B, n.H, n.T, n.S};
  if (!broadcasts_to(t.shape(), scores))
    misfit(what, t, fmt::format("a shape that broadcasts to [B, H, T, S], {}", scores.str()));
  return with_rank(t, 4);
}

// A table over distances: [N] or [H, N], or with a trailing width.
Tensor checked_table(const char* what, const Tensor& t, const Sizes& n,
                     std::optional<int64_t> width = {}) {
  if (!t.defined()) return t;
  const int rank = width ? 3 : 2;
  const Tensor table = with_rank(t, rank);
  if (table.dim() != rank || (table.size(0) != 1 && table.size(0) != n.H) ||
      table.size(1) % 2 == 0 || (width && table.size(2) != *width))
    misfit(what, t,
           width ? fmt::format("[N, {0}] or [{1}, N, {0}] with N odd", *width, n.H)
                 : fmt::format("[N] or [{}, N] with N odd", n.H));
  return table;
}

Tensor checked_starts(const char* what, const Tensor& t, int64_t total) {
  if (t.dtype() != i64 || t.dim() != 1 || t.numel() < 1)
    throw ShapeError(
        fmt::format("{}: packed.{} is {}; expected i64 [n + 1]", kOp, what, core::describe(t)));
  const Tensor starts = t.detach().contiguous();
  const int64_t *first = starts.data<int64_t>(), *last = first + starts.numel() - 1;
  if (*first != 0 || *last != total || !std::is_sorted(first, last + 1))
    throw ValueError(fmt::format("{}: packed.{} goes from {} to {}; expected to rise from 0 to {}",
                                 kOp, what, *first, *last, total));
  return starts;
}

core::AttentionSpec spec_of(const AttentionOptions& o, const Sizes& n) {
  if (o.dropout < 0 || o.dropout > 1)
    throw ValueError(fmt::format("{}: dropout is {}; a probability is in 0..1", kOp, o.dropout));
  if (o.softcap < 0)
    throw ValueError(
        fmt::format("{}: softcap is {}; it must be positive, or 0 for none", kOp, o.softcap));
  for (const auto& side : {o.window.before, o.window.after})
    if (side && *side < 0)
      throw ValueError(fmt::format(
          "{}: the window has {} keys on a side; leave it unset for no limit", kOp, *side));
  const double scale =
      o.scale ? *o.scale : 1 / std::sqrt(static_cast<double>(std::max<int64_t>(n.D, 1)));
  core::AttentionSpec spec{.scale = scale,
                           .softcap = o.softcap,
                           .left = o.window.before.value_or(core::kUnlimited),
                           .right = o.window.after.value_or(core::kUnlimited),
                           .start = o.start.value_or(n.S - n.T),
                           .dropout = o.dropout,
                           .generator = {}};
  if (o.causal) spec.right = 0;
  if (o.dropout > 0) {
    detail::check_not_vectorized();
    spec.generator = default_generator();
    ++default_generator().draws;
  }
  return spec;
}

Setup setup_of(const AttentionOptions& o, const Sizes& n) {
  Setup setup{.spec = spec_of(o, n), .in = {}, .functions = {}};
  if (o.mask.defined() && o.mask.dtype() == boolean)
    setup.in.mask = checked_scores("mask", o.mask, n);
  if (o.lengths.defined()) setup.in.lengths = core::check_lengths(kOp, o.lengths, n.B, n.S);
  if (o.packed.queries.defined() || o.packed.keys.defined()) {
    const Tensor& keys = o.packed.keys.defined() ? o.packed.keys : o.packed.queries;
    const Tensor& queries = o.packed.queries.defined() ? o.packed.queries : keys;
    if (n.B != 1 || o.lengths.defined())
      throw ValueError(fmt::format(
          "{}: packed sequences need B = 1 and no lengths, but B is {}; use one or the other", kOp,
          n.B));
    setup.in.query_starts = checked_starts("queries", queries, n.T);
    setup.in.key_starts = checked_starts("keys", keys, n.S);
    if (setup.in.query_starts.numel() != setup.in.key_starts.numel())
      throw ShapeError(fmt::format("{}: packed.queries has {} sequences, packed.keys {}", kOp,
                                   queries.numel() - 1, keys.numel() - 1));
  }
  if (o.score || o.visible) {
    setup.functions = std::make_shared<detail::TileFunctions>(o.score, o.visible);
    setup.spec.function = setup.functions.get();
  }
  return setup;
}

Tensor bias_of(const AttentionOptions& o, const Sizes& n) {
  Tensor bias = o.bias;
  if (o.bias.defined() && !is_floating(o.bias.dtype()))
    throw DTypeError(fmt::format(
        "{}: bias is {}; it is added to scores and must be floating; use `mask` to hide keys", kOp,
        core::describe(o.bias)));
  if (o.mask.defined() && !is_floating(o.mask.dtype()) && o.mask.dtype() != boolean)
    throw DTypeError(
        fmt::format("{}: mask is {}; it must be bool, true where a query may see a "
                    "key, or floating, added to the scores",
                    kOp, core::describe(o.mask)));
  if (o.mask.defined() && o.mask.dtype() != boolean) bias = bias.defined() ? bias + o.mask : o.mask;
  return checked_scores("bias", bias, n);
}

// Applies RoPE to queries or keys at positions from `start` on. In packed sequences the positions
// restart in each sequence, such that its last query and key have the same position.
Tensor turned(const Rope& rope, const Tensor& t, int64_t start, const Tensor& starts,
              const Tensor& key_starts) {
  if (!starts.defined()) return rope(t, start);
  std::vector<int64_t> positions;
  const int64_t *first = starts.data<int64_t>(), *keys = key_starts.data<int64_t>();
  for (int64_t i = 0; i + 1 < starts.numel(); ++i)
    for (int64_t p = first[i]; p < first[i + 1]; ++p)
      positions.push_back(p - first[i + 1] + keys[i + 1] - keys[i]);
  return rope(t, from_vector(positions));
}

// A copy unless products can read the rows or columns directly.
Tensor for_products(const Tensor& t) {
  const int64_t row = t.strides()[2], column = t.strides()[3];
  const bool fits =
      (column == 1 && row >= t.size(3)) || (row == 1 && column >= std::max<int64_t>(t.size(2), 1));
  return fits ? t : t.contiguous();
}

std::vector<int64_t> chosen(const char* what, const std::vector<int64_t>& list, int64_t size) {
  std::vector<int64_t> all(static_cast<size_t>(size));
  std::iota(all.begin(), all.end(), 0);
  for (const int64_t i : list)
    if (i < 0 || i >= size)
      throw IndexError(
          fmt::format("{}: weights_of.{} has {}, outside 0..{}", kOp, what, i, size - 1));
  return list.empty() ? all : list;
}

// Attention inside vmap(): the elements are a part of the batch, unless options refer to the batch.
AttentionOutput of_elements(const Tensor& q, const Tensor& k, const Tensor& v,
                            const AttentionOptions& o) {
  bool is_plain = !o.score && !o.visible && o.dropout == 0;
  for (const Tensor* t :
       {&o.mask, &o.lengths, &o.packed.queries, &o.packed.keys, &o.bias, &o.distance_bias,
        &o.relative.keys, &o.relative.values, &o.relative.query, &o.sinks})
    is_plain &= !detail::is_mapped(*t);
  if (!is_plain) detail::throw_cannot_vectorize();
  const bool has_batch = o.mask.defined() || o.lengths.defined() || o.packed.queries.defined() ||
                         o.packed.keys.defined() || o.bias.defined() || o.relative.query.defined();
  const auto run = [&](std::vector<Tensor>& now, const Batch* batch) {
    if (batch && has_batch) return false;
    if (batch)
      for (size_t i = 0; i < now.size(); ++i) now[i] = batch->expanded(now[i], i).flatten(0, 1);
    const AttentionOutput all = scaled_dot_product_attention(now[0], now[1], now[2], o);
    now = {all.out, all.weights};
    for (Tensor& t : now) {
      if (!batch || !t.defined()) continue;
      Shape shape = t.shape();
      shape[0] /= batch->size;
      shape.insert(0, batch->size);
      t = t.reshape(shape);
    }
    return true;
  };
  const auto results = detail::call_mapped(Batching::adjusted, {q, k, v}, run);
  return {results[0], results[1]};
}

}  // namespace

namespace detail {

void check_attention_operands(const char* op, const Tensor& q, const Tensor& k, const Tensor& v) {
  const bool fits = q.dim() == 4 && k.dim() == 4 && v.dim() == 4 && k.size(0) == q.size(0) &&
                    v.size(0) == q.size(0) && q.size(1) > 0 && k.size(1) > 0 &&
                    k.size(1) == v.size(1) && k.size(2) == v.size(2) && k.size(3) == q.size(3);
  if (!fits)
    throw ShapeError(fmt::format(
        "{}: q is {}, k is {}, v is {}; expected q [B, H, T, D], k [B, H', S, D], v [B, H', S, E]",
        op, q.shape().str(), k.shape().str(), v.shape().str()));
  if (q.size(1) % k.size(1) != 0)
    throw ShapeError(fmt::format(
        "{}: q has {} heads, k and v have {}; the first number must be a multiple of the second",
        op, q.size(1), k.size(1)));
  for (const Tensor& t : {q, k, v}) core::check_floating(op, t);
}

}  // namespace detail

AttentionOutput scaled_dot_product_attention(const Tensor& q, const Tensor& k, const Tensor& v,
                                             const AttentionOptions& o) {
  if (detail::any_mapped(q, k, v)) [[unlikely]]
    return of_elements(q, k, v, o);
  const Sizes n = sizes_of(q, k, v);
  const DType given = detail::autocasts(q, k) ? detail::autocast_mode : core::result_type(q, k);
  const DType wide = wide_type(given), products = given == bf16 ? bf16 : wide;
  const auto as = [&](const Tensor& t) { return t.defined() ? t.to(wide) : t; };
  Setup setup = setup_of(o, n);
  Operands& in = setup.in;
  in.q = (o.rope ? turned(*o.rope, q, setup.spec.start, in.query_starts, in.key_starts) : q)
             .to(products);
  in.k =
      for_products((o.rope ? turned(*o.rope, k, 0, in.key_starts, in.key_starts) : k).to(products));
  in.v = for_products(v.to(products));
  in.bias = as(bias_of(o, n));
  in.distance = as(checked_table("distance_bias", o.distance_bias, n));
  in.keys = as(checked_table("relative.keys", o.relative.keys, n, n.D));
  in.values = as(checked_table("relative.values", o.relative.values, n, n.E));
  for (Tensor* table : {&in.distance, &in.keys, &in.values})
    if (table->defined()) *table = table->contiguous();
  if (o.relative.query.defined()) {
    if (!o.relative.keys.defined() || o.relative.query.shape() != q.shape())
      misfit("relative.query", o.relative.query,
             fmt::format("that of q, {}, and relative.keys to be given", q.shape().str()));
    in.relative = as(o.relative.query);
  }
  if (o.sinks.defined()) {
    if (o.sinks.shape() != Shape{n.H}) misfit("sinks", o.sinks, fmt::format("[{}]", n.H));
    in.sinks = as(o.sinks);
  }
  const auto captured = setup.functions ? setup.functions->captured() : std::vector<Tensor>{};
  const auto [out, lse] = apply<Attention>(operands_of(in), captured, setup);
  AttentionOutput result{out.to(given), {}};
  if (o.weights_of) {
    if (in.query_starts.defined())
      throw ValueError(fmt::format(
          "{}: weights_of does not support packed sequences; pass one sequence at a time", kOp));
    const NoGradGuard off;
    result.weights = core::attention_weights(setup.spec, widened(in), lse.detach(),
                                             chosen("heads", o.weights_of->heads, n.H),
                                             chosen("queries", o.weights_of->queries, n.T))
                         .to(given);
  }
  return result;
}

Tensor alibi(int64_t heads, int64_t length) {
  if (heads < 1 || length < 1)
    throw ValueError(
        fmt::format("alibi: {} heads and length {}; both must be at least 1", heads, length));
  const int64_t whole = int64_t{1} << static_cast<int>(std::log2(static_cast<double>(heads)));
  std::vector<float> slopes;
  const auto slope = [](int64_t i, int64_t of) {
    return static_cast<float>(std::exp2(-8.0 * static_cast<double>(i) / static_cast<double>(of)));
  };
  for (int64_t i = 1; i <= whole; ++i) slopes.push_back(slope(i, whole));
  for (int64_t i = 1; static_cast<int64_t>(slopes.size()) < heads; i += 2)
    slopes.push_back(slope(i, 2 * whole));
  const Tensor distance = abs(arange(2 * length - 1) - (length - 1)).to(f32);
  return -from_vector(slopes).unsqueeze(1) * distance;
}

}  // namespace tapehead
