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
  check(o.heads >= 1 && o.width >= 1,
        fmt::format("width {} and {} heads; both must be at least 1", o.width, o.heads));
  check(o.head_width != 0 || o.width % o.heads == 0,
        fmt::format("{} heads do not divide the width {}; choose another number, or give "
                    "head_width",
                    o.heads, o.width));
  if (o.head_width == 0) o.head_width = o.width / o.heads;
  if (o.kv_heads == 0) o.kv_heads = o.heads;
  check(o.heads % o.kv_heads == 0,
        fmt::format("{} heads of keys and values do not divide {} heads", o.kv_heads, o.heads));
  if (o.memory_width == 0) o.memory_width = o.width;
  check(!o.packed || o.memory_width == o.width,
        fmt::format("one projection cannot read x of width {} and a memory of width {}; leave "
                    "`packed` out",
                    o.width, o.memory_width));
  if (o.rope && o.rope->width == 0) o.rope->width = o.head_width;
  if (!o.q_init) o.q_init = o.init;
  if (!o.out_init) o.out_init = o.init;
  return o;
}

// [B, T, H D] to [B, H, T, D].
Tensor split_heads(const Tensor& x, int64_t width) {
  return x.reshape({x.size(0), x.size(1), x.size(2) / width, width}).transpose(1, 2);
}

void check_sequence(const Tensor& x, int64_t width) {
  if (x.dim() != 3 || x.size(2) != width)
    throw ShapeError(
        fmt::format("multi_head_attention: x is {}; expected [B, T, {}]", x.shape().str(), width));
}

}  // namespace

MultiHeadAttention::MultiHeadAttention(Scope at, const MultiHeadOptions& options)
    : at_(std::move(at)),
      options_(nn::at(at_, [&] { return completed(options); })),
      out_(at_ / "out", options_.heads * options_.head_width, options_.width,
           {.bias = options_.out_bias, .init = options_.out_init}) {
  const MultiHeadOptions& o = options_;
  const LinearOptions linear{.bias = o.bias, .init = o.init};
  const int64_t queries = o.heads * o.head_width, keys = o.kv_heads * o.head_width;
  if (o.packed) {
    qkv_.emplace(at_ / "qkv", o.width, queries + 2 * keys, linear);
  } else {
    q_.emplace(at_ / "q", o.width, queries, LinearOptions{.bias = o.bias, .init = o.q_init});
    k_.emplace(at_ / "k", o.memory_width, keys, linear);
    v_.emplace(at_ / "v", o.memory_width, keys, linear);
  }
  if (o.rope) rope_.emplace(*o.rope);
}

void MultiHeadAttention::check_separate() const {
  if (qkv_)
    throw ValueError(
        "multi_head_attention: its projections are packed, for attention of x to itself; make it "
        "without `packed` to attend to a memory");
}

Tensor MultiHeadAttention::queries_of(const Tensor& x) const {
  check_separate();
  check_sequence(x, options_.width);
  return split_heads((*q_)(x), options_.head_width);
}

ProjectedMemory MultiHeadAttention::project(const Tensor& memory) const {
  return nn::at(at_, [&]() -> ProjectedMemory {
    check_separate();
    check_sequence(memory, options_.memory_width);
    return {split_heads((*k_)(memory), options_.head_width),
            split_heads((*v_)(memory), options_.head_width)};
  });
}

MultiHeadAttention::Heads MultiHeadAttention::heads_of(const Tensor& x,
                                                       const Tensor& memory) const {
  if (!qkv_ || !memory.is_same(x)) {
    const auto [k, v] = project(memory);
    return {queries_of(x), k, v};
  }
  check_sequence(x, options_.width);
  const int64_t H = options_.heads, G = options_.kv_heads;
  const Tensor all = split_heads((*qkv_)(x), options_.head_width);
  return {all.slice(1, 0, H), all.slice(1, H, H + G), all.slice(1, H + G, H + 2 * G)};
}

Attended MultiHeadAttention::finish(const Heads& heads, const AttentionOptions& options) const {
  AttentionOptions o = options;
  if (o.dropout == 0 && at_.training()) o.dropout = options_.dropout;
  if (!o.scale) o.scale = options_.scale;
  Attended a = scaled_dot_product_attention(heads.q, heads.k, heads.v, o);
  a.out = out_(a.out.transpose(1, 2).flatten(2));
  return a;
}

Attended MultiHeadAttention::attend(const Tensor& x, const Tensor& memory,
                                    const AttentionOptions& options) const {
  return nn::at(at_, [&] {
    AttentionOptions o = options;
    if (rope_ && !o.rope) o.rope = &*rope_;
    if (!memory.defined() || memory.is_same(x)) return finish(heads_of(x, x), o);
    check_sequence(memory, options_.memory_width);
    return finish(heads_of(x, tapehead::detail::zero_padding("scaled_dot_product_attention", memory,
                                                             o.lengths)),
                  o);
  });
}

Tensor MultiHeadAttention::operator()(const Tensor& x, const AttentionOptions& options) const {
  return attend(x, x, options).out;
}

Tensor MultiHeadAttention::operator()(const Tensor& x, const Tensor& memory,
                                      const AttentionOptions& options) const {
  return attend(x, memory, options).out;
}

Attended MultiHeadAttention::attend(const Tensor& x, const ProjectedMemory& memory,
                                    const AttentionOptions& options) const {
  return nn::at(at_, [&] { return finish({queries_of(x), memory.k, memory.v}, options); });
}

Tensor MultiHeadAttention::operator()(const Tensor& x, KvCache& cache,
                                      const AttentionOptions& options) const {
  return nn::at(at_, [&] {
    Heads heads = heads_of(x, x);
    AttentionOptions o = options;
    const Rope* rope = o.rope ? o.rope : rope_ ? &*rope_ : nullptr;
    o.rope = nullptr;  // what the cache holds has been turned
    if (rope) {
      heads.q = (*rope)(heads.q, cache.length());
      heads.k = (*rope)(heads.k, cache.length());
    }
    std::tie(heads.k, heads.v) = cache.append(heads.k.detach(), heads.v.detach());
    return finish(heads, o).out;
  });
}

}  // namespace tapehead::nn
