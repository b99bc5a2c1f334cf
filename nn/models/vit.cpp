#include "tapehead/nn/models/vit.h"

#include <fmt/format.h>

#include <algorithm>

#include "tapehead/core/creation.h"
#include "tapehead/nn/rollout.h"

namespace tapehead::nn {
namespace {

TransformerOptions options_of(const VitConfig& c) {
  return {.width = c.width,
          .heads = c.heads,
          .hidden = c.hidden,
          .layers = c.layers,
          .dropout = c.dropout,
          .eps = c.eps,
          .act = c.act,
          .qkv_bias = c.qkv_bias,
          .packed = true,
          .init = c.init};
}

std::array<int64_t, 2> grid_of(const Scope& at, const VitConfig& c) {
  return nn::at(at, [&] {
    for (size_t i = 0; i < 2; ++i)
      if (c.image[i] < 1 || c.patch[i] < 1 || c.image[i] % c.patch[i] != 0)
        throw ValueError(
            fmt::format("vit: patches of {} x {} do not divide an image of {} x {}; choose a size "
                        "that does",
                        c.patch[0], c.patch[1], c.image[0], c.image[1]));
    int64_t numbers = std::max<int64_t>(c.channels, 1);  // products of all other sizes are smaller
    if (__builtin_mul_overflow(numbers, c.image[0], &numbers) ||
        __builtin_mul_overflow(numbers, c.image[1], &numbers) || numbers > INT64_MAX / 4)
      throw ValueError(fmt::format(
          "vit: an image of {} x {} in {} channels has more numbers than an address can "
          "hold",
          c.image[0], c.image[1], c.channels));
    return std::array{c.image[0] / c.patch[0], c.image[1] / c.patch[1]};
  });
}

LinearOptions linear_options(const VitConfig& c) {
  return {.init = c.init, .bias_init = init::zeros()};
}

}  // namespace

Tensor image_patches(const Tensor& images, const std::array<int64_t, 2>& patch) {
  const auto [h, w] = patch;
  if (images.dim() != 4 || h < 1 || w < 1 || images.size(2) % h != 0 || images.size(3) % w != 0)
    throw ShapeError(
        fmt::format("image_patches: images are {}; expected [B, channels, height, width], of which "
                    "patches of {} x {} divide the last two",
                    images.shape().str(), h, w));
  const int64_t rows = images.size(2) / h, columns = images.size(3) / w;
  return images.reshape({images.size(0), images.size(1), rows, h, columns, w})
      .permute({0, 2, 4, 1, 3, 5})
      .reshape({images.size(0), rows * columns, images.size(1) * h * w});
}

Vit::Vit(Scope at, const VitConfig& c)
    : at_(std::move(at)),
      config_(c),
      grid_(grid_of(at_, c)),
      patch_(at_ / "patch", c.channels * c.patch[0] * c.patch[1], c.width, linear_options(c)),
      dropout_(at_ / "dropout", c.dropout),
      encoder_(at_, options_of(c)) {
  const int64_t extra = c.mean_pool ? 0 : 1;
  if (!c.mean_pool) class_token_ = at_.param("class_token", {c.width}, c.position_init);
  if (!c.fixed_positions)
    position_.emplace(at_ / "position", grid_[0] * grid_[1] + extra, c.width, c.position_init);
  if (c.pooler > 0) pooler_.emplace(at_ / "pooler", c.width, c.pooler, linear_options(c));
  if (c.classes > 0)
    head_.emplace(at_ / "head", c.pooler > 0 ? c.pooler : c.width, c.classes, linear_options(c));
}

Encoded Vit::encode(const Tensor& images, const AttentionOptions& seen) const {
  return nn::at(at_, [&] {
    const VitConfig& c = config_;
    if (images.dim() != 4 || images.size(1) != c.channels || images.size(2) != c.image[0] ||
        images.size(3) != c.image[1])
      throw ShapeError(fmt::format("vit: images are {}; expected [B, {}, {}, {}]",
                                   images.shape().str(), c.channels, c.image[0], c.image[1]));
    Tensor x = patch_(image_patches(images, c.patch));
    if (c.fixed_positions)
      x = x + sinusoidal_positions_2d(grid_[0], grid_[1], c.width).to(x.dtype());
    if (class_token_.defined()) x = cat({class_token_.expand({x.size(0), 1, c.width}), x}, 1);
    if (position_) x = (*position_)(x);
    return encoder_.attend(dropout_(x), seen);
  });
}

Tensor Vit::pooled(const Tensor& encoded) const {
  return nn::at(at_, [&] {
    const Tensor x = config_.mean_pool ? mean(encoded, {1}) : encoded.select(1, 0);
    return pooler_ ? tanh((*pooler_)(x)) : x;
  });
}

Tensor Vit::operator()(const Tensor& images) const {
  return nn::at(at_, [&] {
    if (!head_)
      throw ValueError("vit: it was made without a head; give it classes, or call encode()");
    return (*head_)(pooled(encode(images).out));
  });
}

Tensor Vit::loss(const Tensor& images, const Tensor& labels, double label_smoothing) const {
  return cross_entropy((*this)(images), labels, {.label_smoothing = label_smoothing});
}

Tensor Vit::rollout(const Tensor& images) const {
  const Tensor all = attention_rollout(encode(images, {.weights_of = WeightsOf{}}).weights);
  const Tensor seen =
      config_.mean_pool ? mean(all, {1}) : all.select(1, 0).slice(1, 1, all.size(2));
  return seen.reshape({seen.size(0), grid_[0], grid_[1]});
}

}  // namespace tapehead::nn
