#include "tapehead/nn/conv.h"

#include <fmt/format.h>

#include <cmath>

#include "tapehead/autograd/ops.h"

namespace tapehead::nn {
namespace {

void check_channels(const Scope& scope, const char* layer, int64_t in, int64_t out,
                    int64_t groups) {
  nn::at(scope, [&] {
    if (groups < 1 || in < 1 || out < 1 || in % groups != 0 || out % groups != 0)
      throw ValueError(
          fmt::format("{}: in_channels = {} and out_channels = {} must be positive "
                      "multiples of groups = {}",
                      layer, in, out, groups));
  });
}

template <int N>
Shape with_kernel(Shape channels, const ExpandingArray<N>& kernel) {
  for (int i = 0; i < N; ++i) channels.push_back(kernel[i]);
  return channels;
}

// Uniform in ± 1 / sqrt(fan-in of the weight).
Tensor conv_bias(const Scope& at, int64_t channels, const Tensor& weight) {
  const int64_t fan_in = weight.numel() / weight.size(0);
  const double bound = 1 / std::sqrt(static_cast<double>(fan_in));
  return at.param("bias", {channels}, init::uniform(-bound, bound));
}

template <int N, class Options>
Tensor conv_nd(const Tensor& x, const Tensor& weight, const Tensor& bias, const Options& o,
               const ConvPadding<N>& padding) {
  if constexpr (N == 1) return conv1d(x, weight, bias, {o.stride, padding, o.dilation, o.groups});
  else if constexpr (N == 2)
    return conv2d(x, weight, bias, {o.stride, padding, o.dilation, o.groups});
  else return conv3d(x, weight, bias, {o.stride, padding, o.dilation, o.groups});
}

// The widths of pad().
template <int N>
std::vector<int64_t> widths_of(const ConvOptions<N>& o, const Tensor& weight) {
  std::vector<int64_t> widths;
  for (int i = N - 1; i >= 0; --i) {
    const int64_t reach = o.dilation[i] * (weight.shape()[2 + i] - 1);
    const bool is_same = o.padding.type() == PaddingType::same;
    widths.push_back(is_same ? reach / 2 : o.padding.sizes()[i]);
    widths.push_back(is_same ? reach - reach / 2 : o.padding.sizes()[i]);
  }
  return widths;
}

}  // namespace

template <int N>
Conv<N>::Conv(Scope at, int64_t in_channels, int64_t out_channels,
              const ExpandingArray<N>& kernel_size, const ConvOptions<N>& options)
    : at_(std::move(at)), options_(options) {
  check_channels(at_, "conv", in_channels, out_channels, options.groups);
  weight =
      at_.param("weight", with_kernel<N>({out_channels, in_channels / options.groups}, kernel_size),
                options.init);
  if (options.bias) bias = conv_bias(at_, out_channels, weight);
}

template <int N>
Tensor Conv<N>::operator()(const Tensor& x) const {
  return call_at(at_, [&] {
    if (options_.padding_mode == PadMode::constant)
      return conv_nd<N>(x, weight, bias, options_, options_.padding);
    const Tensor padded = pad(x, widths_of(options_, weight), {.mode = options_.padding_mode});
    return conv_nd<N>(padded, weight, bias, options_, 0);
  });
}

template <int N>
ConvTranspose<N>::ConvTranspose(Scope at, int64_t in_channels, int64_t out_channels,
                                const ExpandingArray<N>& kernel_size,
                                const ConvTransposeOptions<N>& options)
    : at_(std::move(at)), options_(options) {
  check_channels(at_, "conv_transpose", in_channels, out_channels, options.groups);
  weight =
      at_.param("weight", with_kernel<N>({in_channels, out_channels / options.groups}, kernel_size),
                options.init);
  if (options.bias) bias = conv_bias(at_, out_channels, weight);
}

template <int N>
Tensor ConvTranspose<N>::apply(const Tensor& x, const ExpandingArray<N>& output_padding) const {
  const ConvTransposeOptions<N>& o = options_;
  return call_at(at_, [&] {
    if constexpr (N == 1)
      return conv_transpose1d(x, weight, bias,
                              {o.stride, o.padding, output_padding, o.groups, o.dilation});
    else if constexpr (N == 2)
      return conv_transpose2d(x, weight, bias,
                              {o.stride, o.padding, output_padding, o.groups, o.dilation});
    else
      return conv_transpose3d(x, weight, bias,
                              {o.stride, o.padding, output_padding, o.groups, o.dilation});
  });
}

template <int N>
Tensor ConvTranspose<N>::operator()(const Tensor& x) const {
  return apply(x, options_.output_padding);
}

template <int N>
Tensor ConvTranspose<N>::operator()(const Tensor& x, const ExpandingArray<N>& output_size) const {
  ExpandingArray<N> padding = 0;
  nn::at(at_, [&] {
    if (x.dim() < N)
      throw ShapeError(
          fmt::format("conv_transpose: x is {}; expected at least {} axes", x.shape().str(), N));
    for (int i = 0; i < N; ++i) {
      const int64_t least = (x.size(i - N) - 1) * options_.stride[i] - 2 * options_.padding[i] +
                            options_.dilation[i] * (weight.shape()[2 + i] - 1) + 1;
      padding[i] = output_size[i] - least;
      if (padding[i] < 0 || padding[i] >= options_.stride[i])
        throw ValueError(fmt::format("conv_transpose: output_size {} of axis {}; expected {} to {}",
                                     output_size[i], i - N, least, least + options_.stride[i] - 1));
    }
  });
  return apply(x, padding);
}

template class Conv<1>;
template class Conv<2>;
template class Conv<3>;
template class ConvTranspose<1>;
template class ConvTranspose<2>;
template class ConvTranspose<3>;

}  // namespace tapehead::nn
