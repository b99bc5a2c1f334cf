#include "tapehead/nn/memory/universal.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/gradcheck.h"
#include "tapehead/core/creation.h"
#include "tapehead/tests/expect.h"

namespace tapehead::universal_qa_test {

using testing::error_of;

namespace {

const std::vector<data::Story> kStories{
    {{{5, 6}, {7, 8, 9}, {5}}, {6, 7}, 3, {0}},
    {{{4, 4, 2}}, {9, 9, 1}, 2, {0}},
    {{{1}, {2, 3}}, {4}, 1, {1}},
};

nn::UniversalQaConfig small(bool adaptive, bool mean_pool, int64_t kernel_size = 3) {
  return {.vocab_size = 10,
          .words = 3,
          .transformer = {.embed_dim = 6,
                          .num_heads = 2,
                          .ffn_dim = 5,
                          .dropout = 0,
                          .ffn = {.kernel_size = kernel_size}},
          .universal = {.steps = 4, .adaptive = adaptive, .threshold = 0.9, .halting_bias = -0.6},
          .mean_pool = mean_pool,
          .ponder_weight = 0.5};
}

data::StoryBatch batch(const std::vector<int64_t>& which) {
  return data::story_batch(kStories, which);
}

struct LayerFixture {
  nn::Params params{3}, twins{3};
  nn::UniversalQa model;
  nn::UniversalEncoder encoder;  // the same values: they follow from the seed and the path
  explicit LayerFixture(const nn::UniversalQaConfig& c)
      : model(params / "m", c), encoder(twins / "m" / "encoder", c.transformer, c.universal) {
    params.to(f64);
    twins.to(f64);
    manual_seed(6);
    const NoGradGuard off;  // factors of 1 would hide a mistake
    for (const char* name : {"m.sentence_factors", "m.question_factors"})
      params[name].copy_(randn({3, 6}, f64));
  }
  Tensor of(const std::string& name) const { return params["m." + name]; }

