#include "tapehead/nn/multi_head.h"

#include <fmt/format.h>

#include <tuple>

#include "tapehead/autograd/detail/padding.h"
#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"

namespace tapehead::nn {
namespace {

MultiHeadOptions completed(MultiHeadOptions o) {
  const auto check = [](bool fits, const std::string& what) {
    if (!fits) throw ValueError("multi_head_attention: " + what);
  };
  if (o.num_heads == 0) o.num_heads = 1;
  check(o.num_heads >= 1 && o.embed_dim >= 1,
        fmt::format("embed_dim = {} and num_heads = {}; both must be at least 1", o.embed_dim,
                    o.num_heads));
  check(o.head_dim != 0 || o.embed_dim % o.num_heads == 0,
        fmt::format("{} heads do not divide embed_dim = {}; choose another number, or give "
                    "head_dim",
                    o.num_heads, o.embed_dim));
  if (o.head_dim == 0) o.head_dim = o.embed_dim / o.num_heads;
  if (o.num_kv_heads == 0) o.num_kv_heads = o.num_heads;
  check(o.num_heads % o.num_kv_heads == 0,
        fmt::format("{} heads of keys and values do not divide {} heads", o.num_kv_heads,
                    o.num_heads));
  if (o.memory_dim == 0) o.memory_dim = o.embed_dim;
  o.packed_qkv = o.packed_qkv.value_or(false);
  check(!*o.packed_qkv || o.memory_dim == o.embed_dim,
        fmt::format("one projection cannot read x of size {} and a memory of size {}; leave "
                    "`packed_qkv` out",
                    o.embed_dim, o.memory_dim));
  if (o.rope && o.rope->dim == 0) o.rope->dim = o.head_dim;
  o.dropout = o.dropout.value_or(0);
  o.bias = o.bias.value_or(true);
  o.out_bias = o.out_bias.value_or(*o.bias);
  if (!o.init) o.init = init::fan_in_uniform();
  if (!o.q_init) o.q_init = o.init;
  if (!o.out_init) o.out_init = o.init;
  return o;
}

// [B, T, H D] to [B, H, T, D].
Tensor split_heads(const Tensor& x, int64_t head_dim) {
  return x.reshape({x.size(0), x.size(1), x.size(2) / head_dim, head_dim}).transpose(1, 2);
}

void check_sequence(const Tensor& x, int64_t size) {
  if (x.dim() != 3 || x.size(2) != size)
    throw ShapeError(
        fmt::format("multi_head_attention: x is {}; expected [B, T, {}]", x.shape().str(), size));
}

}  // namespace

MultiHeadAttention::MultiHeadAttention(Scope at, const MultiHeadOptions& options)
    : at_(std::move(at)), options_(nn::at(at_, [&] { return completed(options); })) {
  const MultiHeadOptions& o = options_;
  const LinearOptions projection{.bias = *o.bias, .init = o.init};
  const int64_t queries = o.num_heads * o.head_dim, keys = o.num_kv_heads * o.head_dim;
  out = Linear(at_ / "out", queries, o.embed_dim, {.bias = *o.out_bias, .init = o.out_init});
  if (*o.packed_qkv) {
    qkv = Linear(at_ / "qkv", o.embed_dim, queries + 2 * keys, projection);
  } else {
    q = Linear(at_ / "q", o.embed_dim, queries, {.bias = *o.bias, .init = o.q_init});
    k = Linear(at_ / "k", o.memory_dim, keys, projection);
    v = Linear(at_ / "v", o.memory_dim, keys, projection);
  }
  if (o.rope) rope_.emplace(*o.rope);
}

void MultiHeadAttention::check_separate() const {
  if (qkv)
    throw ValueError(
        "multi_head_attention: its projections are packed, for attention of x to itself; make it "
        "without `packed_qkv` to attend to a memory");
}

Tensor MultiHeadAttention::project_queries(const Tensor& x) const {
  check_separate();
  check_sequence(x, options_.embed_dim);
  return split_heads(q(x), options_.head_dim);
}

ProjectedMemory MultiHeadAttention::project_separately(const Tensor& memory) const {
  check_separate();
  check_sequence(memory, options_.memory_dim);
  return {split_heads(k(memory), options_.head_dim), split_heads(v(memory), options_.head_dim)};
}

ProjectedMemory MultiHeadAttention::project(const Tensor& memory) const {
  return nn::at(at_, [&] { return project_separately(memory); });
}

std::pair<Tensor, ProjectedMemory> MultiHeadAttention::project_self(const Tensor& x) const {
  if (!qkv) {
    ProjectedMemory memory = project_separately(x);
    return {project_queries(x), std::move(memory)};
  }
  check_sequence(x, options_.embed_dim);
  const int64_t H = options_.num_heads, G = options_.num_kv_heads;
  const Tensor all = split_heads(qkv(x), options_.head_dim);
  return {all.slice(1, 0, H), {all.slice(1, H, H + G), all.slice(1, H + G, H + 2 * G)}};
}

AttentionOutput MultiHeadAttention::finish(const Tensor& queries, const ProjectedMemory& memory,
                                           AttentionOptions o) const {
  if (o.dropout == 0 && at_.training()) o.dropout = *options_.dropout;
  if (!o.scale) o.scale = options_.scale;
  AttentionOutput a = scaled_dot_product_attention(queries, memory.k, memory.v, o);
  a.out = out(a.out.transpose(1, 2).flatten(2));
  return a;
}

AttentionOutput MultiHeadAttention::attend(const Tensor& x, const Tensor& memory,
                                           const AttentionOptions& options) const {
  return nn::at(at_, [&] {
    AttentionOptions o = options;
    if (rope_ && !o.rope) o.rope = &*rope_;
    if (!memory.defined() || memory.is_same(x)) {
      const auto [queries, self] = project_self(x);
      return finish(queries, self, std::move(o));
    }
    check_sequence(memory, options_.memory_dim);
    const ProjectedMemory projected = project_separately(
        tapehead::detail::zero_padding("scaled_dot_product_attention", memory, o.lengths));
    return finish(project_queries(x), projected, std::move(o));
  });
}

Tensor MultiHeadAttention::operator()(const Tensor& x, const AttentionOptions& options) const {
  return attend(x, x, options).out;
}

Tensor MultiHeadAttention::operator()(const Tensor& x, const Tensor& memory,
                                      const AttentionOptions& options) const {
  return attend(x, memory, options).out;
}

AttentionOutput MultiHeadAttention::attend(const Tensor& x, const ProjectedMemory& memory,
                                           const AttentionOptions& options) const {
  return nn::at(at_, [&] { return finish(project_queries(x), memory, options); });
}

Tensor MultiHeadAttention::operator()(const Tensor& x, KvCache& cache,
                                      const AttentionOptions& options) const {
  return nn::at(at_, [&] {
    auto [queries, self] = project_self(x);
    AttentionOptions o = options;
    const Rope* rope = o.rope ? o.rope : rope_ ? &*rope_ : nullptr;
    o.rope = nullptr;  // the cache holds rotated keys
    if (rope) {
      queries = (*rope)(queries, cache.length());
      self.k = (*rope)(self.k, cache.length());
    }
    std::tie(self.k, self.v) = cache.append(self.k.detach(), self.v.detach());
    return finish(queries, self, std::move(o)).out;
  });
}

}  // namespace tapehead::nn
