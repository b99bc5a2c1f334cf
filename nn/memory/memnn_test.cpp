// Strongly supervised memory networks, against the formulas of their contract.
#include "tapehead/nn/memory/memnn.h"

#include <algorithm>
#include <cmath>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/core/creation.h"
#include "tapehead/tests/expect.h"
#include "tapehead/tests/small_stories.h"

namespace tapehead::memnn_test {

using namespace testing;

namespace {

constexpr size_t kWidth = 4;
using Ids = std::vector<int64_t>;

nn::MemNNConfig small() {
  return {.vocab_size = kStoryWords,
          .words = 4,
          .embed_dim = kWidth,
          .hops = 3,
          .margin = 0.3,
          .init = nn::init::normal(0.7)};
}

struct LayerFixture {
  nn::Params params{7};
  nn::MemNN net;
  explicit LayerFixture(const nn::MemNNConfig& c) : net(params / "net", c) { params.to(f64); }
};

// The network of one story, number by number; `found` are sentences in the order of the search.
class Plain {
 public:
  Plain(const nn::Params& params, const nn::MemNNConfig& config, const data::Story& story)
      : params_(params), config_(config), story_(story) {}

  double score(const Ids& found, int64_t i) const {
    const Doubles e = query("find", found);
    double s = dot(e, bent(bag("candidates", sentence(i))));
    for (size_t back = 1; back <= std::min<size_t>(found.size(), 2); ++back)
      if (i < found[found.size() - back])  // earlier in the story: older
        s += dot(e, vector(back == 1 ? "older" : "older_still"));
    return s;
  }
  double times(const Ids& found, const std::string& feature) const {
    return dot(query("find", found), vector(feature));
  }
  Doubles words(const Ids& found) const {
    const Doubles e = query("respond", found);
    Doubles s;
    for (int64_t w = 0; w < kStoryWords; ++w) s.push_back(dot(e, row("answers.weight", w)));
    return s;
  }
  bool left(const Ids& found, int64_t i) const {
    return std::find(found.begin(), found.end(), i) == found.end();
  }
  int64_t sentences() const { return static_cast<int64_t>(story_.sentences.size()); }

  Ids chosen() const {
    Ids found;
    while (static_cast<int64_t>(found.size()) < config_.hops) {
      int64_t best = -1;
      for (int64_t i = 0; i < sentences(); ++i)
        if (left(found, i) &&
            (best < 0 || score(found, i) + times(found, "newer") > score(found, best)))
          best = i;
      if (best < 0 || (!found.empty() && times(found, "stop") > score(found, best))) break;
      found.push_back(best);
    }
    return found;
  }

  double loss() const {
    const auto hinge = [&](double lead) { return std::max(0.0, config_.margin - lead); };
    Ids found;
    double total = 0;
    for (const int64_t right : story_.supports) {
      for (int64_t i = 0; i < sentences(); ++i)
        if (i != right && left(found, i))
          total += hinge(score(found, right) - score(found, i) +
                         (i < right ? 1 : -1) * times(found, "newer"));
      if (!found.empty()) total += hinge(score(found, right) - times(found, "stop"));
      found.push_back(right);
    }
    for (int64_t i = 0; i < sentences(); ++i)
      if (left(found, i)) total += hinge(times(found, "stop") - score(found, i));
    const Doubles s = words(found);
    for (int64_t w = 0; w < kStoryWords; ++w)
      if (w != story_.answer)
        total += hinge(s[static_cast<size_t>(story_.answer)] - s[static_cast<size_t>(w)]);
    return total;
  }

 private:
  const Ids& sentence(int64_t i) const { return story_.sentences[static_cast<size_t>(i)]; }
  Doubles row(const std::string& name, int64_t i) const {
    return values(params_["net." + name][i]);
  }
  Doubles vector(const std::string& name) const { return values(params_["net." + name]); }
  static double dot(const Doubles& a, const Doubles& b) {
    double total = 0;
    for (size_t c = 0; c < kWidth; ++c) total += a[c] * b[c];
    return total;
  }
  Doubles bent(Doubles x) const {
    if (config_.nonlinear)
      for (double& v : x) v = std::tanh(v);
    return x;
  }
  Doubles bag(const std::string& table, const Ids& ids) const {
    Doubles x(kWidth);
    for (size_t j = 0; j < ids.size(); ++j)
      for (size_t c = 0; c < kWidth; ++c) {
        const double at = static_cast<double>(j + 1) / static_cast<double>(config_.words);
        x[c] += 2 * ((1 - at) - static_cast<double>(c + 1) / kWidth * (1 - 2 * at)) *
                row(table + ".weight", ids[j])[c];
      }
    return x;
  }
  Doubles query(const std::string& side, const Ids& found) const {
    Doubles x = bag(side + ".question", story_.question), e(kWidth);
    const auto add = [&](const Doubles& y) {
      for (size_t c = 0; c < kWidth; ++c) x[c] += y[c];
    };
    for (size_t k = 0; k < found.size(); ++k)
      add(bag(side + (k + 1 == found.size() ? ".last" : ".earlier"), sentence(found[k])));
    add(row(side + ".step", static_cast<int64_t>(found.size())));
    x = bent(x);
    for (size_t c = 0; c < kWidth; ++c)
      e[c] = dot(row(side + ".match.weight", static_cast<int64_t>(c)), x) +
             vector(side + ".match.bias")[c];
    return bent(e);
  }

