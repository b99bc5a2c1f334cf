#include "tapehead/nn/multihead_attention.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <vector>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/detail/elementwise.h"

namespace tapehead::nn {
namespace {

int64_t check_heads(const Scope& at, int64_t embed_dim, int64_t num_heads) {
  if (embed_dim < 1 || num_heads < 1 || embed_dim % num_heads != 0)
    throw ValueError(
        fmt::format("multihead_attention: {} heads do not divide embed_dim = {} (in {})", num_heads,
                    embed_dim, at.path()));
  return embed_dim;
}

void check_shape(const char* what, const Tensor& x, bool fits, const std::string& expected) {
  if (!fits)
    throw ShapeError(fmt::format("multihead_attention: {} is {}; expected {}", what,
                                 core::describe(x), expected));
}

/// Joins a mask [.., S] to others, with zeros, which hide nothing, for the keys after S.
void add_mask(const Tensor& mask, int64_t keys, Tensor& hidden, Tensor& bias) {
  Shape rest = mask.shape();
  rest[rest.rank() - 1] = keys - mask.size(-1);
  const Tensor m = rest.back() == 0 ? mask : cat({mask, core::full(rest, 0, mask.dtype())}, -1);
  if (m.dtype() == boolean) hidden = hidden.defined() ? hidden | m : m;
  else bias = bias.defined() ? bias + m : m;
}

// True for the keys after the position of each query.
Tensor later_keys(int64_t queries, int64_t keys) {
  return arange(keys) > arange(queries).unsqueeze(-1);
}

}  // namespace

MultiheadAttention::MultiheadAttention(Scope at, int64_t embed_dim, int64_t num_heads,
                                       const MultiheadAttentionOptions& options)
    : out_proj(at / "out_proj", check_heads(at, embed_dim, num_heads), embed_dim,
               {.bias = options.bias,
                .init = options.init ? options.init : init::fan_in_uniform(),
                .bias_init = init::zeros()}),
      at_(std::move(at)),
      embed_dim_(embed_dim),
      num_heads_(num_heads),
      options_(options) {
  const int64_t E = embed_dim;
  if (options_.kdim == 0) options_.kdim = E;
  if (options_.vdim == 0) options_.vdim = E;
  const Init of_weights = options.init ? options.init : init::xavier_uniform();
  if (options_.kdim == E && options_.vdim == E) {
    in_proj_weight = at_.param("in_proj_weight", {3 * E, E}, of_weights);
  } else {
    q_proj_weight = at_.param("q_proj_weight", {E, E}, of_weights);
    k_proj_weight = at_.param("k_proj_weight", {E, options_.kdim}, of_weights);
    v_proj_weight = at_.param("v_proj_weight", {E, options_.vdim}, of_weights);
  }
  if (options.bias) in_proj_bias = at_.param("in_proj_bias", {3 * E}, init::zeros());
  if (!options.add_bias_kv) return;
  bias_k = at_.param("bias_k", {1, 1, E}, init::xavier_normal());
  bias_v = at_.param("bias_v", {1, 1, E}, init::xavier_normal());
}

// The projections first..last - 1 of 0: query, 1: key and 2: value.
Tensor MultiheadAttention::weight_of(int64_t first, int64_t last) const {
  if (!in_proj_weight.defined())
    return first == 0 ? q_proj_weight : first == 1 ? k_proj_weight : v_proj_weight;
  return first == 0 && last == 3 ? in_proj_weight
                                 : in_proj_weight.slice(0, first * embed_dim_, last * embed_dim_);
}

std::vector<Tensor> MultiheadAttention::project(const Tensor& query, const Tensor& key,
                                                const Tensor& value) const {
  const Tensor* const operands[] = {&query, &key, &value};
  std::vector<Tensor> results;
  for (int64_t first = 0; first < 3;) {
    int64_t last = first + 1;
    if (in_proj_weight.defined())
      while (last < 3 && operands[last]->is_same(*operands[first])) ++last;
    const Tensor bias = in_proj_bias.defined()
                            ? in_proj_bias.slice(0, first * embed_dim_, last * embed_dim_)
                            : Tensor();
    const Tensor all = linear(*operands[first], weight_of(first, last), bias);
    if (last - first == 1) results.push_back(all);
    else std::ranges::move(tapehead::split(all, embed_dim_, -1), std::back_inserter(results));
    first = last;
  }
  return results;
}

// [T, B, E] or [B, T, E] to [B, H, T, E / H], and back.
Tensor MultiheadAttention::split(const Tensor& x) const {
  const Tensor heads = x.reshape({x.size(0), x.size(1), num_heads_, embed_dim_ / num_heads_});
  return options_.batch_first ? heads.transpose(1, 2) : heads.permute({1, 2, 0, 3});
}
Tensor MultiheadAttention::merge(const Tensor& x) const {
  return (options_.batch_first ? x.transpose(1, 2) : x.permute({2, 0, 1, 3})).flatten(2);
}

MultiheadAttention::Heads MultiheadAttention::heads_of(const Tensor& query, const Tensor& key,
                                                       const Tensor& value) const {
  std::vector<Tensor> parts = project(query, key, value);
  const int batch = options_.batch_first ? 0 : 1, time = 1 - batch;
  if (bias_k.defined()) {
    Shape one = parts[1].shape();
    one[time] = 1;
    parts[1] = cat({parts[1], bias_k.expand(one)}, time);
    parts[2] = cat({parts[2], bias_v.expand(one)}, time);
  }
  Heads heads{split(parts[0]), split(parts[1]), split(parts[2])};
  if (options_.add_zero_attn) {
    Shape one = heads.k.shape();
    one[2] = 1;
    const Tensor zero = core::full(one, 0, heads.k.dtype());
    heads.k = cat({heads.k, zero}, 2);
    heads.v = cat({heads.v, zero}, 2);
  }
  return heads;
}

MultiheadAttention::Masks MultiheadAttention::masks_of(
    const Heads& heads, const MultiheadAttentionForwardOptions& options) const {
  const int64_t B = heads.q.size(0), H = num_heads_, T = heads.q.size(2), keys = heads.k.size(2);
  const int64_t S = keys - (bias_k.defined() ? 1 : 0) - (options_.add_zero_attn ? 1 : 0);
  Masks masks;
  if (const Tensor& m = options.attn_mask; m.defined()) {
    check_shape("attn_mask", m, m.shape() == Shape{T, S} || m.shape() == Shape{B * H, T, S},
                fmt::format("[T, S] = [{}, {}] or [B H, T, S] = [{}, {}, {}]", T, S, B * H, T, S));
    add_mask(m.dim() == 2 ? m : m.reshape({B, H, T, S}), keys, masks.hidden, masks.bias);
  }
  if (options.is_causal) add_mask(later_keys(T, S), keys, masks.hidden, masks.bias);
  if (const Tensor& m = options.key_padding_mask; m.defined()) {
    check_shape("key_padding_mask", m, m.shape() == Shape{B, S},
                fmt::format("[B, S] = [{}, {}]", B, S));
    add_mask(m.reshape({B, 1, 1, S}), keys, masks.hidden, masks.bias);
  }
  return masks;
}

// With weights [B, H, T, S] that are differentiable.
AttentionOutput MultiheadAttention::weighted(const Heads& heads, const Masks& masks,
                                             double dropout_p) const {
  const double scale = std::sqrt(static_cast<double>(num_heads_) / static_cast<double>(embed_dim_));
  Tensor scores = matmul(scale * heads.q, heads.k.transpose(-1, -2));
  if (masks.bias.defined()) scores = scores + masks.bias;
  if (masks.hidden.defined()) scores = masked_fill(scores, masks.hidden, -INFINITY);
  const Tensor weights = dropout(softmax(scores, -1), dropout_p, dropout_p > 0);
  return {matmul(weights, heads.v), weights};
}

AttentionOutput MultiheadAttention::batched(const Tensor& query, const Tensor& key,
                                            const Tensor& value,
                                            const MultiheadAttentionForwardOptions& options) const {
  const int batch = options_.batch_first ? 0 : 1, time = 1 - batch;
  const auto check = [&](const char* what, const Tensor& x, int64_t size, const Tensor& like) {
    check_shape(what, x,
                x.dim() == 3 && x.size(2) == size && x.size(batch) == query.size(batch) &&
                    x.size(time) == like.size(time),
                fmt::format("[{}, {}]", options_.batch_first ? "B, T" : "T, B", size));
  };
  check_shape("query", query, query.dim() == 3, "three axes, or two of one sequence");
  check("query", query, embed_dim_, query);
  check("key", key, options_.kdim, key);
  check("value", value, options_.vdim, key);
  const Heads heads = heads_of(query, key, value);
  const double dropout = at_.training() ? options_.dropout : 0;
  const bool plain = options.is_causal && !options.need_weights && !options.attn_mask.defined() &&
                     key.size(time) == heads.k.size(2);
  MultiheadAttentionForwardOptions explicit_masks = options;
  if (plain) explicit_masks.is_causal = false;
  const Masks masks = masks_of(heads, explicit_masks);
  AttentionOutput result;
  if (options.need_weights) {
    result = weighted(heads, masks, dropout);
    if (options.average_attn_weights) result.weights = mean(result.weights, {1});
  } else {
    result =
        scaled_dot_product_attention(heads.q, heads.k, heads.v,
                                     {.causal = plain,
                                      .mask = masks.hidden.defined() ? ~masks.hidden : Tensor(),
                                      .bias = masks.bias,
                                      .dropout = dropout,
                                      .start = 0});
  }
  result.out = out_proj(merge(result.out));
  return result;
}

AttentionOutput MultiheadAttention::operator()(
    const Tensor& query, const Tensor& key, const Tensor& value,
    const MultiheadAttentionForwardOptions& options) const {
  return call_at(at_, [&] {
    if (query.dim() != 2 || key.dim() != 2 || value.dim() != 2)
      return batched(query, key, value, options);
    const int64_t axis = options_.batch_first ? 0 : 1;
    const auto add_axis = [axis](const Tensor& x) { return x.unsqueeze(axis); };
    const Tensor q = add_axis(query), k = key.is_same(query) ? q : add_axis(key);
    const Tensor v = value.is_same(key) ? k : add_axis(value);
    MultiheadAttentionForwardOptions one = options;
    if (one.key_padding_mask.defined()) one.key_padding_mask = one.key_padding_mask.unsqueeze(0);
    AttentionOutput r = batched(q, k, v, one);
    r.out = r.out.squeeze(axis);
    if (r.weights.defined()) r.weights = r.weights.squeeze(0);
    return r;
  });
}

}  // namespace tapehead::nn
