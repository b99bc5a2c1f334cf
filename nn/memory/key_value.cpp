#include "tapehead/nn/memory/key_value.h"

#include <fmt/format.h>

#include "tapehead/autograd/ops.h"
#include "tapehead/nn/detail/bags.h"
#include "tapehead/nn/detail/look.h"

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

std::vector<Embedding> times_of(const Scope& at, const KeyValueConfig& c) {
  std::vector<Embedding> times;
  if (c.memory > 0)
    for (const char* name : {"key_time", "value_time"})  // padding is as old as there is room
      times.emplace_back(at / name, c.memory + 1, c.embed_dim, EmbeddingOptions{.init = c.init});
  return times;
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
      places_(config.positions ? position_encoding(config.words, config.embed_dim) : Tensor()),
      embedding_(at_ / "embedding", config.vocab_size, config.embed_dim,
                 {.padding_idx = 0, .init = config.init}),
      hops_(nn::stack<Linear>(at_ / "hops", config.hops, config.embed_dim, config.embed_dim,
                              LinearOptions{.bias = false, .init = config.init})),
      times_(times_of(at_, config)),
      answers_(config.tied
                   ? embedding_.weight
                   : (at_ / "answer")
                         .param("weight", {config.vocab_size, config.embed_dim}, config.init)) {
  if (config.tied) (at_ / "answer").tie("weight", answers_);
}

Tensor KeyValue::read(const Tensor& ids) const {
  return detail::bags("key_value", embedding_.weight, ids, places_);
}

StoryOutput KeyValue::answer(Tensor q, const Tensor& keys, const Tensor& values,
                             const Tensor& counts, int64_t slots) const {
  StoryOutput answered;
  for (const Linear& renew : hops_) {
    const Tensor p = detail::look(matmul(keys, q.unsqueeze(-1)).squeeze(-1), counts, slots);
    q = renew(q + matmul(p.unsqueeze(1), values).squeeze(1));
    answered.attention_weights.push_back(p.detach());
  }
  answered.logits = linear(q, answers_);
  return answered;
}

StoryOutput KeyValue::operator()(const data::StoryBatch& batch) const {
  return nn::at(at_, [&] {
    const int64_t M = batch.story.size(1);
    const Tensor sentences = read(batch.story);
    if (times_.empty())
      return answer(read(batch.question), sentences, sentences, batch.sentences, 0);
    if (M > config_.memory)
      throw ShapeError(
          fmt::format("key_value: a story has {} sentences, the memory {}; keep the last ones by "
                      "StoryBatchOptions::memory, or make the network with memory = {}",
                      M, config_.memory, M));
    return answer(read(batch.question), sentences + times_[0](batch.ages),
                  sentences + times_[1](batch.ages), batch.sentences, config_.memory);
  });
}

StoryOutput KeyValue::operator()(const KeyValueFacts& facts) const {
  return nn::at(at_, [&] {
    check_facts(facts);
    return answer(read(facts.question), read(facts.keys), read(facts.values), facts.counts, 0);
  });
}

}  // namespace tapehead::nn
