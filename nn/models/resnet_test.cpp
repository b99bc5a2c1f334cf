// Residual networks.
#include "tapehead/nn/models/resnet.h"

#include <doctest/doctest.h>

#include <array>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/tests/expect.h"
#include "tapehead/tests/oracles/formula.h"
#include "tapehead/tests/oracles/resnet_cases.h"

namespace tapehead::resnet_test {

using testing::difference;
using testing::error_of;

namespace {

nn::ResNetConfig basic() {
  return {.num_classes = 3,
          .blocks = {2, 1},
          .channels = {8, 12},
          .stem_channels = 8,
          .small_images = true};
}
nn::ResNetConfig bottleneck() {
  return {.num_classes = 3,
          .blocks = {2, 1},
          .channels = {16, 24},
          .bottleneck = true,
          .stem_channels = 8};
}

// Fills the parameters, not the running statistics.
void fill(const nn::Params& params) {
  const NoGradGuard off;
  params.to(f64);
  for (const nn::Param& p : params.all())
    if (!p.is_buffer) p.value.copy_(test::formula(p.value.shape(), test::salt_of(p.path)));
}

}  // namespace

TEST_CASE("residual networks are torchvision's") {
  const struct {
    nn::ResNetConfig config;
    const std::vector<double>&train, &eval;
  } cases[] = {{basic(), test::kResNetBasicTrain, test::kResNetBasicEval},
               {bottleneck(), test::kResNetBottleneckTrain, test::kResNetBottleneckEval}};
  const Tensor images = test::formula({2, 3, 20, 26}, 100);
  for (const auto& c : cases) {
    CAPTURE(c.config.bottleneck);
    nn::Params params;
    const nn::ResNet net(params.root(), c.config);
    fill(params);
    CHECK(difference(net(images), c.train) < 1e-11);
    params.eval();  // with the running statistics of the call above
    CHECK(difference(net(images), c.eval) < 1e-11);
  }
}

TEST_CASE("a residual network's regions are its features, row by row") {
  nn::ResNetConfig reduced = basic(), kept = bottleneck();
  reduced.stem_stride = 2;
  kept.stem_stride = 1;
  for (const nn::ResNetConfig& config : {basic(), bottleneck(), reduced, kept}) {
    CAPTURE(config.bottleneck);
    CAPTURE(config.stem_stride);
    nn::Params params(1);
    const nn::ResNet net(params.root(), config);
    params.eval();
    for (const Shape& size : {Shape{20, 26}, Shape{13, 9}}) {
      const Tensor images = rand({2, 3, size[0], size[1]});
      const Tensor x = net.features(images), regions = net.regions(images);
      const auto [rows, columns] = net.grid(size[0], size[1]);
      CHECK(x.shape() == Shape{2, config.channels.back(), rows, columns});
      CHECK(regions.shape() == Shape{2, rows * columns, config.channels.back()});
      CHECK(equal(regions[1][columns + 1], x[1].select(1, 1).select(1, 1)));
      const std::vector<Tensor> stages = net.stage_features(images);
      REQUIRE(stages.size() == config.channels.size());
      for (size_t s = 0; s < stages.size(); ++s) CHECK(stages[s].size(1) == config.channels[s]);
      CHECK(stages[0].size(2) >= 2 * rows - 1);
      CHECK(equal(stages.back(), x));
    }
  }
}

TEST_CASE("a residual network's first convolution has the stride that is asked for") {
  const auto grid = [](bool small_images, int64_t stem_stride) {
    nn::Params params;
    const nn::ResNet net(params / "net", {.blocks = {1},
                                          .channels = {4},
                                          .stem_channels = 4,
                                          .small_images = small_images,
                                          .stem_stride = stem_stride});
    return net.grid(32, 40);
  };
  using Grid = std::array<int64_t, 2>;
  CHECK(grid(true, 0) == Grid{32, 40});
  CHECK(grid(true, 2) == Grid{16, 20});
  CHECK(grid(true, 4) == Grid{8, 10});
  CHECK(grid(false, 0) == Grid{8, 10});
  CHECK(grid(false, 1) == Grid{16, 20});
}

TEST_CASE("residual networks refuse what does not fit") {
  nn::Params params;
  const nn::ResNet net(params / "net", {.blocks = {1}, .channels = {4}, .stem_channels = 4});
  CHECK(error_of<ShapeError>([&] {
          net.features(rand({2, 1, 8, 8}));
        }) == "resnet: images are [2, 1, 8, 8]; expected [B, 3, H, W]");
  CHECK(error_of<ValueError>([&] {
          net(rand({2, 3, 8, 8}));
        }) == "resnet: it has no head; set num_classes, or use features()");
  CHECK(error_of<ValueError>([&] {
          nn::ResNet(params / "a", {.blocks = {1, 2}, .channels = {4}});
        }) ==
        "resnet: blocks of 2 stages, channels of 1; expected one number of each for every stage");
  CHECK(error_of<ValueError>([&] {
          nn::ResNet(params / "b", {.blocks = {1, 0}, .channels = {4, 4}});
        }) == "resnet: stage 2 has 0 blocks; it needs at least 1");
  CHECK(error_of<ValueError>([&] {
          nn::ResNet(params / "c", {.blocks = {1}, .channels = {6}, .bottleneck = true});
        }) ==
        "resnet: a bottleneck has a quarter of its 6 channels inside; they must be a multiple of "
        "4");
  CHECK(error_of<ValueError>([&] {
          nn::ResNet(params / "d", {.blocks = {1}, .channels = {4}, .stem_stride = -1});
        }) == "resnet: stem_stride is -1; it must be at least 1, or 0 for the default");
}

}  // namespace tapehead::resnet_test
