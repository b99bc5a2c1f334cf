// Models and layers under autocast.
#include "tapehead/autograd/autocast.h"

#include <doctest/doctest.h>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/random.h"
#include "tapehead/nn/copy_head.h"
#include "tapehead/nn/linear.h"
#include "tapehead/nn/norm.h"
#include "tapehead/nn/rnn.h"
#include "tapehead/nn/sequence_attention.h"
#include "tapehead/tests/expect.h"
#include "tapehead/tests/small_gpt.h"

namespace tapehead::nn_autocast_test {

using namespace testing;

TEST_CASE(
    "autocast: a model's loss and the gradients of its parameters are f32, near those in f32") {
  for (const nn::GptConfig& config : {small_gpt2(), small_llama()}) {
    manual_seed(2);
    nn::Params params(3);
    const nn::Gpt gpt(params / "gpt", config);
    const Tensor ids = randint(0, 11, {2, 9}), next = randint(0, 11, {2, 9});
    const auto gradients = [&](bool in_bf16) {
      params.zero_grad();
      const AutocastMode mode(bf16, in_bf16);
      const Tensor loss = gpt.loss(ids, next);
      CHECK(loss.dtype() == f32);
      loss.backward();
      std::vector<Tensor> out{loss.detach()};
      for (const nn::Param& p : params.all()) out.push_back(p.value.grad().clone());
      return out;
    };
    const std::vector<Tensor> exact = gradients(false), rounded = gradients(true);
    CHECK(difference(exact[0], rounded[0]) < 0.01);
    CHECK(difference(exact[0], rounded[0]) > 0);
    for (size_t i = 1; i < exact.size(); ++i) {
      CAPTURE(params.all()[i - 1].path);
      CHECK(rounded[i].dtype() == f32);
      const double largest = amax(abs(exact[i])).item();
      CHECK(difference(exact[i], rounded[i]) < 0.1 * largest + 1e-5);
    }
  }
}

TEST_CASE("autocast: layers compute in bf16, norms in the type of their input") {
  nn::Params params(3);
  const nn::Linear linear(params / "linear", 4, 6);
  const nn::Rnn rnn(params / "rnn", 4, 5, {.num_layers = 2, .bidirectional = true});
  const nn::LayerNorm norm(params / "norm", 4);
  const Tensor x = randn({2, 3, 4});
  const AutocastMode on(bf16);
  CHECK(linear(x).dtype() == bf16);
  const auto [out, state] = rnn(x);
  CHECK(out.dtype() == bf16);
  CHECK(state.h.dtype() == bf16);
  CHECK(state.c.dtype() == bf16);
  CHECK(norm(x).dtype() == f32);
}

TEST_CASE("autocast: losses of bf16 logits and weights are those of the same numbers in f32") {
  manual_seed(4);
  const nn::CopyMix mix{randn({1, 2, 6}).to(bf16), softmax(randn({1, 2, 3}), -1).to(bf16),
                        randn({1, 2}).to(bf16)};
  const nn::CopyMix exact{mix.logits.to(f32), mix.weights.to(f32), mix.gate.to(f32)};
  const Tensor source = tensor({{4, 6, 7}}), target = tensor({{7, 4}});
  const Tensor loss = autocast(bf16, [&] { return nn::copy_loss(mix, source, target); });
  CHECK(loss.dtype() == f32);
  CHECK(difference(loss, nn::copy_loss(exact, source, target)) == 0);

  const Tensor weights = softmax(randn({1, 300, 300}), -1).to(bf16);
  const Tensor guided = autocast(bf16, [&] { return nn::guided_attention_loss(weights); });
  CHECK(guided.dtype() == f32);
  CHECK(difference(guided, nn::guided_attention_loss(weights.to(f32))) == 0);
}

}  // namespace tapehead::nn_autocast_test
