#include "tapehead/nn/memory/universal.h"

#include <fmt/format.h>

#include "tapehead/core/creation.h"

namespace tapehead::nn {
namespace {

const UniversalQaConfig& checked(const Scope& at, const UniversalQaConfig& c) {
  nn::at(at, [&] {
    if (c.vocab_size < 2 || c.words < 1 || c.transformer.embed_dim < 1)
      throw ValueError(fmt::format(
          "universal_qa: vocab_size = {}, words = {} and embed_dim = {}; all must be at least 1, "
          "vocab_size 2",
          c.vocab_size, c.words, c.transformer.embed_dim));
  });
  return c;
}

}  // namespace

UniversalQaConfig completed(UniversalQaConfig c) {
  c.transformer = completed(c.transformer, {.embed_dim = 128,
                                            .num_heads = 4,
                                            .ffn_dim = 512,
                                            .dropout = 0.1,
                                            .ffn = {.kernel_size = 3}});
  return c;
}

UniversalQa::UniversalQa(Scope at, const UniversalQaConfig& config)
    : UniversalQa(std::move(at), completed(config), nullptr) {}

UniversalQa::UniversalQa(Scope at, const UniversalQaConfig& c, std::nullptr_t)
    : at_(std::move(at)),
      config_(checked(at_, c)),
      words_(at_ / "words", c.vocab_size, c.transformer.embed_dim,
             {.padding_idx = 0, .init = c.init}),
      sentence_factors_(
          at_.param("sentence_factors", {c.words, c.transformer.embed_dim}, init::ones())),
      question_factors_(
          at_.param("question_factors", {c.words, c.transformer.embed_dim}, init::ones())),
      dropout_(at_ / "dropout", *c.transformer.dropout),
      encoder_(at_ / "encoder", c.transformer, c.universal),
      answer_(at_ / "answer", c.transformer.embed_dim, c.vocab_size) {}

Tensor UniversalQa::read(const Tensor& ids, const Tensor& factors) const {
  const int64_t J = ids.size(-1);
  if (J > config_.words)
    throw ShapeError(fmt::format(
        "universal_qa: a sentence of {} words, but the model was made for {}", J, config_.words));
  return embedding_bag(words_.weight, ids, factors.slice(0, 0, J), {.padding_idx = 0});
}

UniversalOutput UniversalQa::encode(const data::StoryBatch& batch) const {
  return nn::at(at_, [&] {
    const Tensor question = read(batch.question, question_factors_).unsqueeze(1);
    const Tensor all = cat({question, read(batch.story, sentence_factors_)}, 1);
    return encoder_(dropout_(all),
                    {.lengths = batch.sentences + 1, .weights_of = WeightsOf{.queries = {0}}},
                    pad(batch.ages + 1, {1, 0}));
  });
}

StoryOutput UniversalQa::operator()(const data::StoryBatch& batch) const {
  return nn::at(at_, [&] {
    const UniversalOutput made = encode(batch);
    StoryOutput answered;
    const Tensor real = (made.steps > 0).to(made.out.dtype()).unsqueeze(2);
    answered.logits = answer_(config_.mean_pool ? sum(made.out * real, {1}) / sum(real, {1})
                                                : made.out.select(1, 0));
    const Tensor steps = made.steps.select(1, 0).unsqueeze(1);
    for (size_t n = 0; n < made.attention_weights.size(); ++n) {
      const Tensor look = mean(made.attention_weights[n].select(2, 0), {1});
      answered.attention_weights.push_back(look.slice(1, {1}) *
                                           (steps > static_cast<int64_t>(n)).to(look.dtype()));
    }
    if (made.ponder_cost.defined())
      answered.auxiliary_loss = config_.ponder_weight * mean(made.ponder_cost);
    return answered;
  });
}

}  // namespace tapehead::nn
