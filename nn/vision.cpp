#include "tapehead/nn/vision.h"

namespace tapehead::nn {

Tensor UpsamplingNearest2d::operator()(const Tensor& x) const {
  return interpolate(x, {.size = options.size, .scale_factor = options.scale_factor});
}

Tensor UpsamplingBilinear2d::operator()(const Tensor& x) const {
  return interpolate(x, {.size = options.size,
                         .scale_factor = options.scale_factor,
                         .mode = InterpolateMode::bilinear,
                         .align_corners = true});
}

}  // namespace tapehead::nn
