#include "tapehead/nn/memory/universal.h"

#include <fmt/format.h>

#include "tapehead/core/creation.h"
#include "tapehead/nn/detail/bags.h"
#include "tapehead/nn/linear.h"

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
    : words(Embedding(at / "words", checked(at, c).vocab_size, c.transformer.embed_dim,
                      {.padding_idx = 0, .init = c.init})),
      sentence_factors(
          at.param("sentence_factors", {c.words, c.transformer.embed_dim}, init::ones())),
      question_factors(
          at.param("question_factors", {c.words, c.transformer.embed_dim}, init::ones())),
      dropout(Dropout(at / "dropout", *c.transformer.dropout)),
      encoder(at / "encoder", c.transformer, c.universal),
      answer(Linear(at / "answer", c.transformer.embed_dim, c.vocab_size)),
      at_(std::move(at)),
      config_(c) {}

Tensor UniversalQa::read(const Tensor& ids, const Tensor& factors) const {
  const int64_t J = ids.size(-1);
  if (J > config_.words)
    throw ShapeError(fmt::format(
        "universal_qa: a sentence of {} words, but the model was made for {}", J, config_.words));
  return detail::bag(words, ids, factors.slice(0, 0, J));
}

UniversalOutput UniversalQa::encode(const data::StoryBatch& batch) const {
  return nn::at(at_, [&] {
    const Tensor question = read(batch.question, question_factors).unsqueeze(1);
    const Tensor all = cat({question, read(batch.story, sentence_factors)}, 1);
    return encoder(dropout(all),
                   {.lengths = batch.sentences + 1, .weights_of = WeightsOf{.queries = {0}}},
                   pad(batch.ages + 1, {1, 0}));
  });
}

StoryOutput UniversalQa::operator()(const data::StoryBatch& batch) const {
  return nn::at(at_, [&] {
    const UniversalOutput made = encode(batch);
    StoryOutput answered;
    const Tensor real = (made.steps > 0).to(made.out.dtype()).unsqueeze(2);
    answered.logits = answer(config_.mean_pool ? sum(made.out * real, {1}) / sum(real, {1})
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
