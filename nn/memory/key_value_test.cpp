// Key-value memory networks.
#include "tapehead/nn/memory/key_value.h"

#include <algorithm>
#include <cmath>

#include "tapehead/core/creation.h"
#include "tapehead/tests/expect.h"
#include "tapehead/tests/small_stories.h"

namespace tapehead::key_value_test {

using namespace testing;

namespace {

nn::KeyValueConfig small() {
  return {.vocab_size = kStoryWords,
          .words = 4,
          .embed_dim = 3,
          .hops = 2,
          .memory = 4,
          .init = nn::init::normal(0.6)};
}

struct LayerFixture {
  nn::Params params{3};
  nn::KeyValue net;
  explicit LayerFixture(const nn::KeyValueConfig& c) : net(params / "net", c) { params.to(f64); }
};

nn::KeyValueFacts two_facts() {
  return {.keys = tensor({{{1, 2}, {3, 0}}, {{4, 4}, {0, 0}}}),
          .values = tensor({{{5}, {6}}, {{7}, {0}}}),
          .counts = tensor({2, 1}),
          .question = tensor({{1, 2, 8}, {3, 8, 0}})};
}

}  // namespace

TEST_CASE("a key-value memory is the formulas of its paper") {
  nn::KeyValueConfig config = small();
  config.positions = false;
  const LayerFixture m(config);
  const auto at = [&](const std::string& name, int64_t i, size_t c) {
    return m.params["net." + name].data<double>()[i * 3 + static_cast<int64_t>(c)];
  };
  const auto bag = [&](const std::vector<int64_t>& ids) {
    Doubles x(3);
    for (const int64_t id : ids)
      for (size_t c = 0; c < 3; ++c) x[c] += at("embedding.weight", id, c);
    return x;
  };
  const auto dot = [](const Doubles& a, const Doubles& b) {
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
  };
  Doubles q = bag({1, 2, 8});
  const std::vector<Doubles> keys{bag({1, 2}), bag({3})}, read{bag({5}), bag({6})};
  const nn::StoryOutput got = m.net(two_facts());
  for (size_t hop = 0; hop < 2; ++hop) {
    const double a = std::exp(dot(q, keys[0])), b = std::exp(dot(q, keys[1])), p = a / (a + b);
    CHECK(got.attention_weights[hop][0][0].item() == doctest::Approx(p));
    CHECK(got.attention_weights[hop][1][0].item() == 1);
    Doubles next(3);
    for (int64_t i = 0; i < 3; ++i)
      for (size_t c = 0; c < 3; ++c)
        next[static_cast<size_t>(i)] += at("hops." + std::to_string(hop) + ".weight", i, c) *
                                        (q[c] + p * read[0][c] + (1 - p) * read[1][c]);
    q = next;
  }
  for (int64_t id = 0; id < kStoryWords; ++id) {
    const Doubles answer{at("answer.weight", id, 0), at("answer.weight", id, 1),
                         at("answer.weight", id, 2)};
    CHECK(got.logits[0][id].item() == doctest::Approx(dot(q, answer)));
  }
}

TEST_CASE("a key-value memory has the gradients of its formulas") {
  for (const bool tied : {false, true}) {
    nn::KeyValueConfig config = small();
    config.tied = tied;
    const LayerFixture m(config);
    CHECK(m.params.count() == (tied ? 27 : 54) + 18 + 30);
    check_gradients(m.params, [&](const data::StoryBatch& batch) { return m.net.loss(batch); });
  }
}

TEST_CASE("a key-value memory answers a story as it does alone") {
  for (const int64_t memory : {0, 4}) {
    nn::KeyValueConfig config = small();
    config.memory = memory;
    const LayerFixture m(config);
    check_each_alone(m.net);
    // Without ages, the order of the sentences makes no difference.
    std::vector<data::Story> stories = small_stories();
    const Tensor before = m.net(batch_of(stories)).logits;
    for (data::Story& s : stories) std::reverse(s.sentences.begin(), s.sentences.end());
    CHECK((max(abs(m.net(batch_of(stories)).logits - before)).item() < 1e-12) == (memory == 0));
  }
}

TEST_CASE("a key-value memory may look at empty slots") {
  nn::KeyValueConfig config = small();
  config.memory = 6;
  const LayerFixture m(config);
  const nn::StoryOutput three = m.net(batch_of({small_stories()[0]}));
  config.memory = 0;
  CHECK(sum(LayerFixture(config).net(batch_of({small_stories()[0]})).attention_weights[0]).item() ==
        doctest::Approx(1));
  // Of a memory of zeros all scores are 0: each of the six slots has a sixth.
  for (const nn::Param& p : m.params.all()) p.value.detach().zero_();
  const nn::StoryOutput even = m.net(batch_of({small_stories()[0]}));
  for (const Tensor& p : even.attention_weights) CHECK(max(abs(p - 1.0 / 6)).item() < 1e-15);
  CHECK(sum(three.attention_weights[0]).item() < 1);
}

TEST_CASE("what key-value memories refuse") {
  CHECK(error_of<ValueError>(
            [] { const LayerFixture made({.vocab_size = 3, .words = 2, .memory = -1}); }) ==
        "key_value: vocab_size = 3, words = 2, embed_dim = 50, hops = 3, memory = -1; all must be "
        "at least "
        "1, the memory at least 0 (in net)");
  const auto refuse = [](const nn::KeyValueConfig& c) {
    return error_of<ShapeError>([&] { LayerFixture(c).net(batch_of(small_stories())); });
  };
  nn::KeyValueConfig c = small();
  c.words = 3;
  CHECK(refuse(c) ==
        "key_value: a text has 4 words, the network takes 3; make it with words = 4 (in net)");
  c = small();
  c.memory = 3;
  CHECK(refuse(c) ==
        "key_value: a story has 4 sentences, the memory 3; keep the last ones by "
        "StoryBatchOptions::memory, or make the network with memory = 4 (in net)");
  CHECK(error_of<ShapeError>([] {
          nn::KeyValueFacts facts = two_facts();
          facts.values = tensor({{{5}}, {{7}}});
          LayerFixture(small()).net(facts);
        }) ==
        "key_value: keys are [2, 2, 2], values [2, 1, 1], questions [2, 3], counts [2]; expected "
        "[B, M, J], [B, M, J'], [B, J''] and [B] (in net)");
}

}  // namespace tapehead::key_value_test
