// The Vision Transformer.
#include "tapehead/nn/models/vit.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tapehead/autograd/gradcheck.h"
#include "tapehead/tests/expect.h"
#include "tapehead/tests/oracles/encoder_cases.h"
#include "tapehead/tests/oracles/formula.h"

namespace tapehead::vit_test {

using testing::difference;
using testing::error_of;

namespace {

nn::VitConfig small() {
  return {.image_size = {6, 6},
          .patch_size = {3, 3},
          .num_channels = 2,
          .num_classes = 3,
          .transformer = {.embed_dim = 8, .num_heads = 2, .ffn_dim = 12, .num_layers = 2}};
}

}  // namespace

TEST_CASE("images are cut into patches row by row") {
  const Tensor images = arange(2 * 2 * 4 * 6).reshape({2, 2, 4, 6});
  const Tensor patches = nn::image_patches(images, {2, 3});
  CHECK(patches.shape() == Shape{2, 4, 12});
  CHECK(patches[0][1].to_vector<int64_t>() ==
        std::vector<int64_t>{3, 4, 5, 9, 10, 11, 27, 28, 29, 33, 34, 35});
  CHECK(patches[1][2][0].item<int64_t>() == 48 + 12);
  CHECK(error_of<ShapeError>([&] {
          nn::image_patches(images, {2, 4});
        }) ==
        "image_patches: images are [2, 2, 4, 6]; expected [B, channels, height, width], of which "
        "patches of 2 x 4 divide the last two");
}

TEST_CASE("ViT is Hugging Face's") {
  const Tensor images = test::formula({2, 2, 6, 6}, 100);
  nn::Params params;
  // The head stands beside the model there.
  nn::VitConfig config = small();
  config.num_classes = 0;
  const nn::Vit trunk(params / "vit", config);
  const nn::Linear classifier(params / "classifier", 8, 3);
  test::fill_by_formula(params);
  CHECK(difference(classifier(trunk.pooled(trunk.encode(images).out)), test::kHfVit) < 1e-12);

  nn::Params other;
  config.transformer.attention.bias = false;
  config.transformer.attention.out_bias = true;
  config.pooler = 8;
  const nn::Vit pooling(other / "vit", config);
  CHECK_FALSE(other.contains("vit.layers.0.attention.qkv.bias"));
  test::fill_by_formula(other);
  const Tensor hidden = pooling.encode(images).out;
  CHECK(difference(hidden, test::kHfVitHidden) < 1e-12);
  CHECK(difference(pooling.pooled(hidden), test::kHfVitPooled) < 1e-12);
}

TEST_CASE("a ViT of every kind has the gradients of its formula") {
  for (const bool fixed : {false, true})
    for (const bool pool : {false, true}) {
      CAPTURE(fixed);
      CAPTURE(pool);
      nn::VitConfig config = small();
      config.transformer.num_layers = 1;
      config.fixed_positions = fixed;
      config.mean_pool = pool;
      config.pooler = pool ? 4 : 0;
      nn::Params params(1);
      const nn::Vit vit(params / "vit", config);
      CHECK(params.contains("vit.position.weight") == !fixed);
      CHECK(params.contains("vit.class_token") == !pool);
      test::fill_by_formula(params);
      const Tensor labels = tensor({2, 0});
      std::vector<Tensor> inputs{test::formula({2, 2, 6, 6}, 3)};
      for (const nn::Param& p : params.all()) inputs.push_back(p.value);
      gradcheck([&](const std::vector<Tensor>& x) { return vit.loss(x[0], labels, 0.1); }, inputs,
                {.directions = 3});
    }
}

TEST_CASE("ViT shows what its layers attended to") {
  nn::Params params(2);
  const nn::Vit vit(params / "vit", small());
  params.eval();
  const Tensor images = randn({3, 2, 6, 6});
  const nn::EncoderOutput seen = vit.encode(images, {.weights_of = WeightsOf{{1}, {0, 4}}});
  REQUIRE(seen.attention_weights.size() == 2);
  CHECK(seen.attention_weights[1].shape() == Shape{3, 1, 2, 5});
  CHECK(vit.encode(images).attention_weights.empty());
  const Tensor rollout = vit.rollout(images);
  CHECK(rollout.shape() == Shape{3, 2, 2});
  const std::vector<double> shares = sum(rollout, {1, 2}).to_vector<double>();
  for (const double share : shares)
    CHECK((share > 0.5 && share < 1));  // the token sees itself, too
}

TEST_CASE("what ViT refuses") {
  nn::Params params;
  const nn::Vit vit(params / "vit", small());
  CHECK(error_of<ShapeError>([&] {
          vit(zeros({1, 1, 6, 6}));
        }) == "vit: images are [1, 1, 6, 6]; expected [B, 2, 6, 6] (in vit)");
  CHECK(error_of<ValueError>([&] {
          nn::Vit(params / "wrong", {.image_size = {28, 28}, .patch_size = {4, 5}});
        }) ==
        "vit: patches of 4 x 5 do not divide an image of 28 x 28; choose a size that does (in "
        "wrong)");
  constexpr int64_t kHuge = int64_t{1} << 31;
  for (const nn::VitConfig& c :
       {nn::VitConfig{
            .image_size = {kHuge, kHuge}, .patch_size = {kHuge, kHuge}, .num_channels = kHuge},
        nn::VitConfig{.image_size = {kHuge, 2 * kHuge}, .patch_size = {1, 1}, .num_channels = 1}})
    CHECK(error_of<ValueError>([&] { nn::Vit(params / "huge", c); }) ==
          fmt::format("vit: an image of 2147483648 x {} in {} channels has more numbers than an "
                      "address can hold (in huge)",
                      c.image_size[1], c.num_channels));
  nn::VitConfig headless = small();
  headless.num_classes = 0;
  const nn::Vit trunk(params / "trunk", headless);
  CHECK(error_of<ValueError>([&] {
          trunk(zeros({1, 2, 6, 6}));
        }) == "vit: it was made without a head; give it num_classes, or call encode() (in trunk)");
}

}  // namespace tapehead::vit_test
