// Mixtures of experts, alone and in a model.
#include "tapehead/nn/mixture.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/gradcheck.h"
#include "tapehead/core/creation.h"
#include "tapehead/nn/models/gpt.h"
#include "tapehead/tests/expect.h"

namespace tapehead::mixture_test {

using testing::error_of;

namespace {

struct LayerFixture {
  nn::Params params{5};
  nn::MixtureOfExperts mixture;
  explicit LayerFixture(const nn::MixtureOptions& o)
      : mixture(
            params / "mixture",
            {.embed_dim = 3, .ffn_dim = 4, .activation = [](const Tensor& x) { return tanh(x); }},
            o) {
    params.to(f64);
  }
  Tensor of(const std::string& name) const { return params["mixture." + name]; }

  // The expected output of expert e.
  Tensor expert(int64_t e, const Tensor& x) const {
    const std::string at = fmt::format("experts.{}.", e);
    return linear(tanh(linear(x, of(at + "up.weight"), of(at + "up.bias"))), of(at + "down.weight"),
                  of(at + "down.bias"));
  }
};

}  // namespace

TEST_CASE("a mixture is its experts, one token at a time") {
  manual_seed(1);
  const Tensor x = randn({2, 9, 3}, f64);
  for (const int64_t k : {1, 2, 4})
    for (const double capacity : {0.0, 0.5, 1.0}) {
      CAPTURE(k);
      CAPTURE(capacity);
      const LayerFixture m({.num_experts = 4, .top_k = k, .capacity_factor = capacity});
      const nn::MoeOutput mixed = m.mixture(x);
      const auto limit =
          capacity > 0
              ? static_cast<int64_t>(std::ceil(capacity * 18.0 * static_cast<double>(k) / 4))
              : 100;
      std::vector<int64_t> tokens(4, 0), taken(4, 0);
      int64_t dropped = 0;
      std::vector<double> mean_probability(4, 0);
      double worst = 0;
      for (int64_t n = 0; n < 18; ++n) {
        const Tensor token = x.reshape({18, 3})[n];
        const Tensor p = softmax(linear(token, m.of("router.weight")), -1);
        const auto [best, chosen] = topk(p, k);
        const Tensor total = k > 1 ? sum(best) : ones({}, f64);
        Tensor wanted = zeros({3}, f64);
        for (int64_t j = 0; j < k; ++j) {
          const auto e = static_cast<size_t>(chosen[j].item<int64_t>());
          ++tokens[e];
          if (taken[e] == limit) {
            ++dropped;
            continue;
          }
          ++taken[e];
          wanted = wanted + best[j] / total * m.expert(static_cast<int64_t>(e), token);
        }
        for (size_t e = 0; e < 4; ++e)
          mean_probability[e] += p[static_cast<int64_t>(e)].item() / 18;
        worst = std::max(worst, max(abs(mixed.out.reshape({18, 3})[n] - wanted)).item());
      }
      CHECK(worst < 1e-14);
      CHECK(mixed.out.shape() == x.shape());
      CHECK(mixed.tokens_per_expert == tokens);
      CHECK(mixed.dropped == dropped);
      CHECK((dropped > 0) == (capacity == 0.5 || (capacity == 1.0 && k < 4)));
      double balance = 0;
      for (size_t e = 0; e < 4; ++e)
        balance +=
            4 * static_cast<double>(tokens[e]) / static_cast<double>(18 * k) * mean_probability[e];
      CHECK(mixed.balance_loss.item() == doctest::Approx(balance));
    }
}

TEST_CASE("a mixture has the gradients of its formula, the balance too") {
  manual_seed(2);
  for (const int64_t k : {1, 2})
    for (const double capacity : {0.0, 0.8}) {
      CAPTURE(k);
      CAPTURE(capacity);
      const LayerFixture m({.num_experts = 3, .top_k = k, .capacity_factor = capacity});
      std::vector<Tensor> inputs{randn({7, 3}, f64)};
      for (const nn::Param& p : m.params.all()) inputs.push_back(p.value);
      const auto f = [&](const std::vector<Tensor>& x) {
        const nn::MoeOutput mixed = m.mixture(x[0]);
        return std::vector{mixed.out, mixed.balance_loss};
      };
      gradcheck(f, inputs, {.directions = 3});
      gradgradcheck(f, inputs, {.directions = 1});
    }
}

TEST_CASE("experts that no token chose get no gradient, and no tokens give nothing") {
  const LayerFixture m({.num_experts = 8, .top_k = 1});
  const nn::MoeOutput one = m.mixture(randn({1, 3}, f64));
  sum(one.out).backward();
  for (int64_t e = 0; e < 8; ++e)
    CHECK(m.of(fmt::format("experts.{}.up.weight", e)).grad().defined() ==
          (one.tokens_per_expert[static_cast<size_t>(e)] == 1));
  const nn::MoeOutput none = m.mixture(zeros({0, 3}, f64));
  CHECK(none.out.shape() == Shape{0, 3});
  CHECK(none.tokens_per_expert == std::vector<int64_t>(8, 0));
}

TEST_CASE("the balance keeps experts in use") {
  const auto unevenness = [](double weight) {
    manual_seed(3);
    nn::Params params(1);
    const nn::MixtureOfExperts mixture(params / "m", {.embed_dim = 4},
                                       {.num_experts = 4, .top_k = 1});
    const Tensor x = randn({64, 4}) + tensor({2.0, 0.0, 0.0, 0.0});
    for (int step = 0; step < 60; ++step) {
      params.zero_grad();
      const nn::MoeOutput mixed = mixture(x);
      (mean(square(mixed.out - x)) + weight * mixed.balance_loss).backward();
      const NoGradGuard off;
      for (const nn::Param& p : params.all())
        if (p.value.grad().defined()) p.value.sub_(0.3 * p.value.grad());
    }
    const std::vector<int64_t> tokens = mixture(x).tokens_per_expert;
    return *std::max_element(tokens.begin(), tokens.end());
  };
  CHECK(unevenness(1) < 24);
  CHECK(unevenness(0) > 32);
}

TEST_CASE("GPT of mixtures learns with their balance") {
  nn::GptConfig config{.vocab_size = 11,
                       .context = 8,
                       .transformer = {.embed_dim = 8, .num_heads = 2, .num_layers = 2}};
  config.transformer.mixture = nn::MixtureOptions{.num_experts = 3, .top_k = 2};
  config.balance_weight = 0.5;
  nn::Params params(1);
  const nn::Gpt gpt(params / "gpt", config);
  CHECK(params.contains("gpt.layers.1.feed_forward.experts.2.up.weight"));
  CHECK(params["gpt.layers.0.feed_forward.router.weight"].shape() == Shape{3, 8});
  const Tensor ids = randint(11, {2, 8}), next = randint(11, {2, 8});
  const double in_training = gpt.loss(ids, next).item();
  params.eval();
  const double alone = gpt.loss(ids, next).item();
  CHECK(in_training - alone > 0.5 * 0.9);  // each balance loss is about 1
  CHECK(in_training - alone < 0.5 * 2);
  // The same with caches.
  auto caches = gpt.caches();
  const Tensor parts = cat({gpt(ids.slice(1, 0, 3), caches), gpt(ids.slice(1, 3, 8), caches)}, 1);
  CHECK(max(abs(parts - gpt(ids))).item() < 1e-5);
}

TEST_CASE("what mixtures refuse") {
  const auto refuse = [](const nn::MixtureOptions& o) {
    return error_of<ValueError>([&] { const LayerFixture made(o); });
  };
  CHECK(refuse({.num_experts = 2, .top_k = 3}) ==
        "mixture: 3 experts of 2 for each token; at least 1, and not more than there are (in "
        "mixture)");
  CHECK(refuse({.top_k = 0}) ==
        "mixture: 0 experts of 8 for each token; at least 1, and not more than there are (in "
        "mixture)");
  CHECK(
      refuse({.capacity_factor = -1}) ==
      "mixture: the capacity factor is -1; it must be at least 0, which is no limit (in mixture)");
  const LayerFixture m({});
  CHECK(error_of<ShapeError>([&] {
          m.mixture(zeros({2, 4}, f64));
        }) == "mixture: x is [2, 4]; expected [..., 3] (in mixture)");
  CHECK(error_of<ValueError>([] {
          nn::Params params;
          nn::DecoderLayer(params / "layer", {.embed_dim = 4, .mixture = nn::MixtureOptions{}});
        }) ==
        "decoder_layer: mixtures of experts are for layers without a memory; leave `mixture` out "
        "(in layer)");
}

}  // namespace tapehead::mixture_test
