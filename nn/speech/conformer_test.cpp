#include "tapehead/nn/speech/conformer.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/gradcheck.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/tests/expect.h"
#include "tapehead/tests/oracles/conformer_cases.h"
#include "tapehead/tests/oracles/formula.h"

namespace tapehead::conformer_test {

using testing::difference;
using testing::error_of;

namespace {

constexpr nn::ConvolutionNorm kNorms[] = {nn::ConvolutionNorm::batch_norm,
                                          nn::ConvolutionNorm::layer_norm};

// x with NaN in place of padding.
Tensor with_padding(const Tensor& x, const std::vector<int64_t>& lengths) {
  const Tensor padded = x.clone();
  for (int64_t b = 0; b < x.size(0); ++b)
    padded[b].slice(0, lengths[size_t(b)], x.size(1)).fill_(std::nan(""));
  return padded;
}

}  // namespace

TEST_CASE("relative positions are the sinusoids of distances") {
  const Tensor r = nn::relative_positions(4, 5);
  REQUIRE(r.shape() == Shape{7, 5});
  for (int64_t row = 0; row < 7; ++row)
    for (int64_t i = 0; i < 5; ++i) {
      const double angle =
          static_cast<double>(3 - row) * std::pow(10000, -static_cast<double>(i - i % 2) / 5);
      CHECK(r[row][i].item() ==
            doctest::Approx(i % 2 == 0 ? std::sin(angle) : std::cos(angle)).epsilon(1e-6));
    }
}

TEST_CASE("relative attention is its formula") {
  constexpr int64_t B = 2, T = 5, C = 4, H = 2, D = 2;
  nn::Params params(1);
  const nn::RelativeAttention layer(params / "a", {.embed_dim = C, .num_heads = H});
  params.to(f64);
  Generator generator{2, 0};
  const Tensor x = randn({B, T, C}, f64, generator);
  const std::vector<int64_t> lengths{5, 3};
  const Tensor q = layer.q(x), k = layer.k(x), v = layer.v(x);
  const Tensor r = layer.position(nn::relative_positions(T, C).to(f64));
  const AttentionOutput got =
      layer.attend(x, {.lengths = from_vector(lengths), .weights_of = WeightsOf{}});
  for (int64_t b = 0; b < B; ++b)
    for (int64_t h = 0; h < H; ++h)
      for (int64_t i = 0; i < lengths[size_t(b)]; ++i) {
        std::vector<double> p(static_cast<size_t>(lengths[size_t(b)]));
        double total = 0;
        for (size_t j = 0; j < p.size(); ++j) {
          double score = 0;
          for (int64_t d = 0; d < D; ++d) {
            const int64_t c = h * D + d, at = T - 1 - (i - int64_t(j));
            const double query = q[b][i][c].item();
            score += (query + layer.pos_bias_u[h][d].item()) * k[b][int64_t(j)][c].item() +
                     (query + layer.pos_bias_v[h][d].item()) * r[at][c].item();
          }
          total += p[j] = std::exp(score / std::sqrt(double(D)));
        }
        for (size_t j = 0; j < p.size(); ++j)
          CHECK(got.weights[b][h][i][int64_t(j)].item() ==
                doctest::Approx(p[j] / total).epsilon(1e-9));
      }
  const Tensor heads = v.reshape({B, T, H, D}).transpose(1, 2);
  const Tensor mixed = matmul(got.weights, heads).transpose(1, 2).flatten(2);
  CHECK(difference(got.out[0], layer.out(mixed)[0]) < 1e-12);
}

TEST_CASE("a convolution module is its formula, and normalises the frames within the lengths") {
  for (const nn::ConvolutionNorm norm : kNorms) {
    nn::Params params(1);
    const nn::ConvolutionModule layer(params / "c", 3,
                                      {.depthwise_conv_kernel_size = 5, .norm = norm});
    params.to(f64);
    Generator generator{2, 0};
    const Tensor x = randn({2, 6, 3}, f64, generator);
    const std::vector<int64_t> lengths{6, 4};
    const Tensor gated = masked_fill(glu(layer.pointwise1(layer.norm(x)), -1),
                                     padding_mask(from_vector(lengths), 6).unsqueeze(-1), 0);
    const Tensor y = layer.depthwise(gated.transpose(1, 2)).transpose(1, 2);
    const Tensor rows = cat({y[0], y[1].slice(0, 0, 4)}, 0);
    const Tensor normal = layer.layer_norm
                              ? (*layer.layer_norm)(rows)
                              : (rows - mean(rows, {0})) / sqrt(var(rows, {0}, false, 0) + 1e-5);
    const Tensor wanted = layer.pointwise2(silu(normal));
    const Tensor got = layer(x, from_vector(lengths));
    CHECK(difference(got[0], wanted.slice(0, 0, 6)) < 1e-12);
    CHECK(difference(got[1].slice(0, 0, 4), wanted.slice(0, 6, 10)) < 1e-12);
    if (layer.batch_norm)
      CHECK(difference(layer.batch_norm->running_mean, 0.1 * mean(rows, {0})) < 1e-12);
  }
}

TEST_CASE("a conformer layer adds its parts to its input") {
  for (const bool first : {false, true}) {
    nn::Params params(1);
    const nn::ConformerLayer layer(params / "c", {.input_dim = 4,
                                                  .num_heads = 2,
                                                  .depthwise_conv_kernel_size = 3,
                                                  .norm = nn::ConvolutionNorm::layer_norm,
                                                  .convolution_first = first});
    params.to(f64);
    Generator generator{2, 0};
    const Tensor in = randn({2, 5, 4}, f64, generator);
    Tensor x = in + layer.ffn1(layer.ffn1_norm(in)) / 2;
    if (first) x = x + layer.convolution(x);
    x = x + layer.attention(layer.attention_norm(x));
    if (!first) x = x + layer.convolution(x);
    x = layer.norm(x + layer.ffn2(layer.ffn2_norm(x)) / 2);
    CHECK(difference(layer(in), x) < 1e-12);
  }
}

TEST_CASE("a conformer is Hugging Face's") {
  nn::Params params;
  const nn::Conformer conformer(params / "conformer", {.input_dim = 8,
                                                       .num_heads = 2,
                                                       .ffn_dim = 12,
                                                       .num_layers = 2,
                                                       .depthwise_conv_kernel_size = 3});
  test::fill_by_formula(params);
  for (const nn::Param& p : params.all())  // there, the module has no other biases
    if (p.path.ends_with("pointwise1.bias") || p.path.ends_with("pointwise2.bias") ||
        p.path.ends_with("depthwise.bias")) {
      const NoGradGuard off;
      p.value.zero_();
    }
  for (const nn::ConformerLayer& layer : conformer.layers) {
    layer.convolution.batch_norm->running_mean.copy_(test::formula({8}, 1));
    layer.convolution.batch_norm->running_var.copy_(1 + test::formula({8}, 2));
  }
  Tensor x = test::formula({2, 6, 8}, 100);
  CHECK(difference(conformer(x).out, test::kHfConformer) < 1e-6);
  params.train();
  x.set_requires_grad();
  const Tensor y = conformer(x).out;
  CHECK(difference(y, test::kHfConformerTrained) < 1e-6);
  (y * test::formula({2, 6, 8}, 101)).sum().backward();
  CHECK(difference(x.grad(), test::kHfConformerGradient) < 1e-5);
}

TEST_CASE("a conformer: padding changes nothing, in training and evaluation") {
  for (const nn::ConvolutionNorm norm : kNorms)
    for (const bool first : {false, true}) {
      CAPTURE(first);
      nn::Params params(1);
      const nn::Conformer model(params / "c", {.input_dim = 4,
                                               .num_heads = 2,
                                               .ffn_dim = 5,
                                               .num_layers = 2,
                                               .depthwise_conv_kernel_size = 3,
                                               .norm = norm,
                                               .convolution_first = first});
      params.to(f64);
      Generator generator{2, 0};
      const Tensor x = randn({3, 7, 4}, f64, generator);
      const std::vector<int64_t> lengths{4, 5, 2};
      const auto run = [&](const Tensor& in) {
        params.zero_grad();
        const nn::EncodedFrames y = model(in, from_vector(lengths));
        const Tensor inside =
            cat({y.out[0].slice(0, 0, 4), y.out[1].slice(0, 0, 5), y.out[2].slice(0, 0, 2)}, 0);
        sum(square(inside)).backward();
        std::vector<Tensor> all{inside.detach()};
        for (const nn::Param& p : params.trainable()) all.push_back(p.value.grad().clone());
        CHECK(sum(abs(y.out)).item() == doctest::Approx(sum(abs(inside)).item()));
        return all;
      };
      const auto longer = run(with_padding(x, lengths));
      const auto shorter = run(x.slice(1, 0, 5));
      for (size_t i = 0; i < longer.size(); ++i) CHECK(difference(longer[i], shorter[i]) < 1e-10);
      params.eval();
      CHECK(difference(model(with_padding(x, lengths), from_vector(lengths)).out[2].slice(0, 0, 2),
                       model(x.slice(0, 2, 3).slice(1, 0, 2)).out[0]) < 1e-12);
    }
}

TEST_CASE("a conformer has the gradients of its formula") {
  for (const nn::ConvolutionNorm norm : kNorms) {
    nn::Params params(1);
    const nn::Conformer model(params / "c", {.input_dim = 2,
                                             .num_heads = 1,
                                             .ffn_dim = 2,
                                             .num_layers = 1,
                                             .depthwise_conv_kernel_size = 3,
                                             .norm = norm});
    params.to(f64);
    Generator generator{2, 0};
    std::vector<Tensor> inputs{randn({2, 3, 2}, f64, generator)};
    for (const nn::Param& p : params.trainable()) inputs.push_back(p.value);
    const auto f = [&](const std::vector<Tensor>& in) {
      return std::vector{model(in[0], tensor({3, 2})).out};
    };
    gradcheck(f, inputs);
    gradgradcheck(f, inputs);
  }
}

TEST_CASE("a conformer's layers fit a TransformerEncoder, and return attention weights") {
  nn::Params params(1);
  const nn::ConformerOptions o{
      .input_dim = 4, .num_heads = 2, .num_layers = 2, .depthwise_conv_kernel_size = 3};
  const nn::Conformer model(params / "c", o);
  params.eval();
  const Tensor x = randn({2, 5, 4});
  const nn::EncoderOutput y = model.attend(x, {.weights_of = WeightsOf{}});
  REQUIRE(y.attention_weights.size() == 2);
  CHECK(y.attention_weights[1].shape() == Shape{2, 2, 5, 5});
  const nn::AnyEncoderLayer any = model.layers[0];
  CHECK(difference(any(x, {}), model.layers[0](x)) == 0);
  CHECK(any.attend(x, {.weights_of = WeightsOf{}}).attention_weights.defined());
  const std::string wrong =
      "conformer_layer: its convolution sees what comes next and before; it is not for causal "
      "attention or packed sequences";
  CHECK(error_of<ValueError>([&] { any(x, {.causal = true}); }) == wrong);
  const Tensor begins = tensor({0, 2, 5}, i64);
  CHECK(error_of<ValueError>([&] { any(x, {.packed = {begins, begins}}); }) == wrong);
}

TEST_CASE("a conformer says what it takes") {
  nn::Params params;
  CHECK(error_of<ValueError>([&] { nn::relative_positions(0, 4); }) ==
        "relative_positions: length = 0 and embed_dim = 4; both must be at least 1");
  CHECK(error_of<ValueError>([&] { nn::Conformer(params / "c", {}); }) ==
        "conformer: input_dim = 0 and num_layers = 12; both must be at least 1 (in c)");
  CHECK(error_of<ValueError>([&] {
          nn::RelativeAttention(params / "a", {.embed_dim = 6, .num_heads = 4});
        }) == "relative_attention: 4 heads do not divide embed_dim = 6 (in a)");
  CHECK(error_of<ValueError>([&] {
          nn::ConvolutionModule(params / "m", 4, {.depthwise_conv_kernel_size = 4});
        }) == "convolution_module: depthwise_conv_kernel_size = 4; expected an odd number (in m)");
  const nn::Conformer model(params / "c",
                            {.input_dim = 4, .num_layers = 1, .depthwise_conv_kernel_size = 3});
  CHECK(error_of<ShapeError>([&] {
          model(zeros({2, 5, 3}));
        }) == "conformer: x is [2, 5, 3]; expected [B, T, 4] (in c)");
  CHECK(error_of<IndexError>([&] {
          model(zeros({2, 5, 4}), tensor({5, 6}));
        }) == "conformer: lengths[1] = 6 is outside 0..5 (in c)");
  CHECK(error_of<ShapeError>([&] {
          model.layers[0].attention(zeros({2, 5, 4}), {}, zeros({5, 4}));
        }) ==
        "relative_attention: positions are [5, 4]; expected [9, 4] (in c.layers.0.attention)");
}

}  // namespace tapehead::conformer_test
