#include "tapehead/nn/vision.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/nn/containers.h"
#include "tapehead/tests/parity/parity.h"

namespace tapehead::parity {
namespace {

using Mode = InterpolateMode;

template <GridSampleMode kMode, GridSamplePadding kPadding, bool kAligned>
Tensors grid(const Tensors& x) {
  return {grid_sample(x[0], x[1], {kMode, kPadding, kAligned})};
}
constexpr auto kBilinear = GridSampleMode::bilinear;
constexpr auto kNearest = GridSampleMode::nearest;
constexpr auto kBicubic = GridSampleMode::bicubic;
constexpr auto kZeros = GridSamplePadding::zeros;
constexpr auto kBorder = GridSamplePadding::border;
constexpr auto kReflection = GridSamplePadding::reflection;
Tensors maxima(const ValuesAndIndices& result) { return {result.values, result.indices}; }

}  // namespace

// clang-format off
const Family kVision("vision", {
  {"interpolate/nearest", [](const Tensors& x) { return Tensors{interpolate(x[0], {.size = {4}})}; }},
  {"interpolate/nearest.twice", [](const Tensors& x) { return Tensors{interpolate(x[0], {.scale_factor = {2}})}; }},
  {"interpolate/nearest.factor", [](const Tensors& x) { return Tensors{interpolate(x[0], {.scale_factor = {1.7, 0.6, 2.6}})}; }},
  {"interpolate/nearest.recomputed", [](const Tensors& x) { return Tensors{interpolate(x[0], {.scale_factor = {1.7}, .recompute_scale_factor = true})}; }},
  {"interpolate/nearest_exact", [](const Tensors& x) { return Tensors{interpolate(x[0], {.size = {3, 7}, .mode = Mode::nearest_exact})}; }},
  {"interpolate/nearest_exact.factor", [](const Tensors& x) { return Tensors{interpolate(x[0], {.scale_factor = {1.3}, .mode = Mode::nearest_exact})}; }},
  {"interpolate/linear", [](const Tensors& x) { return Tensors{interpolate(x[0], {.size = {8}, .mode = Mode::linear})}; }},
  {"interpolate/linear.factor", [](const Tensors& x) { return Tensors{interpolate(x[0], {.scale_factor = {1.5}, .mode = Mode::linear})}; }},
  {"interpolate/linear.same", [](const Tensors& x) { return Tensors{interpolate(x[0], {.scale_factor = {1.1}, .mode = Mode::linear})}; }},
  {"interpolate/linear.aligned", [](const Tensors& x) { return Tensors{interpolate(x[0], {.size = {8}, .mode = Mode::linear, .align_corners = true})}; }},
  {"interpolate/linear.one", [](const Tensors& x) { return Tensors{interpolate(x[0], {.size = {1}, .mode = Mode::linear, .align_corners = true})}; }},
  {"interpolate/bilinear", [](const Tensors& x) { return Tensors{interpolate(x[0], {.size = {7, 2}, .mode = Mode::bilinear})}; }},
  {"interpolate/bilinear.factor", [](const Tensors& x) { return Tensors{interpolate(x[0], {.scale_factor = {1.4, 0.7}, .mode = Mode::bilinear})}; }},
  {"interpolate/bilinear.recomputed", [](const Tensors& x) { return Tensors{interpolate(x[0], {.scale_factor = {1.4, 0.7}, .mode = Mode::bilinear, .recompute_scale_factor = true})}; }},
  {"interpolate/bilinear.antialias", [](const Tensors& x) { return Tensors{interpolate(x[0], {.size = {3, 8}, .mode = Mode::bilinear, .antialias = true})}; }},
  {"interpolate/bilinear.antialias.aligned", [](const Tensors& x) { return Tensors{interpolate(x[0], {.size = {3, 8}, .mode = Mode::bilinear, .align_corners = true, .antialias = true})}; }},
  {"interpolate/bicubic", [](const Tensors& x) { return Tensors{interpolate(x[0], {.size = {7, 3}, .mode = Mode::bicubic})}; }},
  {"interpolate/bicubic.factor", [](const Tensors& x) { return Tensors{interpolate(x[0], {.scale_factor = {1.1, 1.6}, .mode = Mode::bicubic})}; }},
  {"interpolate/bicubic.aligned", [](const Tensors& x) { return Tensors{interpolate(x[0], {.size = {7, 3}, .mode = Mode::bicubic, .align_corners = true})}; }},
  {"interpolate/bicubic.antialias", [](const Tensors& x) { return Tensors{interpolate(x[0], {.size = {4, 7}, .mode = Mode::bicubic, .antialias = true})}; }},
  {"interpolate/lanczos", [](const Tensors& x) { return Tensors{interpolate(x[0], {.size = {4, 7}, .mode = Mode::lanczos, .antialias = true})}; }},
  {"interpolate/trilinear", [](const Tensors& x) { return Tensors{interpolate(x[0], {.size = {3, 2, 6}, .mode = Mode::trilinear})}; }},
  {"interpolate/trilinear.aligned", [](const Tensors& x) { return Tensors{interpolate(x[0], {.size = {3, 2, 6}, .mode = Mode::trilinear, .align_corners = true})}; }},
  {"interpolate/area", [](const Tensors& x) { return Tensors{interpolate(x[0], {.size = {3, 6}, .mode = Mode::area})}; }},
  {"interpolate/area.factor", [](const Tensors& x) { return Tensors{interpolate(x[0], {.scale_factor = {0.5}, .mode = Mode::area})}; }},
  {"unfold", [](const Tensors& x) { return Tensors{unfold(x[0], 2)}; }},
  {"unfold/options", [](const Tensors& x) { return Tensors{unfold(x[0], {2, 3}, {.dilation = {2, 1}, .padding = {2, 1}, .stride = {3, 2}})}; }},
  {"fold", [](const Tensors& x) { return Tensors{fold(x[0], {4, 5}, 2)}; }},
  {"fold/options", [](const Tensors& x) { return Tensors{fold(x[0], {5, 6}, {2, 3}, {.dilation = {2, 1}, .padding = {2, 1}, .stride = {3, 2}})}; }},
  {"pixel_shuffle", [](const Tensors& x) { return Tensors{pixel_shuffle(x[0], 2)}; }},
  {"pixel_unshuffle", [](const Tensors& x) { return Tensors{pixel_unshuffle(x[0], 2)}; }},
  {"channel_shuffle", [](const Tensors& x) { return Tensors{channel_shuffle(x[0], 3)}; }},
  {"affine_grid", [](const Tensors& x) { return Tensors{affine_grid(x[0], {2, 1, 3, 4})}; }},
  {"affine_grid/aligned", [](const Tensors& x) { return Tensors{affine_grid(x[0], {2, 1, 2, 1, 3}, true)}; }},
  {"grid_sample/bilinear.zeros", grid<kBilinear, kZeros, false>},
  {"grid_sample/3d.bilinear.zeros", grid<kBilinear, kZeros, false>},
  {"grid_sample/bilinear.zeros.aligned", grid<kBilinear, kZeros, true>},
  {"grid_sample/3d.bilinear.zeros.aligned", grid<kBilinear, kZeros, true>},
  {"grid_sample/bilinear.border", grid<kBilinear, kBorder, false>},
  {"grid_sample/3d.bilinear.border", grid<kBilinear, kBorder, false>},
  {"grid_sample/bilinear.border.aligned", grid<kBilinear, kBorder, true>},
  {"grid_sample/3d.bilinear.border.aligned", grid<kBilinear, kBorder, true>},
  {"grid_sample/bilinear.reflection", grid<kBilinear, kReflection, false>},
  {"grid_sample/3d.bilinear.reflection", grid<kBilinear, kReflection, false>},
  {"grid_sample/bilinear.reflection.aligned", grid<kBilinear, kReflection, true>},
  {"grid_sample/3d.bilinear.reflection.aligned", grid<kBilinear, kReflection, true>},
  {"grid_sample/nearest.zeros", grid<kNearest, kZeros, false>},
  {"grid_sample/3d.nearest.zeros", grid<kNearest, kZeros, false>},
  {"grid_sample/nearest.zeros.aligned", grid<kNearest, kZeros, true>},
  {"grid_sample/3d.nearest.zeros.aligned", grid<kNearest, kZeros, true>},
  {"grid_sample/nearest.border", grid<kNearest, kBorder, false>},
  {"grid_sample/3d.nearest.border", grid<kNearest, kBorder, false>},
  {"grid_sample/nearest.border.aligned", grid<kNearest, kBorder, true>},
  {"grid_sample/3d.nearest.border.aligned", grid<kNearest, kBorder, true>},
  {"grid_sample/nearest.reflection", grid<kNearest, kReflection, false>},
  {"grid_sample/3d.nearest.reflection", grid<kNearest, kReflection, false>},
  {"grid_sample/nearest.reflection.aligned", grid<kNearest, kReflection, true>},
  {"grid_sample/3d.nearest.reflection.aligned", grid<kNearest, kReflection, true>},
  {"grid_sample/bicubic.zeros", grid<kBicubic, kZeros, false>},
  {"grid_sample/bicubic.zeros.aligned", grid<kBicubic, kZeros, true>},
  {"grid_sample/bicubic.border", grid<kBicubic, kBorder, false>},
  {"grid_sample/bicubic.border.aligned", grid<kBicubic, kBorder, true>},
  {"grid_sample/bicubic.reflection", grid<kBicubic, kReflection, false>},
  {"grid_sample/bicubic.reflection.aligned", grid<kBicubic, kReflection, true>},
  {"fractional_max_pool2d", [](const Tensors& x) { return maxima(fractional_max_pool2d_with_indices(x[0], {2, 3}, {.output_size = {3, 4}, .random_samples = x[1]})); }},
  {"fractional_max_pool2d/ratio", [](const Tensors& x) { return Tensors{fractional_max_pool2d(x[0], 2, {.output_ratio = {0.5, 0.8}, .random_samples = x[1]})}; }},
  {"fractional_max_pool3d", [](const Tensors& x) { return maxima(fractional_max_pool3d_with_indices(x[0], 2, {.output_size = {2, 4, 3}, .random_samples = x[1]})); }},
}, {
  {"Upsample", [](const nn::Scope&) { return one(nn::Upsample{{.scale_factor = {2}, .mode = Mode::bilinear}}); }},
  {"UpsamplingNearest2d", [](const nn::Scope&) { return one(nn::UpsamplingNearest2d{{.size = {5, 3}}}); }},
  {"UpsamplingBilinear2d", [](const nn::Scope&) { return one(nn::UpsamplingBilinear2d{{.scale_factor = {2}}}); }},
  {"PixelShuffle", [](const nn::Scope&) { return one(nn::PixelShuffle{2}); }},
  {"PixelUnshuffle", [](const nn::Scope&) { return one(nn::PixelUnshuffle{2}); }},
  {"ChannelShuffle", [](const nn::Scope&) { return one(nn::ChannelShuffle{2}); }},
  {"Unfold", [](const nn::Scope&) { return one(nn::Unfold{2, {.padding = 1}}); }},
  {"Fold", [](const nn::Scope&) { return one(nn::Fold{{3, 4}, 2, {.stride = {1, 2}}}); }},
  {"Unflatten", [](const nn::Scope&) { return one(nn::Unflatten{1, {2, 3}}); }},
});

}  // namespace tapehead::parity
