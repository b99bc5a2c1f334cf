#include "tapehead/nn/convolution.h"

#include <fmt/format.h>

#include "tapehead/autograd/detail/padding.h"
#include "tapehead/autograd/ops.h"

namespace tapehead::nn {

DepthwiseConv::DepthwiseConv(Scope at, int64_t channels, const DepthwiseConvOptions& o)
    : at_(std::move(at)) {
  nn::at(at_, [&] {
    if (channels < 1 || o.kernel_size < 1 || o.kernel_size % 2 == 0)
      throw ValueError(
          fmt::format("depthwise_conv: {} channels and a kernel of {}; expected at least 1 channel "
                      "and an odd kernel",
                      channels, o.kernel_size));
  });
  weight = at_.param("weight", {channels, o.kernel_size}, o.init);
  if (o.bias) bias = at_.param("bias", {channels}, init::zeros());
}

Tensor DepthwiseConv::operator()(const Tensor& x, const Tensor& lengths) const {
  return nn::at(at_, [&] {
    const int64_t C = weight.size(0), K = weight.size(1);
    if (x.dim() != 3 || x.size(2) != C)
      throw ShapeError(
          fmt::format("depthwise_conv: x is {}; expected [B, T, {}]", x.shape().str(), C));
    const int64_t T = x.size(1);
    const Tensor seen =
        pad(tapehead::detail::zero_padding("depthwise_conv", x, lengths), {0, 0, K / 2, K / 2});
    const std::vector<Tensor> taps = unbind(weight, 1);
    Tensor y = bias;
    for (int64_t k = 0; k < K; ++k) {
      const Tensor tap = seen.slice(1, {k, k + T}) * taps[static_cast<size_t>(k)];
      y = y.defined() ? y + tap : tap;
    }
    return y;
  });
}

}  // namespace tapehead::nn
