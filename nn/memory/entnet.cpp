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
    if (c.vocab < 1 || c.words < 1 || c.width < 1 || (c.slots < 1 && c.entities.empty()))
      throw ValueError(
          fmt::format("entnet: vocab = {}, words = {}, width = {}, slots = {}; all must be at "
                      "least 1",
                      c.vocab, c.words, c.width, c.slots));
    for (const int64_t id : c.entities)
      if (id < 1 || id >= c.vocab)
        throw IndexError(
            fmt::format("entnet: the entity {} is no word; words are 1..{}", id, c.vocab - 1));
  });
  return c;
}

}  // namespace

EntNet::EntNet(Scope at, const EntNetConfig& config)
    : at_(std::move(at)),
      embedding_(at_ / "embedding", checked(at_, config).vocab, config.width,
                 {.padding_idx = 0, .init = config.init}),
      mask_(at_.param("mask", {config.words, config.width}, init::ones())),
      question_mask_(at_.param("question_mask", {config.words, config.width}, init::ones())),
      entities_(config.entities),
      keys_(entities_.empty() ? at_.param("keys", {config.slots, config.width}, config.init)
                              : Tensor()),
      u_(at_.param("u", {config.width, config.width}, config.init)),
      v_(at_.param("v", {config.width, config.width}, config.init)),
      w_(at_.param("w", {config.width, config.width}, config.init)),
      slopes_(config.prelu ? at_.param("slopes", {config.width}, init::ones()) : Tensor()),
      hop_(at_ / "hop", config.width, config.width, {.bias = false, .init = config.init}),
      answer_(at_ / "answer", config.width, config.vocab, {.bias = false, .init = config.init}) {}

Tensor EntNet::phi(const Tensor& x) const {
  return slopes_.defined() ? where(x > 0, x, slopes_ * x) : x;
}

Answered EntNet::operator()(const data::StoryBatch& batch) const {
  return nn::at(at_, [&] {
    const Tensor& words = embedding_.weight;
    const Tensor q = detail::bags("entnet", words, batch.question, question_mask_);
    const Tensor s = detail::bags("entnet", words, batch.story, mask_);
    const Tensor keys = entities_.empty() ? keys_ : embedding(words, from_vector(entities_));
    const auto [h, gates] = entity_memory(s, {keys, u_, v_, w_, slopes_}, batch.sentences);
    const Tensor p = softmax(matmul(h, q.unsqueeze(-1)), 1);  // [B, N, 1]
    const Tensor u = sum(p * h, 1);
    return Answered{.logits = answer_(phi(q + hop_(u))),
                    .looks = {matmul(gates.detach(), p.detach()).squeeze(-1)},
                    .extra_loss = {}};
  });
}

}  // namespace tapehead::nn
