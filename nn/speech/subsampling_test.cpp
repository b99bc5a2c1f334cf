#include "tapehead/nn/speech/subsampling.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tapehead/autograd/gradcheck.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/tests/expect.h"

namespace tapehead::subsampling_test {

using testing::difference;
using testing::error_of;

namespace {

// Checks that padding changes nothing, and that outputs past the lengths are zeros.
template <class Layer>
void check_padding(const Layer& layer, const Tensor& x, const std::vector<int64_t>& lengths) {
  const Tensor padded = x.clone();
  for (int64_t b = 0; b < x.size(0); ++b)
    padded[b].slice(0, lengths[size_t(b)], x.size(1)).fill_(std::nan(""));
  const nn::EncodedFrames all = layer(padded, from_vector(lengths));
  for (int64_t b = 0; b < x.size(0); ++b) {
    CAPTURE(b);
    const nn::EncodedFrames one = layer(x.slice(0, b, b + 1).slice(1, 0, lengths[size_t(b)]));
    CHECK_FALSE(one.lengths.defined());
    const int64_t length = one.out.size(1);
    CHECK(all.lengths[b].item<int64_t>() == length);
    CHECK(difference(all.out[b].slice(0, 0, length), one.out[0]) < 1e-12);
    CHECK(abs(all.out[b].slice(0, length, all.out.size(1))).sum().item() == 0);
  }
}

template <class Layer>
void check_gradients(const Layer& layer, const nn::Params& params, const Tensor& x,
                     const Tensor& lengths) {
  std::vector<Tensor> inputs{x};
  for (const nn::Param& p : params.all()) inputs.push_back(p.value);
  gradcheck([&](const std::vector<Tensor>& in) { return std::vector{layer(in[0], lengths).out}; },
            inputs);
}

}  // namespace

TEST_CASE("a pyramidal LSTM halves the frames in each layer, rounded up") {
  nn::Params params(1);
  const nn::PyramidalLstm layer(params / "p", 3, {.hidden_size = 2, .num_layers = 2});
  params.to(f64);
  for (const auto& [frames, wanted] :
       {std::pair<int64_t, int64_t>{1, 1}, {2, 1}, {4, 1}, {5, 2}, {8, 2}, {9, 3}}) {
    CHECK(layer(zeros({2, frames, 3}, f64)).out.shape() == Shape{2, wanted, 4});
    CHECK(layer.output_length(frames) == wanted);
  }
  Generator generator{2, 0};
  check_padding(layer, randn({4, 7, 3}, f64, generator), {7, 4, 1, 5});
  check_gradients(layer, params, randn({2, 5, 3}, f64, generator), tensor({5, 3}));

  // The definition: the second layer reads pairs of outputs of the first.
  const nn::PyramidalLstm plain(params / "q", 3,
                                {.hidden_size = 2, .num_layers = 2, .base_layers = 0});
  params.to(f64);
  const Tensor x = randn({1, 8, 3}, f64, generator);
  const Tensor first = plain.layers[0](x.reshape({1, 4, 6})).out;
  CHECK(difference(plain(x).out, plain.layers[1](first.reshape({1, 2, 8})).out) == 0);
  check_padding(plain, randn({3, 6, 3}, f64, generator), {3, 6, 2});
}

TEST_CASE("convolutional subsampling is two convolutions of stride 2 and a linear layer") {
  nn::Params params(1);
  const nn::ConvSubsampling layer(params / "s", 8, 3, 5);
  params.to(f64);
  Generator generator{2, 0};
  const Tensor x = randn({1, 11, 8}, f64, generator);
  const Tensor y = relu(layer.conv2(relu(layer.conv1(x.unsqueeze(1)))));
  REQUIRE(y.shape() == Shape{1, 3, 2, 1});
  CHECK(difference(layer(x).out, layer.out(y.transpose(1, 2).flatten(2))) == 0);
  for (const auto& [frames, wanted] :
       {std::pair<int64_t, int64_t>{7, 1}, {10, 1}, {11, 2}, {14, 2}, {15, 3}, {100, 24}}) {
    CHECK(layer(zeros({2, frames, 8}, f64)).out.shape() == Shape{2, wanted, 5});
    CHECK(nn::ConvSubsampling::output_length(frames) == wanted);
  }
  CHECK(nn::ConvSubsampling::output_length(6) == 0);
  check_padding(layer, randn({4, 15, 8}, f64, generator), {15, 7, 13, 10});
  check_gradients(layer, params, randn({2, 11, 8}, f64, generator), tensor({11, 8}));
}

TEST_CASE("subsampling says what it takes") {
  nn::Params params;
  CHECK(error_of<ValueError>([&] { nn::PyramidalLstm(params / "p", 4, {.num_layers = 0}); }) ==
        "pyramidal_lstm: num_layers = 0, hidden_size = 256 and base_layers = 1; expected at "
        "least 1, 1 and 0 (in p)");
  CHECK(error_of<ValueError>([&] { nn::ConvSubsampling(params / "s", 6, 4, 2); }) ==
        "conv_subsampling: 6 features, 4 channels and 2 outputs; expected at least 7, 1 and 1 (in "
        "s)");
  CHECK(error_of<ValueError>([&] { nn::ConvSubsampling(params / "s", 8, 4, 0); }) ==
        "conv_subsampling: 8 features, 4 channels and 0 outputs; expected at least 7, 1 and 1 (in "
        "s)");
  const nn::PyramidalLstm lstm(params / "p", 4, {.hidden_size = 2});
  CHECK(error_of<ShapeError>([&] {
          lstm(zeros({2, 5, 3}));
        }) == "pyramidal_lstm: x is [2, 5, 3]; expected [B, T, 4] (in p)");
  CHECK(error_of<IndexError>([&] {
          lstm(zeros({2, 5, 4}), tensor({5, 6}));
        }) == "pyramidal_lstm: lengths[1] = 6 is outside 0..5 (in p)");
  const nn::ConvSubsampling conv(params / "s", 8, 4, 4);
  CHECK(error_of<ShapeError>([&] {
          conv(zeros({2, 8}));
        }) == "conv_subsampling: x is [2, 8]; expected [B, T, 8] (in s)");
  CHECK(error_of<ValueError>([&] {
          conv(zeros({2, 6, 8}));
        }) == "conv_subsampling: x has 6 frames; at least 7 are needed (in s)");
  CHECK(error_of<ValueError>([&] {
          conv(zeros({2, 9, 8}), tensor({9, 6}));
        }) == "conv_subsampling: lengths[1] = 6; at least 7 frames are needed (in s)");
}

}  // namespace tapehead::subsampling_test
