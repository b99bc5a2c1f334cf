#include "tapehead/nn/memory/memn2n_text.h"

#include <fmt/format.h>

#include "tapehead/autograd/attention.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/nn/linear.h"

namespace tapehead::nn {
namespace {

const MemN2NTextConfig& checked(const Scope& scope, const MemN2NTextConfig& c) {
  at(scope, [&] {
    if (c.vocab_size < 2 || c.embed_dim < 1 || c.hops < 1 || c.memory < 1)
      throw ValueError(
          fmt::format("memn2n_text: vocab_size = {}, embed_dim = {}, hops = {} and memory = {}; "
                      "all must be at least 1, "
                      "vocab_size 2",
                      c.vocab_size, c.embed_dim, c.hops, c.memory));
  });
  return c;
}

// Ages as distances: those after a query have no vector, and are not seen.
Tensor distances(const Tensor& ages) { return pad(ages, {0, 0, 0, ages.size(0) - 1}); }

}  // namespace

MemN2NText::MemN2NText(const Scope& at, const MemN2NTextConfig& c)
    : keys(Embedding(at / "keys", checked(at, c).vocab_size, c.embed_dim, {.init = c.init})),
      values(Embedding(at / "values", c.vocab_size, c.embed_dim, {.init = c.init})),
      key_ages(at.param("key_ages", {c.memory, c.embed_dim}, c.init)),
      value_ages(at.param("value_ages", {c.memory, c.embed_dim}, c.init)),
      step(Linear(at / "step", c.embed_dim, c.embed_dim, {.bias = false, .init = c.init})),
      answer(Linear(at / "answer", c.embed_dim, c.vocab_size, {.bias = false, .init = c.init})),
      config_(c),
      at_(at) {}

Tensor MemN2NText::operator()(const Tensor& ids) const {
  return at(at_, [&] {
    const int64_t half = config_.embed_dim / 2;
    // One head: [B, 1, T, C].
    const Tensor k = keys(ids).unsqueeze(1), v = values(ids).unsqueeze(1);
    const AttentionOptions seen{
        .causal = true,
        .window = {.before = config_.memory - 1},
        .relative = {.keys = distances(key_ages), .values = distances(value_ages)},
        .scale = 1.0};
    Tensor u = full(k.shape(), 0.1, k.dtype());
    for (int64_t hop = 0; hop < config_.hops; ++hop) {
      u = step(u) + scaled_dot_product_attention(u, k, v, seen).out;
      u = cat({relu(u.slice(-1, 0, half)), u.slice(-1, half, config_.embed_dim)}, -1);
    }
    return answer(u.squeeze(1));
  });
}

Tensor MemN2NText::loss(const Tensor& ids, const Tensor& targets) const {
  return cross_entropy((*this)(ids), targets, {.ignore_index = -100});
}

}  // namespace tapehead::nn
