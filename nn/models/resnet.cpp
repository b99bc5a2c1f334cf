#include "tapehead/nn/models/resnet.h"

#include <fmt/format.h>

#include "tapehead/autograd/ops.h"
#include "tapehead/nn/batch_norm.h"
#include "tapehead/nn/containers.h"
#include "tapehead/nn/conv.h"
#include "tapehead/nn/linear.h"

namespace tapehead::nn {
namespace {

Conv2d convolution(const Scope& at, int64_t from, int64_t to, int64_t kernel, int64_t stride) {
  return {at,
          from,
          to,
          kernel,
          {.stride = stride,
           .padding = kernel / 2,
           .bias = false,
           .init = init::kaiming_normal(0, init::FanMode::fan_out, init::Nonlinearity::relu)}};
}

void check_config(const ResNetConfig& c) {
  if (c.blocks.size() != c.channels.size() || c.blocks.empty())
    throw ValueError(fmt::format(
        "resnet: blocks of {} stages, channels of {}; expected one number of each for every stage",
        c.blocks.size(), c.channels.size()));
  for (const std::vector<int64_t>* list : {&c.blocks, &c.channels})
    for (size_t i = 0; i < list->size(); ++i)
      if ((*list)[i] < 1)
        throw ValueError(fmt::format("resnet: stage {} has {} {}; it needs at least 1", i + 1,
                                     (*list)[i], list == &c.blocks ? "blocks" : "channels"));
  if (c.stem_stride < 0)
    throw ValueError(fmt::format(
        "resnet: stem_stride is {}; it must be at least 1, or 0 for the default", c.stem_stride));
}

int64_t stem_stride(const ResNetConfig& c) {
  if (c.stem_stride > 0) return c.stem_stride;
  return c.small_images ? 1 : 2;
}

// Of a dimension after a layer with this stride, padded so that only the stride reduces it.
int64_t strided(int64_t size, int64_t stride) { return (size + stride - 1) / stride; }

}  // namespace

ResidualBlock::ResidualBlock(const Scope& at, int64_t from, int64_t to, const Options& o) {
  if (o.bottleneck && to % 4 != 0)
    throw ValueError(
        fmt::format("resnet: a bottleneck has a quarter of its {} channels inside; they must be a "
                    "multiple of 4",
                    to));
  const int64_t inner = o.bottleneck ? to / 4 : to;
  conv1 = convolution(at / "conv1", from, inner, o.bottleneck ? 1 : 3, o.bottleneck ? 1 : o.stride);
  norm1 = BatchNorm2d(at / "bn1", inner);
  conv2 = convolution(at / "conv2", inner, inner, 3, o.bottleneck ? o.stride : 1);
  norm2 = BatchNorm2d(at / "bn2", inner);
  if (o.bottleneck) {
    conv3 = convolution(at / "conv3", inner, to, 1, 1);
    norm3 = BatchNorm2d(at / "bn3", to);
  }
  if (o.stride != 1 || from != to)
    downsample = Sequential(at / "downsample",
                            {convolution(Scope(), from, to, 1, o.stride), BatchNorm2d{to}});
}

Tensor ResidualBlock::operator()(const Tensor& x) const {
  Tensor y = norm2(conv2(relu(norm1(conv1(x)))));
  if (conv3) y = norm3(conv3(relu(y)));
  return relu(y + (downsample ? downsample(x) : x));
}

ResNet::ResNet(const Scope& at, const ResNetConfig& c) : config_(c) {
  check_config(c);
  conv1 = convolution(at / "conv1", c.num_channels, c.stem_channels, c.small_images ? 3 : 7,
                      stem_stride(c));
  norm1 = BatchNorm2d(at / "bn1", c.stem_channels);
  int64_t from = c.stem_channels;
  for (size_t s = 0; s < c.blocks.size(); ++s) {
    const Scope stage = at / fmt::format("layer{}", s + 1);
    stages.emplace_back();
    for (int64_t b = 0; b < c.blocks[s]; ++b) {
      stages.back().emplace_back(
          stage / b, from, c.channels[s],
          ResidualBlock::Options{.stride = s > 0 && b == 0 ? 2 : 1, .bottleneck = c.bottleneck});
      from = c.channels[s];
    }
  }
  if (c.num_classes > 0) head = Linear(at / "fc", from, c.num_classes);
}

std::vector<Tensor> ResNet::stage_features(const Tensor& images) const {
  if (images.dim() != 4 || images.size(1) != config_.num_channels)
    throw ShapeError(fmt::format("resnet: images are {}; expected [B, {}, H, W]",
                                 images.shape().str(), config_.num_channels));
  Tensor x = relu(norm1(conv1(images)));
  if (!config_.small_images) x = max_pool2d(x, 3, {.stride = 2, .padding = 1});
  std::vector<Tensor> outputs;
  for (const std::vector<ResidualBlock>& stage : stages) {
    for (const ResidualBlock& block : stage) x = block(x);
    outputs.push_back(x);
  }
  return outputs;
}

Tensor ResNet::features(const Tensor& images) const { return stage_features(images).back(); }

Tensor ResNet::regions(const Tensor& images) const {
  return features(images).flatten(2).transpose(1, 2);
}

Tensor ResNet::operator()(const Tensor& images) const {
  if (!head) throw ValueError("resnet: it has no head; set num_classes, or use features()");
  return head(mean(features(images).flatten(2), -1));
}

std::array<int64_t, 2> ResNet::grid(int64_t height, int64_t width) const {
  const auto of = [&](int64_t size) {
    size = strided(size, stem_stride(config_));
    for (size_t s = config_.small_images ? 1 : 0; s < stages.size(); ++s) size = strided(size, 2);
    return size;
  };
  return {of(height), of(width)};
}

}  // namespace tapehead::nn
