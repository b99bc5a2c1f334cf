#include "tapehead/nn/memory/key_value.h"

#include <fmt/format.h>

#include "tapehead/autograd/ops.h"
#include "tapehead/nn/detail/any_stack.h"
#include "tapehead/nn/detail/bags.h"
#include "tapehead/nn/detail/look.h"
#include "tapehead/nn/linear.h"

namespace tapehead::nn {
namespace {

const KeyValueConfig& checked(const Scope& at, const KeyValueConfig& c) {
  nn::at(at, [&] {
    if (c.vocab_size < 1 || c.words < 1 || c.embed_dim < 1 || c.hops < 1 || c.memory < 0)
      throw ValueError(fmt::format(
          "key_value: vocab_size = {}, words = {}, embed_dim = {}, hops = {}, memory = {}; all "
          "must be at least 1, the memory at least 0",
          c.vocab_size, c.words, c.embed_dim, c.hops, c.memory));
  });
  return c;
}

void check_facts(const KeyValueFacts& f) {
  const bool fits = f.keys.dim() == 3 && f.values.dim() == 3 && f.question.dim() == 2 &&
                    f.values.size(0) == f.keys.size(0) && f.values.size(1) == f.keys.size(1) &&
                    f.question.size(0) == f.keys.size(0) &&
                    (!f.counts.defined() || f.counts.shape() == Shape{f.keys.size(0)});
  if (!fits)
    throw ShapeError(
        fmt::format("key_value: keys are {}, values {}, questions {}, counts {}; expected [B, M, "
                    "J], [B, M, J'], [B, J''] and [B]",
                    f.keys.shape().str(), f.values.shape().str(), f.question.shape().str(),
                    f.counts.defined() ? f.counts.shape().str() : "undefined"));
}

}  // namespace

KeyValue::KeyValue(Scope at, const KeyValueConfig& config)
    : at_(std::move(at)),
      config_(checked(at_, config)),
      places_(config.positions ? position_encoding(config.words, config.embed_dim) : Tensor()) {
  const int64_t C = config.embed_dim;
  const LinearOptions plain{.bias = false, .init = config.init};
  const Embedding words(at_ / "embedding", config.vocab_size, C,
                        {.padding_idx = 0, .init = config.init});
  embedding = words;
  hops = detail::any_stack<Linear>(at_ / "hops", config.hops, C, C, plain);
  if (config.memory > 0) {  // padding is as old as there is room
    key_time = Embedding(at_ / "key_time", config.memory + 1, C, {.init = config.init});
    value_time = Embedding(at_ / "value_time", config.memory + 1, C, {.init = config.init});
  }
  if (config.tied) (at_ / "answer").tie("weight", words.weight);
  else answer = Linear(at_ / "answer", C, config.vocab_size, plain);
}

Tensor KeyValue::read(const Tensor& ids) const {
  return detail::bags("key_value", embedding, ids, places_);
}

StoryOutput KeyValue::run(Tensor q, const Tensor& keys, const Tensor& values, const Tensor& counts,
                          int64_t slots) const {
  StoryOutput answered;
  for (const AnyLayer& renew : hops) {
    const Tensor p = detail::look(matmul(keys, q.unsqueeze(-1)).squeeze(-1), counts, slots);
    q = renew(q + matmul(p.unsqueeze(1), values).squeeze(1));
    answered.attention_weights.push_back(p.detach());
  }
  answered.logits =
      answer ? answer(q) : linear(q, detail::tied_weight("key_value", "embedding", embedding));
  return answered;
}

StoryOutput KeyValue::operator()(const data::StoryBatch& batch) const {
  return nn::at(at_, [&] {
    const int64_t M = batch.story.size(1);
    const Tensor sentences = read(batch.story);
    if (!key_time) return run(read(batch.question), sentences, sentences, batch.sentences, 0);
    if (M > config_.memory)
      throw ShapeError(
          fmt::format("key_value: a story has {} sentences, the memory {}; keep the last ones by "
                      "StoryBatchOptions::memory, or make the network with memory = {}",
                      M, config_.memory, M));
    return run(read(batch.question), sentences + key_time(batch.ages),
               sentences + value_time(batch.ages), batch.sentences, config_.memory);
  });
}

StoryOutput KeyValue::operator()(const KeyValueFacts& facts) const {
  return nn::at(at_, [&] {
    check_facts(facts);
    return run(read(facts.question), read(facts.keys), read(facts.values), facts.counts, 0);
  });
}

}  // namespace tapehead::nn
