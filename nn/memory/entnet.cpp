#include "tapehead/nn/memory/entnet.h"

#include <fmt/format.h>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/nn/detail/bags.h"
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
    : at_(std::move(at)),
      embedding_(at_ / "embedding", checked(at_, config).vocab_size, config.embed_dim,
                 {.padding_idx = 0, .init = config.init}),
      mask_(at_.param("mask", {config.words, config.embed_dim}, init::ones())),
      question_mask_(at_.param("question_mask", {config.words, config.embed_dim}, init::ones())),
      entities_(config.entities),
      keys_(entities_.empty() ? at_.param("keys", {config.slots, config.embed_dim}, config.init)
                              : Tensor()),
      u_(at_.param("u", {config.embed_dim, config.embed_dim}, config.init)),
      v_(at_.param("v", {config.embed_dim, config.embed_dim}, config.init)),
      w_(at_.param("w", {config.embed_dim, config.embed_dim}, config.init)),
      slopes_(config.prelu ? at_.param("slopes", {config.embed_dim}, init::ones()) : Tensor()),
      hop_(at_ / "hop", config.embed_dim, config.embed_dim, {.bias = false, .init = config.init}),
      answer_(at_ / "answer", config.embed_dim, config.vocab_size,
              {.bias = false, .init = config.init}) {}

Tensor EntNet::phi(const Tensor& x) const {
  return slopes_.defined() ? where(x > 0, x, slopes_ * x) : x;
}

StoryOutput EntNet::operator()(const data::StoryBatch& batch) const {
  return nn::at(at_, [&] {
    const Tensor& words = embedding_.weight;
    const Tensor q = detail::bags("entnet", words, batch.question, question_mask_);
    const Tensor s = detail::bags("entnet", words, batch.story, mask_);
    const Tensor keys = entities_.empty() ? keys_ : embedding(words, from_vector(entities_));
    const auto [h, gates] = entity_memory(s, {keys, u_, v_, w_, slopes_}, batch.sentences);
    const Tensor p = softmax(matmul(h, q.unsqueeze(-1)), 1);  // [B, N, 1]
    const Tensor u = sum(p * h, 1);
    return StoryOutput{.logits = answer_(phi(q + hop_(u))),
                       .attention_weights = {matmul(gates.detach(), p.detach()).squeeze(-1)},
                       .auxiliary_loss = {}};
  });
}

}  // namespace tapehead::nn
