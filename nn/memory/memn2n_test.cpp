#include "tapehead/nn/memory/memn2n.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tapehead/autograd/gradcheck.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/tests/expect.h"
#include "tapehead/tests/layer_fixture.h"

namespace tapehead::memn2n_test {

using testing::error_of;

namespace {

const std::vector<data::Story> kStories{
    {{{5, 6}, {7, 8, 9}, {5}}, {6, 7}, 3, {0}},
    {{{4, 4, 2}}, {9, 9, 1}, 2, {0}},
};

nn::MemN2NConfig small(nn::MemoryTying tying = nn::MemoryTying::adjacent) {
  return {.vocab_size = 10,
          .embed_dim = 4,
          .hops = 2,
          .memory = 5,
          .words = 3,
          .tying = tying,
          .init = nn::init::normal(0.7)};
}

data::StoryBatch batch(const std::vector<int64_t>& which) {
  return data::story_batch(kStories, which);
}

using LayerFixture = test::LayerFixture<nn::MemN2N, nn::MemN2NConfig>;

// The paper's formulas, for the first story, by hand.
std::vector<double> by_hand(const LayerFixture& m, const nn::MemN2NConfig& c, bool linear) {
  const data::Story& story = kStories[0];
  const bool adjacent = c.tying == nn::MemoryTying::adjacent;
  const auto C = static_cast<size_t>(c.embed_dim);
  const auto read = [&](const std::string& words, const std::vector<int64_t>& ids) {
    std::vector<double> sum(C);
    for (size_t j = 0; j < ids.size(); ++j)
      for (size_t k = 0; k < C; ++k) {
        const double at = static_cast<double>(j + 1) / static_cast<double>(c.words),
                     by = static_cast<double>(k + 1) / static_cast<double>(C);
        const double l = c.position_encoding ? 2 * ((1 - at) - by * (1 - 2 * at)) : 1;
        sum[k] += l * m.at(words + ".weight", ids[j], static_cast<int64_t>(k));
      }
    return sum;
  };
  const auto memories = [&](int64_t set) {
    std::vector<std::vector<double>> all;
    for (size_t i = 0; i < story.sentences.size(); ++i) {
      all.push_back(read(fmt::format("words.{}", set), story.sentences[i]));
      for (size_t k = 0; k < C && c.temporal; ++k)
        all.back()[k] +=
            m.at(fmt::format("ages.{}.weight", set),
                 static_cast<int64_t>(story.sentences.size() - 1 - i), static_cast<int64_t>(k));
    }
    return all;
  };
  std::vector<double> u = read(adjacent ? "words.0" : "question", story.question);
  for (int64_t hop = 0; hop < c.hops; ++hop) {
    const auto a = memories(adjacent ? hop : 0), o = memories(adjacent ? hop + 1 : 1);
    std::vector<double> p(a.size());
    double total = static_cast<double>(c.memory) - static_cast<double>(a.size());
    for (size_t i = 0; i < a.size(); ++i) {
      for (size_t k = 0; k < C; ++k) p[i] += u[k] * a[i][k];
      if (!linear) total += p[i] = std::exp(p[i]);
    }
    std::vector<double> next(C);
    for (size_t k = 0; k < C; ++k) {
      if (adjacent) next[k] = u[k];
      else
        for (size_t j = 0; j < C; ++j)
          next[k] += m.at("step.weight", static_cast<int64_t>(k), static_cast<int64_t>(j)) * u[j];
      for (size_t i = 0; i < a.size(); ++i) next[k] += (linear ? p[i] : p[i] / total) * o[i][k];
    }
    u = next;
  }
  std::vector<double> logits;
  for (int64_t v = 0; v < c.vocab_size; ++v) {
    double sum = 0;
    for (size_t k = 0; k < C; ++k)
      sum += u[k] * m.at(adjacent ? fmt::format("words.{}.weight", c.hops) : "answer.weight", v,
                         static_cast<int64_t>(k));
    logits.push_back(sum);
  }
  return logits;
}

}  // namespace

TEST_CASE("memn2n computes its paper's formulas") {
  for (const auto tying : {nn::MemoryTying::adjacent, nn::MemoryTying::layer_wise})
    for (const bool positions : {true, false})
      for (const bool temporal : {true, false})
        for (const bool linear : {true, false}) {
          CAPTURE(positions);
          CAPTURE(temporal);
          CAPTURE(linear);
          nn::MemN2NConfig c = small(tying);
          c.position_encoding = positions;
          c.temporal = temporal;
          const LayerFixture m(c);
          m.model.linear(linear);
          const auto expected = by_hand(m, c, linear);
          // Beside a shorter and a longer story, and alone.
          for (const std::vector<int64_t>& which : {std::vector<int64_t>{0}, {0, 1}, {1, 0, 0}}) {
            const Tensor logits = m.model(batch(which)).logits;
            const int64_t row = which.size() == 3 ? 1 : 0;
            for (int64_t v = 0; v < 10; ++v)
              CHECK(logits[row][v].item() ==
                    doctest::Approx(expected[static_cast<size_t>(v)]).epsilon(1e-5));
          }
        }
}

TEST_CASE("memn2n's gradients are right") {
  for (const auto tying : {nn::MemoryTying::adjacent, nn::MemoryTying::layer_wise}) {
    const LayerFixture m(small(tying));
    std::vector<Tensor> inputs;
    for (const nn::Param& p : m.params.trainable()) inputs.push_back(p.value);
    gradcheck([&](const std::vector<Tensor>&) { return m.model.loss(batch({0, 1})); }, inputs);
  }
}

TEST_CASE("memn2n looks at sentences, not at padding") {
  const LayerFixture m(small());
  const nn::StoryOutput answered = m.model(batch({0, 1}));
  REQUIRE(answered.attention_weights.size() == 2);
  for (const Tensor& p : answered.attention_weights) {
    CHECK(p.shape() == Shape{2, 3});
    CHECK(sum(p[0]).item() > 0.01);  // the rest went to the two empty slots
    CHECK(sum(p[0]).item() < 0.9999);
    CHECK(p[1][1].item() == 0.0);
    CHECK(p[1][2].item() == 0.0);
  }
}

TEST_CASE("memn2n says what does not fit") {
  nn::MemN2NConfig c = small();
  c.words = 2;
  CHECK(error_of<ShapeError>([&] {
          const LayerFixture m(c);
          m.model(batch({0}));
        }) == "memn2n: a sentence of 3 words, but the model was made for 2 (in m)");
  c = small();
  c.memory = 2;
  CHECK(error_of<IndexError>([&] {
          const LayerFixture m(c);
          m.model(batch({0}));
        }) == "embedding: ids[0, 0] = 2 is outside 0..1 (in m.ages.0)");
  c = small();
  c.hops = 0;
  CHECK(error_of<ValueError>([&] { const LayerFixture m(c); }) ==
        "memn2n: vocab_size = 10, embed_dim = 4, hops = 0, memory = 5 and words = 3; all must be "
        "at least "
        "1, vocab_size 2 (in m)");
}

}  // namespace tapehead::memn2n_test