  Tensor read(const std::vector<int64_t>& words, const std::string& factors) const {
    Tensor sum = zeros({6}, f64);
    for (size_t j = 0; j < words.size(); ++j)
      sum = sum + of(factors)[int64_t(j)] * of("words.weight")[words[j]];
    return sum;
  }
  // What the encoder makes of one story.
  nn::UniversalOutput encode(const data::Story& story) const {
    std::vector<Tensor> rows{read(story.question, "question_factors")};
    std::vector<int64_t> positions{0};
    for (size_t i = 0; i < story.sentences.size(); ++i) {
      rows.push_back(read(story.sentences[i], "sentence_factors"));
      positions.push_back(int64_t(story.sentences.size() - i));
    }
    return encoder(stack(rows).unsqueeze(0), {.weights_of = WeightsOf{}},
                   from_vector(positions).unsqueeze(0));
  }
};

}  // namespace

TEST_CASE("a Universal Transformer reads stories by its formula, padded or not") {
  for (const int64_t kernel : {1, 3})
    for (const bool adaptive : {true, false})
      for (const bool mean_pool : {true, false}) {
        CAPTURE(kernel);
        CAPTURE(adaptive);
        CAPTURE(mean_pool);
        const LayerFixture m(small(adaptive, mean_pool, kernel));
        const nn::StoryOutput all = m.model(batch({0, 1, 2}));
        double ponder = 0;
        for (int64_t i = 0; i < 3; ++i) {
          CAPTURE(i);
          const data::Story& story = kStories[size_t(i)];
          const nn::UniversalOutput made = m.encode(story);
          const Tensor y = mean_pool ? mean(made.out, {1}) : made.out.select(1, 0);
          const Tensor wanted = linear(y, m.of("answer.weight"), m.of("answer.bias"))[0];
          const nn::StoryOutput one = m.model(batch({i}));
          CHECK(max(abs(one.logits[0] - wanted)).item() < 1e-13);
          CHECK(max(abs(all.logits[i] - wanted)).item() < 1e-13);
          if (adaptive) ponder += made.ponder_cost.item() / 3;

          // Where the question looked, from the first sentence on.
          const auto M = int64_t(story.sentences.size()), N = made.steps[0][0].item<int64_t>();
          for (int64_t n = 0; n < int64_t(all.attention_weights.size()); ++n) {
            CAPTURE(n);
            const Tensor look = all.attention_weights[size_t(n)][i];
            CHECK(look.shape() == Shape{3});
            CHECK(sum(abs(look.slice(0, M, 3))).item() == 0);
            if (n >= N) {
              CHECK(sum(abs(look)).item() == 0);
              continue;
            }
            const Tensor row = mean(made.attention_weights[size_t(n)][0].select(1, 0), {0});
            for (int64_t k = 0; k < M; ++k)
              CHECK(look[k].item() == doctest::Approx(row[k + 1].item()).epsilon(1e-12));
          }
        }
        CHECK(all.auxiliary_loss.defined() == adaptive);
        if (adaptive)
          CHECK(all.auxiliary_loss.item() == doctest::Approx(0.5 * ponder).epsilon(1e-13));
        if (!adaptive) CHECK(all.attention_weights.size() == 4);
      }
}

TEST_CASE("a Universal Transformer that reads stories has the gradients of its formula") {
  const std::vector<data::Story> whole{{{{5, 6}, {7, 8}}, {6, 7}, 3},
                                       {{{4, 4}, {1, 2}}, {9, 1}, 2}};
  for (const bool adaptive : {true, false})
    for (const bool mean_pool : {true, false})
      for (const bool padded : {true, false}) {
        CAPTURE(adaptive);
        CAPTURE(mean_pool);
        CAPTURE(padded);
        const LayerFixture m(small(adaptive, mean_pool));
        std::vector<Tensor> inputs;
        for (const nn::Param& p : m.params.all())  // the word that pads gets no gradient
          if (!padded || p.path != "m.words.weight") inputs.push_back(p.value);
        const data::StoryBatch stories =
            padded ? batch({0, 1, 2}) : data::story_batch(whole, std::vector<int64_t>{0, 1});
        gradcheck([&](const std::vector<Tensor>&) { return m.model.loss(stories); }, inputs,
                  {.directions = 3});
      }
}

TEST_CASE("gaps in time move the sentences that came before them") {
  const LayerFixture m(small(true, false));
  data::StoryBatch stories = batch({0});
  const Tensor plain = m.model(stories).logits;
  stories.ages = stories.ages + tensor({1, 1, 0});
  CHECK(max(abs(m.model(stories).logits - plain)).item() > 1e-6);
}

TEST_CASE("what a Universal Transformer that reads stories refuses") {
  nn::UniversalQaConfig bad = small(true, true);
  bad.words = 0;
  CHECK(error_of<ValueError>([&] { const LayerFixture made(bad); }) ==
        "universal_qa: vocab_size = 10, words = 0 and embed_dim = 6; all must be at least 1, "
        "vocab_size 2 (in m)");
  bad = small(true, true);
  bad.universal.steps = 0;
  CHECK(error_of<ValueError>([&] { const LayerFixture made(bad); })
            .ends_with("there must be at least 1 step, and the threshold lies between 0 and 1 (in "
                       "m.encoder)"));
  const LayerFixture m(small(true, true));
  const std::vector<data::Story> longer{{{{1, 2, 3, 4}}, {1}, 1}}, unknown{{{{1, 10}}, {1}, 1}};
  const std::vector<int64_t> first{0};
  CHECK(error_of<ShapeError>([&] { m.model(data::story_batch(longer, first)); }) ==
        "universal_qa: a sentence of 4 words, but the model was made for 3 (in m)");
  CHECK(error_of<IndexError>([&] {
          m.model(data::story_batch(unknown, first));
        }).ends_with("(in m)"));
}

}  // namespace tapehead::universal_qa_test
