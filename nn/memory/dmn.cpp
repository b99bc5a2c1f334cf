#include "tapehead/nn/memory/dmn.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "tapehead/core/creation.h"
#include "tapehead/nn/detail/any_stack.h"
#include "tapehead/nn/detail/bags.h"
#include "tapehead/nn/linear.h"

namespace tapehead::nn {
namespace {

const DmnConfig& checked(const Scope& at, const DmnConfig& c) {
  nn::at(at, [&] {
    if (c.vocab_size < 1 || c.words < 1 || c.embed_dim < 1 || c.hops < 1)
      throw ValueError(fmt::format(
          "dmn: vocab_size = {}, words = {}, embed_dim = {}, hops = {}; all must be at least 1",
          c.vocab_size, c.words, c.embed_dim, c.hops));
    if (!(c.dropout >= 0 && c.dropout < 1) || !(c.supervision >= 0))
      throw ValueError(
          fmt::format("dmn: dropout = {} and supervision = {}; they must be 0 or more, dropout "
                      "below 1",
                      c.dropout, c.supervision));
  });
  return c;
}

LinearOptions xavier() { return {.init = init::xavier_uniform()}; }

}  // namespace

AttentionGru::AttentionGru(Scope at, int64_t embed_dim)
    : w(at.param("w", {2 * embed_dim, embed_dim}, init::xavier_uniform())),
      u(at.param("u", {2 * embed_dim, embed_dim}, init::xavier_uniform())),
      b(at.param("b", {2 * embed_dim}, init::zeros())),
      at_(std::move(at)),
      embed_dim_(embed_dim) {}

// An ordinary GRU, h' = (1 - z) c + z h, whose update gate reads nothing but one more input:
// log((1 - g) / g), of which z = 1 - g is the sigmoid.
Tensor AttentionGru::operator()(const Tensor& facts, const Tensor& gates,
                                const Tensor& lengths) const {
  return nn::at(at_, [&] {
    const int64_t C = embed_dim_;
    const DType type = w.dtype();
    const Tensor g = clamp(gates, 1e-6, 1 - 1e-6);
    const Tensor x = cat({facts, (log1p(-g) - log(g)).unsqueeze(-1)}, -1);
    const auto with_update = [&](const Tensor& t, const Tensor& update) {
      return cat({t.slice(0, 0, C), update, t.slice(0, C, 2 * C)});
    };
    const Tensor from_input = pad(ones({C, 1}, type), {C, 0});
    return recurrent(RnnCell::gru, x,
                     {.w_ih = with_update(pad(w, {0, 1}), from_input),
                      .w_hh = with_update(u, zeros({C, C}, type)),
                      .b_ih = with_update(b, zeros({C}, type)),
                      .b_hh = zeros({3 * C}, type)},
                     {}, {}, {.lengths = lengths})
        .h;
  });
}

Dmn::Dmn(Scope at, const DmnConfig& config)
    : embedding(
          Embedding(at / "embedding", checked(at, config).vocab_size, config.embed_dim,
                    {.padding_idx = 0, .init = init::uniform(-std::sqrt(3.0), std::sqrt(3.0))})),
      fusion(at / "fusion", config.embed_dim, config.embed_dim,
             {.cell = RnnCell::gru, .bidirectional = true}),
      question(at / "question", config.embed_dim, config.embed_dim, {.cell = RnnCell::gru}),
      attention{Linear(at / "attention" / 0, 4 * config.embed_dim, config.embed_dim, xavier()),
                Linear(at / "attention" / 1, config.embed_dim, 1, xavier())},
      gru(at / "gru", config.embed_dim),
      memory(detail::any_stack<Linear>(at / "memory", config.hops, 3 * config.embed_dim,
                                       config.embed_dim, xavier())),
      answer(Linear(at / "answer", 2 * config.embed_dim, config.vocab_size, xavier())),
      at_(std::move(at)),
      config_(config),
      places_(position_encoding(config.words, config.embed_dim)) {}

Tensor Dmn::facts_of(const data::StoryBatch& batch) const {
  const int64_t C = config_.embed_dim;
  const Tensor read = detail::bags("dmn", embedding, batch.story, places_);
  const Tensor both = fusion(dropout(read, config_.dropout, at_.training()), batch.sentences).out;
  return both.slice(2, 0, C) + both.slice(2, C, 2 * C);
}

Tensor Dmn::question_of(const data::StoryBatch& batch) const {
  return question(embedding(batch.question), count_nonzero(batch.question, {-1})).state.h[0];
}

Tensor Dmn::scores(const Tensor& facts, const Tensor& q, const Tensor& m) const {
  const Tensor z = cat({facts * q, facts * m, abs(facts - q), abs(facts - m)}, -1);
  return attention[1](tanh(attention[0](z))).squeeze(-1);
}

Tensor Dmn::gate_loss(const std::vector<Tensor>& scores, const Tensor& supports) const {
  Tensor total;
  int64_t count = 0;
  for (size_t t = 0; t < scores.size() && static_cast<int64_t>(t) < supports.size(1); ++t) {
    const Tensor wanted = supports.select(1, static_cast<int64_t>(t));
    const Tensor loss =
        cross_entropy(scores[t], wanted, {.ignore_index = -1, .reduction = Reduction::sum});
    total = total.defined() ? total + loss : loss;
    count += sum(wanted >= 0).item<int64_t>();
  }
  return count > 0 ? config_.supervision / static_cast<double>(count) * total : Tensor();
}

StoryOutput Dmn::operator()(const data::StoryBatch& batch) const {
  return nn::at(at_, [&] {
    const Tensor facts = facts_of(batch), q = question_of(batch);
    const Tensor padding = padding_mask(batch.sentences, facts.size(1));
    StoryOutput answered;
    std::vector<Tensor> all_scores;
    Tensor m = q;
    for (const AnyLayer& renew : memory) {
      all_scores.push_back(masked_fill(scores(facts, q.unsqueeze(1), m.unsqueeze(1)), padding,
                                       -std::numeric_limits<double>::infinity()));
      const Tensor g = softmax(all_scores.back(), -1);
      m = relu(renew(cat({m, gru(facts, g, batch.sentences), q}, -1)));
      answered.attention_weights.push_back(g.detach());
    }
    answered.logits = answer(dropout(cat({q, m}, -1), config_.dropout, at_.training()));
    if (config_.supervision > 0) answered.auxiliary_loss = gate_loss(all_scores, batch.supports);
    return answered;
  });
}

}  // namespace tapehead::nn
