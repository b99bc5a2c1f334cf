// Training models in several threads at once.
#include <doctest/doctest.h>

#include <thread>

#include "tapehead/autograd/engine.h"
#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/nn/linear.h"
#include "tapehead/nn/norm.h"

namespace tapehead::threads_test {

namespace {

// The weights after some steps of gradient descent, with dropout and noise.
std::vector<double> trained(uint64_t seed) {
  manual_seed(seed);
  nn::Params params;
  const nn::Linear in(params / "in", 8, 16), out(params / "out", 16, 1);
  const nn::Dropout drop(params / "drop", 0.3);
  const Tensor x = randn({32, 8});
  for (int step = 0; step < 30; ++step) {
    mean(square(out(drop(tanh(in(x + 0.1 * randn_like(x))))))).backward();
    for (const nn::Param& p : params.trainable())
      no_grad([&] { p.value.sub_(0.1 * p.value.grad()); });
    params.zero_grad();
  }
  return in.weight.to_vector<double>();
}

}  // namespace

TEST_CASE("threads: models trained at once have the bits of those trained one after the other") {
  const std::vector<double> wanted[] = {trained(1), trained(2), trained(3)};
  std::vector<double> weights[3];
  std::vector<std::thread> threads;
  for (size_t i = 0; i < 3; ++i) threads.emplace_back([&, i] { weights[i] = trained(i + 1); });
  for (std::thread& t : threads) t.join();
  for (size_t i = 0; i < 3; ++i) CHECK(weights[i] == wanted[i]);
  CHECK(wanted[0] != wanted[1]);
}

}  // namespace tapehead::threads_test
