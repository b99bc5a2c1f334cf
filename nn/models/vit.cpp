#include "tapehead/nn/models/vit.h"

#include <fmt/format.h>

#include <algorithm>

#include "tapehead/core/creation.h"
#include "tapehead/nn/rollout.h"

namespace tapehead::nn {
namespace {

std::array<int64_t, 2> grid_of(const Scope& at, const VitConfig& c) {
  return nn::at(at, [&] {
    for (size_t i = 0; i < 2; ++i)
      if (c.image_size[i] < 1 || c.patch_size[i] < 1 || c.image_size[i] % c.patch_size[i] != 0)
        throw ValueError(
            fmt::format("vit: patches of {} x {} do not divide an image of {} x {}; choose a size "
                        "that does",
                        c.patch_size[0], c.patch_size[1], c.image_size[0], c.image_size[1]));
    int64_t numbers =
        std::max<int64_t>(c.num_channels, 1);  // products of all other sizes are smaller
    if (__builtin_mul_overflow(numbers, c.image_size[0], &numbers) ||
        __builtin_mul_overflow(numbers, c.image_size[1], &numbers) || numbers > INT64_MAX / 4)
      throw ValueError(fmt::format(
          "vit: an image of {} x {} in {} channels has more numbers than an address can "
          "hold",
          c.image_size[0], c.image_size[1], c.num_channels));
    return std::array{c.image_size[0] / c.patch_size[0], c.image_size[1] / c.patch_size[1]};
  });
}

// In a patch. Throws for an image that patches do not divide.
int64_t patch_numbers(const Scope& at, const VitConfig& c) {
  grid_of(at, c);
  return c.num_channels * c.patch_size[0] * c.patch_size[1];
}

LinearOptions linear_options(const VitConfig& c) {
  return {.init = c.transformer.init, .bias_init = init::zeros()};
}

}  // namespace

Tensor image_patches(const Tensor& images, const std::array<int64_t, 2>& patch_size) {
  const auto [h, w] = patch_size;
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

VitConfig completed(VitConfig c) {
  c.transformer = completed(c.transformer, {.embed_dim = 768,
                                            .num_heads = 12,
                                            .num_layers = 12,
                                            .activation = gelu,
                                            .attention = {.packed_qkv = true},
                                            .norm = {.eps = 1e-12}});
  return c;
}

Vit::Vit(Scope at, const VitConfig& config) : Vit(std::move(at), completed(config), nullptr) {}

Vit::Vit(Scope at, const VitConfig& c, std::nullptr_t)
    : patch(Linear(at / "patch", patch_numbers(at, c), c.transformer.embed_dim, linear_options(c))),
      encoder(at, c.transformer),
      dropout(Dropout(at / "dropout", *c.transformer.dropout)),
      at_(std::move(at)),
      config_(c),
      grid_(grid_of(at_, c)) {
  const int64_t C = c.transformer.embed_dim, extra = c.mean_pool ? 0 : 1;
  if (!c.mean_pool) class_token = at_.param("class_token", {C}, c.position_init);
  if (!c.fixed_positions)
    position.emplace(at_ / "position", grid_[0] * grid_[1] + extra, C, c.position_init);
  if (c.pooler > 0) pooler = Linear(at_ / "pooler", C, c.pooler, linear_options(c));
  if (c.num_classes > 0)
    head = Linear(at_ / "head", c.pooler > 0 ? c.pooler : C, c.num_classes, linear_options(c));
}

EncoderOutput Vit::encode(const Tensor& images, const AttentionOptions& options) const {
  return nn::at(at_, [&] {
    const VitConfig& c = config_;
    if (images.dim() != 4 || images.size(1) != c.num_channels ||
        images.size(2) != c.image_size[0] || images.size(3) != c.image_size[1])
      throw ShapeError(fmt::format("vit: images are {}; expected [B, {}, {}, {}]",
                                   images.shape().str(), c.num_channels, c.image_size[0],
                                   c.image_size[1]));
    Tensor x = patch(image_patches(images, c.patch_size));
    if (c.fixed_positions)
      x = x + sinusoidal_positions_2d(grid_[0], grid_[1], c.transformer.embed_dim).to(x.dtype());
    if (class_token.defined())
      x = cat({class_token.expand({x.size(0), 1, c.transformer.embed_dim}), x}, 1);
    if (position) x = (*position)(x);
    return encoder.attend(dropout(x), options);
  });
}

Tensor Vit::pooled(const Tensor& encoded) const {
  return nn::at(at_, [&] {
    const Tensor x = config_.mean_pool ? mean(encoded, {1}) : encoded.select(1, 0);
    return pooler ? tanh(pooler(x)) : x;
  });
}

Tensor Vit::operator()(const Tensor& images) const {
  return nn::at(at_, [&] {
    if (!head)
      throw ValueError("vit: it was made without a head; give it num_classes, or call encode()");
    return head(pooled(encode(images).out));
  });
}

Tensor Vit::loss(const Tensor& images, const Tensor& labels, double label_smoothing) const {
  return cross_entropy((*this)(images), labels, {.label_smoothing = label_smoothing});
}

Tensor Vit::rollout(const Tensor& images) const {
  const Tensor all =
      attention_rollout(encode(images, {.weights_of = WeightsOf{}}).attention_weights);
  const Tensor found =
      config_.mean_pool ? mean(all, {1}) : all.select(1, 0).slice(1, 1, all.size(2));
  return found.reshape({found.size(0), grid_[0], grid_[1]});
}

}  // namespace tapehead::nn
