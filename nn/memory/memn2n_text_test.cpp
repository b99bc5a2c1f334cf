#include "tapehead/nn/memory/memn2n_text.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tapehead/autograd/gradcheck.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/tests/expect.h"
#include "tapehead/tests/layer_fixture.h"

namespace tapehead::memn2n_text_test {

using testing::error_of;

namespace {

using LayerFixture = test::LayerFixture<nn::MemN2NText, nn::MemN2NTextConfig>;

nn::MemN2NTextConfig small(int64_t memory = 3) {
  return {
      .vocab_size = 6, .embed_dim = 4, .hops = 2, .memory = memory, .init = nn::init::normal(0.7)};
}

// The paper's formulas: the logits after the token at `last`.
std::vector<double> by_hand(const LayerFixture& m, const nn::MemN2NTextConfig& c,
                            const std::vector<int64_t>& ids, int64_t last) {
  const int64_t C = c.embed_dim, first = std::max<int64_t>(0, last - c.memory + 1);
  std::vector<double> u(static_cast<size_t>(C), 0.1);
  for (int64_t hop = 0; hop < c.hops; ++hop) {
    std::vector<double> o(u.size());
    double total = 0;
    for (int64_t i = first; i <= last; ++i) {
      const int64_t id = ids[static_cast<size_t>(i)], age = c.memory - 1 - (last - i);
      double score = 0;
      for (int64_t k = 0; k < C; ++k)
        score +=
            u[static_cast<size_t>(k)] * (m.at("keys.weight", id, k) + m.at("key_ages", age, k));
      total += std::exp(score);
      for (int64_t k = 0; k < C; ++k)
        o[static_cast<size_t>(k)] +=
            std::exp(score) * (m.at("values.weight", id, k) + m.at("value_ages", age, k));
    }
    std::vector<double> next(u.size());
    for (int64_t k = 0; k < C; ++k) {
      double sum = o[static_cast<size_t>(k)] / total;
      for (int64_t j = 0; j < C; ++j) sum += m.at("step.weight", k, j) * u[static_cast<size_t>(j)];
      next[static_cast<size_t>(k)] = k < C / 2 ? std::max(sum, 0.0) : sum;
    }
    u = next;
  }
  std::vector<double> logits;
  for (int64_t v = 0; v < c.vocab_size; ++v) {
    double sum = 0;
    for (int64_t k = 0; k < C; ++k) sum += u[static_cast<size_t>(k)] * m.at("answer.weight", v, k);
    logits.push_back(sum);
  }
  return logits;
}

const std::vector<int64_t> kIds{5, 0, 2, 2, 4, 1, 3};

}  // namespace

TEST_CASE("memn2n_text computes its paper's formulas") {
  for (const int64_t memory : {1, 3, 20}) {
    CAPTURE(memory);
    const nn::MemN2NTextConfig c = small(memory);
    const LayerFixture m(c);
    const auto T = static_cast<int64_t>(kIds.size());
    const Tensor logits = m.model(from_vector(kIds, {1, T}));
    CHECK(logits.shape() == Shape{1, T, 6});
    for (int64_t t = 0; t < T; ++t) {
      const std::vector<double> expected = by_hand(m, c, kIds, t);
      for (int64_t v = 0; v < c.vocab_size; ++v)
        CHECK(logits[0][t][v].item() ==
              doctest::Approx(expected[static_cast<size_t>(v)]).epsilon(1e-9));
    }
  }
}

TEST_CASE("memn2n_text's gradients are right") {
  const LayerFixture m(small());
  std::vector<Tensor> inputs;
  for (const nn::Param& p : m.params.trainable()) inputs.push_back(p.value);
  CHECK(inputs.size() == 6);
  const Tensor ids = from_vector(kIds, {1, 7}).slice(1, 0, 6);
  const Tensor next = from_vector(std::vector<int64_t>{0, 2, -100, 4, 1, 3}, {1, 6});
  gradcheck([&](const std::vector<Tensor>&) { return m.model.loss(ids, next); }, inputs);
}

TEST_CASE("memn2n_text says what does not fit") {
  CHECK(error_of<ValueError>([] { const LayerFixture m(small(0)); }) ==
        "memn2n_text: vocab_size = 6, embed_dim = 4, hops = 2 and memory = 0; all must be at least "
        "1, vocab_size "
        "2 (in m)");
  const LayerFixture m(small());
  CHECK(error_of<IndexError>([&] {
          m.model(from_vector(std::vector<int64_t>{1, 6}, {1, 2}));
        }) == "embedding: ids[0, 1] = 6 is outside 0..5 (in m.keys)");
}

}  // namespace tapehead::memn2n_text_test