  const nn::Params& params_;
  nn::MemNNConfig config_;
  const data::Story& story_;
};

nn::MemNNConfig bilinear() {
  nn::MemNNConfig c = small();
  c.nonlinear = false;
  return c;
}

}  // namespace

TEST_CASE("MemNN searches and answers by the formulas of its papers") {
  std::vector<size_t> counts;
  for (const nn::MemNNConfig& config : {small(), bilinear()})
    for (uint64_t seed = 0; seed < 6; ++seed) {
      CAPTURE(seed);
      nn::Params params(seed);
      const nn::MemNN net(params / "net", config);
      params.to(f64);
      const std::vector<data::Story> stories = small_stories();
      const nn::StoryOutput answered = net(batch_of(stories));
      for (size_t b = 0; b < stories.size(); ++b) {
        CAPTURE(b);
        const auto story = static_cast<int64_t>(b);
        const Plain plain(params, config, stories[b]);
        const Ids chosen = plain.chosen();
        counts.push_back(chosen.size());
        REQUIRE(answered.attention_weights.size() >= chosen.size());
        for (size_t hop = 0; hop < answered.attention_weights.size(); ++hop) {
          const Tensor look = answered.attention_weights[hop][story];
          CHECK(sum(look).item() == (hop < chosen.size() ? 1 : 0));
          if (hop < chosen.size()) CHECK(look[chosen[hop]].item() == 1);
        }
        const Doubles logits = values(answered.logits[story]), wanted = plain.words(chosen);
        for (size_t w = 0; w < wanted.size(); ++w)
          CHECK(logits[w] == doctest::Approx(wanted[w]).epsilon(1e-6));
      }
    }
  for (const size_t n : {1, 2, 3}) CHECK(std::count(counts.begin(), counts.end(), n) > 0);
}

TEST_CASE("the loss of MemNN is the margin ranking loss of its papers") {
  for (const nn::MemNNConfig& config : {small(), bilinear()}) {
    const LayerFixture m(config);
    const std::vector<data::Story> stories = small_stories();
    double total = 0;
    for (const data::Story& s : stories) total += Plain(m.params, config, s).loss() / 3;
    CHECK(m.net.loss(batch_of(stories)).item() == doctest::Approx(total).epsilon(1e-6));
    check_gradients(m.params, [&](const data::StoryBatch& batch) { return m.net.loss(batch); });
  }
}

TEST_CASE("MemNN answers a story as it does alone") {
  const LayerFixture m(small());
  check_each_alone(m.net);
}

TEST_CASE("MemNN learns to find the newest sentence about someone, and what it said" *
          doctest::test_suite("long")) {
  // Words 1..3 are people, 4..7 places: "person place" … "person?"
  std::vector<data::Story> stories;
  uint64_t state = 1;
  const auto draw = [&](uint64_t n) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<int64_t>((state >> 33) % n);
  };
  for (int i = 0; i < 300; ++i) {
    data::Story s;
    const int64_t count = 2 + draw(5);
    for (int64_t k = 0; k < count; ++k) s.sentences.push_back({1 + draw(3), 4 + draw(4)});
    const auto asked = static_cast<size_t>(draw(static_cast<uint64_t>(count)));
    s.question = {s.sentences[asked][0]};
    for (int64_t k = count - 1; s.supports.empty(); --k)
      if (s.sentences[static_cast<size_t>(k)][0] == s.question[0]) s.supports = {k};
    s.answer = s.sentences[static_cast<size_t>(s.supports[0])][1];
    stories.push_back(std::move(s));
  }
  nn::Params params(1);
  const nn::MemNN net(params / "net", {.vocab_size = 8, .words = 2, .embed_dim = 16});
  const data::StoryBatch train = batch_of({stories.begin(), stories.begin() + 200}),
                         test = batch_of({stories.begin() + 200, stories.end()});
  for (int step = 0; step < 150; ++step) {
    params.zero_grad();
    net.loss(train).backward();
    const NoGradGuard off;
    for (const nn::Param& p : params.all())
      if (p.value.grad().defined()) p.value.sub_(0.5 * p.value.grad());
  }
  const nn::StoryOutput answered = net(test);
  CHECK(mean((argmax(answered.logits, 1) == test.answer).to(f64)).item() > 0.98);
  CHECK(answered.attention_weights.size() == 1);
}

TEST_CASE("what MemNN refuses") {
  CHECK(error_of<ValueError>(
            [] { const LayerFixture made({.vocab_size = 3, .words = 2, .margin = 0}); }) ==
        "memnn: vocab_size = 3, words = 2, embed_dim = 100, hops = 3, margin = 0; all must be at "
        "least 1, "
        "the margin above 0 (in net)");
  CHECK(error_of<ShapeError>([] {
          nn::MemNNConfig c = small();
          c.words = 3;
          const LayerFixture m(c);
          m.net(batch_of(small_stories()));
        }) == "memnn: a text has 4 words, the network takes 3; make it with words = 4 (in net)");
  const auto untold = [](size_t story) {
    std::vector<data::Story> stories = small_stories();
    for (size_t b = story; b < stories.size(); ++b) stories[b].supports.clear();
    return error_of<ValueError>([&] {
      const LayerFixture m(small());
      m.net.loss(batch_of(stories));
    });
  };
  CHECK(untold(0) ==
        "memnn: story 0 of the batch has no support; it learns from stories that have (in net)");
  CHECK(untold(2) ==
        "memnn: story 2 of the batch has no support; it learns from stories that have (in net)");
}

}  // namespace tapehead::memnn_test
