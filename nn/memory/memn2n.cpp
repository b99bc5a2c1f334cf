#include "tapehead/nn/memory/memn2n.h"

#include <fmt/format.h>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/nn/detail/any_stack.h"
#include "tapehead/nn/detail/bags.h"
#include "tapehead/nn/detail/look.h"
#include "tapehead/nn/linear.h"

namespace tapehead::nn {
namespace {

const MemN2NConfig& checked(const Scope& scope, const MemN2NConfig& c) {
  at(scope, [&] {
    if (c.vocab_size < 2 || c.embed_dim < 1 || c.hops < 1 || c.memory < 1 || c.words < 1)
      throw ValueError(
          fmt::format("memn2n: vocab_size = {}, embed_dim = {}, hops = {}, memory = {} and words = "
                      "{}; all must be at "
                      "least 1, vocab_size 2",
                      c.vocab_size, c.embed_dim, c.hops, c.memory, c.words));
  });
  return c;
}

}  // namespace

MemN2N::MemN2N(const Scope& at, const MemN2NConfig& c)
    : config_(checked(at, c)), at_(at), linear_(std::make_shared<bool>(false)) {
  const bool adjacent = c.tying == MemoryTying::adjacent;
  const EmbeddingOptions of_words{.padding_idx = 0, .init = c.init};
  const int64_t sets = adjacent ? c.hops + 1 : 2;
  words = detail::any_stack<Embedding>(at / "words", sets, c.vocab_size, c.embed_dim, of_words);
  if (c.temporal)
    ages = detail::any_stack<Embedding>(at / "ages", sets, c.memory, c.embed_dim,
                                        EmbeddingOptions{.init = c.init});
  if (!adjacent) {
    const LinearOptions plain{.bias = false, .init = c.init};
    question = Embedding(at / "question", c.vocab_size, c.embed_dim, of_words);
    step = Linear(at / "step", c.embed_dim, c.embed_dim, plain);
    answer = Linear(at / "answer", c.embed_dim, c.vocab_size, plain);
  }
  if (c.position_encoding) factors = at.buffer("factors", position_encoding(c.words, c.embed_dim));
}

Tensor MemN2N::read(const AnyLayer& embedding, const Tensor& ids) const {
  const int64_t J = ids.size(-1);
  if (J > config_.words)
    throw ShapeError(fmt::format("memn2n: a sentence of {} words, but the model was made for {}", J,
                                 config_.words));
  return detail::bag(embedding, ids, factors.defined() ? factors.slice(0, 0, J) : Tensor());
}

Tensor MemN2N::memories(size_t set, const data::StoryBatch& batch) const {
  const Tensor m = read(words[set], batch.story);
  return config_.temporal ? m + ages[set](batch.ages) : m;
}

StoryOutput MemN2N::operator()(const data::StoryBatch& batch) const {
  return at(at_, [&] {
    const bool adjacent = config_.tying == MemoryTying::adjacent;
    const Tensor padding = padding_mask(batch.sentences, batch.story.size(1));
    Tensor u = read(question ? question : words[0], batch.question);
    Tensor m = memories(0, batch), c = adjacent ? Tensor() : memories(1, batch);
    StoryOutput answered;
    for (int64_t hop = 0; hop < config_.hops; ++hop) {
      if (adjacent) c = memories(static_cast<size_t>(hop) + 1, batch);
      const Tensor scores = matmul(m, u.unsqueeze(2)).squeeze(2);
      const Tensor p = *linear_ ? masked_fill(scores, padding, 0)
                                : detail::look(scores, batch.sentences, config_.memory);
      const Tensor o = matmul(p.unsqueeze(1), c).squeeze(1);
      u = (adjacent ? u : step(u)) + o;
      answered.attention_weights.push_back(p);
      if (adjacent) m = c;
    }
    answered.logits =
        answer ? answer(u)
               : tapehead::linear(u, detail::tied_weight("memn2n", "words.back()", words.back()));
    return answered;
  });
}

}  // namespace tapehead::nn
