#include "tapehead/nn/memory/universal.h"

#include <fmt/format.h>

#include "tapehead/core/creation.h"

namespace tapehead::nn {
namespace {

const UniversalQaConfig& checked(const Scope& at, const UniversalQaConfig& c) {
  nn::at(at, [&] {
    if (c.vocab < 2 || c.words < 1 || c.width < 1)
      throw ValueError(fmt::format(
          "universal_qa: vocab = {}, words = {} and width = {}; all must be at least 1, vocab 2",
          c.vocab, c.words, c.width));
  });
  return c;
}

TransformerOptions layer_of(const UniversalQaConfig& c) {
  return {.width = c.width,
          .heads = c.heads,
          .hidden = c.hidden,
          .dropout = c.dropout,
          .pre_norm = c.pre_norm,
          .kernel = c.kernel};
}

}  // namespace

UniversalQa::UniversalQa(Scope at, const UniversalQaConfig& c)
    : at_(std::move(at)),
      config_(checked(at_, c)),
      words_(at_ / "words", c.vocab, c.width, {.padding_idx = 0, .init = c.init}),
      sentence_factors_(at_.param("sentence_factors", {c.words, c.width}, init::ones())),
      question_factors_(at_.param("question_factors", {c.words, c.width}, init::ones())),
      dropout_(at_ / "dropout", c.dropout),
      encoder_(at_ / "encoder", layer_of(c), c.universal),
      answer_(at_ / "answer", c.width, c.vocab) {}

Tensor UniversalQa::read(const Tensor& ids, const Tensor& factors) const {
  const int64_t J = ids.size(-1);
  if (J > config_.words)
    throw ShapeError(fmt::format(
        "universal_qa: a sentence of {} words, but the model was made for {}", J, config_.words));
  return embedding_bag(words_.weight, ids, factors.slice(0, 0, J), {.padding_idx = 0});
}

Pondered UniversalQa::encode(const data::StoryBatch& batch) const {
  return nn::at(at_, [&] {
    const Tensor question = read(batch.question, question_factors_).unsqueeze(1);
    const Tensor all = cat({question, read(batch.story, sentence_factors_)}, 1);
    return encoder_(dropout_(all),
                    {.lengths = batch.sentences + 1, .weights_of = WeightsOf{.queries = {0}}},
                    pad(batch.ages + 1, {1, 0}));
  });
}

Answered UniversalQa::operator()(const data::StoryBatch& batch) const {
  return nn::at(at_, [&] {
    const Pondered made = encode(batch);
    Answered answered;
    const Tensor real = (made.steps > 0).to(made.out.dtype()).unsqueeze(2);
    answered.logits = answer_(config_.mean_pool ? sum(made.out * real, {1}) / sum(real, {1})
                                                : made.out.select(1, 0));
    const Tensor steps = made.steps.select(1, 0).unsqueeze(1);
    for (size_t n = 0; n < made.weights.size(); ++n) {
      const Tensor look = mean(made.weights[n].select(2, 0), {1});
      answered.looks.push_back(look.slice(1, {1}) *
                               (steps > static_cast<int64_t>(n)).to(look.dtype()));
    }
    if (made.ponder.defined()) answered.extra_loss = config_.ponder_weight * mean(made.ponder);
    return answered;
  });
}

}  // namespace tapehead::nn
