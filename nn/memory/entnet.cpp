#include "tapehead/nn/memory/entnet.h"

#include <fmt/format.h>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/nn/detail/bags.h"
#include "tapehead/nn/linear.h"
#include "tapehead/nn/memory/entity_memory.h"

namespace tapehead::nn {
namespace {

const EntNetConfig& checked(const Scope& at, const EntNetConfig& c) {
  nn::at(at, [&] {
    if (c.vocab_size < 1 || c.words < 1 || c.embed_dim < 1 || (c.slots < 1 && c.entities.empty()))
      throw ValueError(fmt::format(
          "entnet: vocab_size = {}, words = {}, embed_dim = {}, slots = {}; all must be at "
          "least 1",
          c.vocab_size, c.words, c.embed_dim, c.slots));
    for (const int64_t id : c.entities)
      if (id < 1 || id >= c.vocab_size)
        throw IndexError(
            fmt::format("entnet: the entity {} is no word; words are 1..{}", id, c.vocab_size - 1));
  });
  return c;
}

}  // namespace

EntNet::EntNet(Scope at, const EntNetConfig& config)
    : embedding(Embedding(at / "embedding", checked(at, config).vocab_size, config.embed_dim,
                          {.padding_idx = 0, .init = config.init})),
      mask(at.param("mask", {config.words, config.embed_dim}, init::ones())),
      question_mask(at.param("question_mask", {config.words, config.embed_dim}, init::ones())),
      at_(std::move(at)),
      entities_(config.entities) {
  const int64_t C = config.embed_dim;
  if (entities_.empty()) keys = at_.param("keys", {config.slots, C}, config.init);
  u = at_.param("u", {C, C}, config.init);
  v = at_.param("v", {C, C}, config.init);
  w = at_.param("w", {C, C}, config.init);
  if (config.prelu) slopes = at_.param("slopes", {C}, init::ones());
  hop = Linear(at_ / "hop", C, C, {.bias = false, .init = config.init});
  answer = Linear(at_ / "answer", C, config.vocab_size, {.bias = false, .init = config.init});
}

Tensor EntNet::phi(const Tensor& x) const {
  return slopes.defined() ? where(x > 0, x, slopes * x) : x;
}

StoryOutput EntNet::operator()(const data::StoryBatch& batch) const {
  return nn::at(at_, [&] {
    const Tensor q = detail::bags("entnet", embedding, batch.question, question_mask);
    const Tensor s = detail::bags("entnet", embedding, batch.story, mask);
    const Tensor first = entities_.empty() ? keys : embedding(from_vector(entities_));
    const auto [h, gates] = entity_memory(s, {first, u, v, w, slopes}, batch.sentences);
    const Tensor p = softmax(matmul(h, q.unsqueeze(-1)), 1);  // [B, N, 1]
    return StoryOutput{.logits = answer(phi(q + hop(sum(p * h, 1)))),
                       .attention_weights = {matmul(gates.detach(), p.detach()).squeeze(-1)},
                       .auxiliary_loss = {}};
  });
}

}  // namespace tapehead::nn
