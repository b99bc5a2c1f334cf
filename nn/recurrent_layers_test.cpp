// Values are compared with PyTorch's in tests/parity/recurrent.cpp.
#include "tapehead/nn/recurrent_layers.h"

#include <doctest/doctest.h>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/tests/expect.h"

namespace tapehead::recurrent_layers_test {

using testing::error_of;
using testing::values;

TEST_CASE("recurrent layers: sequences, batches first or second") {
  const nn::Params params(1);
  const nn::LSTM lstm(params / "a", 3, 4, {.num_layers = 2, .bidirectional = true, .proj_size = 2});
  const nn::LSTM first(
      params / "b", 3, 4,
      {.num_layers = 2, .batch_first = true, .bidirectional = true, .proj_size = 2});
  {
    const NoGradGuard no_grad;
    for (const nn::Param& p : params.all())
      if (p.path.starts_with("b.")) p.value.copy_(params["a." + p.path.substr(2)]);
  }
  const Tensor x = randn({5, 2, 3}), h = randn({4, 2, 2}), c = randn({4, 2, 4});
  const nn::RnnOutput r = lstm(x, {h, c}), s = first(x.transpose(0, 1), {h, c});
  CHECK(r.out.shape() == Shape{5, 2, 4});
  CHECK(r.state.h.shape() == Shape{4, 2, 2});
  CHECK(r.state.c.shape() == Shape{4, 2, 4});
  CHECK(values(r.out) == values(s.out.transpose(0, 1)));
  CHECK(values(r.state.c) == values(s.state.c));
  const nn::RnnOutput one = lstm(x.select(1, 0), {h.select(1, 0), c.select(1, 0)});
  CHECK(one.out.shape() == Shape{5, 4});
  CHECK(testing::difference(one.out, r.out.select(1, 0)) < 1e-6);
  CHECK(testing::difference(one.state.h, r.state.h.select(1, 0)) < 1e-6);
  CHECK(one.state.c.shape() == Shape{4, 4});
  CHECK(lstm.weights()[0].w_hr.is_same(params["a.weight_hr_l0"]));
}

TEST_CASE("recurrent layers: a sequence of a batch ends at its length") {
  const nn::Params params(1);
  const nn::GRU gru(params / "gru", 3, 4, {.bidirectional = true});
  const Tensor x = randn({5, 2, 3});
  const nn::RnnOutput both = gru(x, {}, tensor({5, 3}));
  const nn::RnnOutput second = gru(x.select(1, 1).slice(0, 0, 3));
  CHECK(testing::difference(both.out.select(1, 1).slice(0, 0, 3), second.out) < 1e-6);
  CHECK(testing::difference(both.state.h.select(1, 1), second.state.h) < 1e-6);
  CHECK(amax(abs(both.out.select(1, 1).slice(0, 3, 5))).item() == 0);
}

TEST_CASE("cells compute one step of their layers") {
  const nn::Params params(1);
  const nn::LSTMCell lstm(params / "lstm", 3, 4);
  const nn::GRUCell gru(params / "gru", 3, 4, {.bias = false});
  const nn::RNNCell rnn(params / "rnn", 3, 4, {.nonlinearity = RnnCell::relu});
  const Tensor x = randn({2, 3}), h = randn({2, 4}), c = randn({2, 4});
  const nn::RnnState next = lstm(x, {h, c}), one = lstm(x[1], {h[1], c[1]});
  CHECK(next.h.shape() == Shape{2, 4});
  CHECK(testing::difference(one.h, next.h[1]) < 1e-6);
  CHECK(testing::difference(one.c, next.c[1]) < 1e-6);
  CHECK(testing::difference(gru(x[0], h[0]), gru(x, h)[0]) < 1e-6);
  CHECK(testing::difference(rnn(x[0]), rnn(x, zeros({2, 4}))[0]) < 1e-6);
  CHECK(amin(rnn(x, h)).item() >= 0);
  CHECK_FALSE(gru.cell.weights.b_ih.defined());
}

TEST_CASE("recurrent layers: errors") {
  const nn::Params params(1);
  CHECK(error_of<ValueError>([&] { nn::LSTM(params / "a", 3, 4, {.proj_size = 4}); }) ==
        "rnn: proj_size = 4; it is 0, or of an LSTM with a hidden_size above it, but that is 4 (in "
        "a)");
  CHECK(error_of<ValueError>(
            [&] { nn::Rnn(params / "a", 3, 4, {.cell = RnnCell::gru, .proj_size = 2}); }) ==
        "rnn: proj_size = 2; it is 0, or of an LSTM with a hidden_size above it, but that is 4 (in "
        "a)");
  CHECK(error_of<ValueError>([&] {
          nn::RNN(params / "a", 3, 4, {.nonlinearity = RnnCell::lstm});
        }) == "rnn: the nonlinearity is tanh or relu (in a)");
  const nn::GRU gru(params / "g", 3, 4);
  CHECK(error_of<ShapeError>([&] { gru(ones({5, 2, 4})); }).ends_with("(in g)"));
  CHECK(error_of<GraphError>([&] {
          nn::GRU(3, 4)(ones({5, 2, 3}));
        }).starts_with("this layer was constructed without a scope"));
}

}  // namespace tapehead::recurrent_layers_test
