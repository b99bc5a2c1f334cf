// The recurrent entity network against the formulas of its paper.
#include "tapehead/nn/memory/entnet.h"

#include <cmath>

#include "tapehead/core/creation.h"
#include "tapehead/tests/expect.h"
#include "tapehead/tests/small_stories.h"

namespace tapehead::entnet_test {

using namespace testing;

namespace {

constexpr int64_t kWidth = 5;

nn::EntNetConfig small() {
  return {.vocab_size = kStoryWords,
          .words = 4,
          .embed_dim = kWidth,
          .slots = 3,
          .init = nn::init::normal(0.6)};
}

struct LayerFixture {
  nn::Params params{3};
  nn::EntNet net;
  explicit LayerFixture(const nn::EntNetConfig& c) : net(params / "net", c) {
    params.to(f64);
    manual_seed(5);
    for (const char* name : {"mask", "question_mask", "slopes"})  // which start as ones
      if (params.contains(std::string("net.") + name)) {
        const Tensor value = params[std::string("net.") + name].detach();
        value.copy_(randn(value.shape(), f64));
      }
  }
};

using Row = std::vector<double>;

// The network as the paper writes it, of one story, number by number.
class Plain {
 public:
  Plain(const nn::Params& params, const nn::EntNetConfig& config)
      : params_(params), config_(config) {}

  Row read(const std::vector<int64_t>& ids, const std::string& mask) const {
    Row s(kWidth);
    for (size_t j = 0; j < ids.size(); ++j)
      for (size_t c = 0; c < s.size(); ++c)
        s[c] += at(mask, j, c) * at("embedding.weight", static_cast<size_t>(ids[j]), c);
    return s;
  }

  // Logits, and the look at each sentence.
  std::pair<Row, Row> answer(const data::Story& story) const {
    const size_t slots =
        config_.entities.empty() ? static_cast<size_t>(config_.slots) : config_.entities.size();
    std::vector<Row> keys(slots, Row(kWidth)), gates;
    for (size_t j = 0; j < slots; ++j)
      for (size_t c = 0; c < kWidth; ++c)
        keys[j][c] = config_.entities.empty()
                         ? at("keys", j, c)
                         : at("embedding.weight", static_cast<size_t>(config_.entities[j]), c);
    std::vector<Row> h = keys;
    for (const auto& sentence : story.sentences) {
      const Row s = read(sentence, "mask");
      gates.emplace_back();
      for (size_t j = 0; j < slots; ++j) {
        const double g = 1 / (1 + std::exp(-dot(s, h[j]) - dot(s, keys[j])));
        const Row a = times("u", h[j]), b = times("v", keys[j]), c = times("w", s);
        double square = 0;
        for (size_t k = 0; k < kWidth; ++k) {
          h[j][k] += g * phi(a[k] + b[k] + c[k], k);
          square += h[j][k] * h[j][k];
        }
        for (double& x : h[j]) x /= std::sqrt(square);
        gates.back().push_back(g);
      }
    }
    const Row q = read(story.question, "question_mask");
    Row p, u(kWidth);
    double total = 0;
    for (size_t j = 0; j < slots; ++j) total += std::exp(dot(q, h[j]));
    for (size_t j = 0; j < slots; ++j) {
      p.push_back(std::exp(dot(q, h[j])) / total);
      for (size_t k = 0; k < kWidth; ++k) u[k] += p[j] * h[j][k];
    }
    Row x = times("hop.weight", u), looks;
    for (size_t k = 0; k < kWidth; ++k) x[k] = phi(q[k] + x[k], k);
    for (const Row& g : gates) looks.push_back(dot(g, p));
    return {times("answer.weight", x), looks};
  }

 private:
  double at(const std::string& name, size_t i, size_t j) const {
    const Tensor& t = params_["net." + name];
    return t.data<double>()[i * static_cast<size_t>(t.size(1)) + j];
  }
  static double dot(const Row& a, const Row& b) {
    double total = 0;
    for (size_t c = 0; c < a.size(); ++c) total += a[c] * b[c];
    return total;
  }
  Row times(const std::string& matrix, const Row& x) const {
    Row y(static_cast<size_t>(params_["net." + matrix].size(0)));
    for (size_t i = 0; i < y.size(); ++i)
      for (size_t j = 0; j < x.size(); ++j) y[i] += at(matrix, i, j) * x[j];
    return y;
  }
  double phi(double x, size_t c) const {
    return config_.prelu && x < 0 ? params_["net.slopes"].data<double>()[c] * x : x;
  }

  const nn::Params& params_;
  nn::EntNetConfig config_;
};

nn::EntNetConfig tied() {
  nn::EntNetConfig c = small();
  c.entities = {2, 7};
  return c;
}

nn::EntNetConfig linear_phi() {
  nn::EntNetConfig c = small();
  c.prelu = false;
  return c;
}

}  // namespace

TEST_CASE("EntNet is the formulas of its paper") {
  for (const nn::EntNetConfig& config : {small(), tied(), linear_phi()}) {
    const LayerFixture m(config);
    const Plain plain(m.params, config);
    const std::vector<data::Story> stories = small_stories();
    const nn::StoryOutput answered = m.net(batch_of(stories));
    REQUIRE(answered.attention_weights.size() == 1);
    CHECK(!answered.auxiliary_loss.defined());
    for (size_t i = 0; i < stories.size(); ++i) {
      CAPTURE(i);
      const auto [logits, looks] = plain.answer(stories[i]);
      const auto row = static_cast<int64_t>(i);
      const Row got = values(answered.logits[row]),
                seen = values(answered.attention_weights[0][row]);
      REQUIRE(got.size() == logits.size());
      for (size_t k = 0; k < got.size(); ++k)
        CHECK(got[k] == doctest::Approx(logits[k]).epsilon(1e-10));
      for (size_t k = 0; k < looks.size(); ++k)
        CHECK(seen[k] == doctest::Approx(looks[k]).epsilon(1e-10));
    }
  }
}

TEST_CASE("EntNet has the gradients of its formulas") {
  for (const nn::EntNetConfig& config : {small(), tied(), linear_phi()}) {
    const LayerFixture m(config);
    check_gradients(m.params, [&](const data::StoryBatch& batch) { return m.net.loss(batch); });
  }
}

TEST_CASE("EntNet answers a story as it does alone") {
  const LayerFixture m(small());
  check_each_alone(m.net);
}

TEST_CASE("EntNet starts with a memory of its keys, and padding gets no embedding") {
  nn::Params params(1);
  const nn::EntNet net(params / "net", small());
  CHECK(sum(abs(params["net.embedding.weight"][0])).item() == 0);
  CHECK(values(params["net.mask"]) == Doubles(20, 1));
  CHECK(values(params["net.slopes"]) == Doubles(kWidth, 1));
  CHECK(!LayerFixture(tied()).params.contains("net.keys"));
  CHECK(!LayerFixture(linear_phi()).params.contains("net.slopes"));
  net.loss(batch_of(small_stories())).backward();
  CHECK(sum(abs(params["net.embedding.weight"].grad()[0])).item() == 0);
}

TEST_CASE("what EntNet refuses") {
  const auto refuse = [](const nn::EntNetConfig& c) {
    return error_of<ValueError>([&] { const LayerFixture made(c); });
  };
  CHECK(refuse({.vocab_size = 3}) ==
        "entnet: vocab_size = 3, words = 0, embed_dim = 100, slots = 20; all must be at least 1 "
        "(in net)");
  CHECK(refuse({.vocab_size = 3, .words = 2, .slots = 0}) ==
        "entnet: vocab_size = 3, words = 2, embed_dim = 100, slots = 0; all must be at least 1 (in "
        "net)");
  CHECK(error_of<IndexError>([] {
          nn::EntNetConfig c = small();
          c.entities = {3, 9};
          const LayerFixture made(c);
        }) == "entnet: the entity 9 is no word; words are 1..8 (in net)");
  CHECK(error_of<ShapeError>([] {
          nn::EntNetConfig c = small();
          c.words = 3;
          const LayerFixture m(c);
          m.net(batch_of(small_stories()));
        }) == "entnet: a text has 4 words, the network takes 3; make it with words = 4 (in net)");
}

}  // namespace tapehead::entnet_test
