#include "tapehead/nn/feed_forward.h"

#include <fmt/format.h>

namespace tapehead::nn {

FeedForward::FeedForward(Scope at, const FeedForwardOptions& o)
    : at_(std::move(at)),
      activation_(o.activation ? o.activation : relu),
      dropout_(at_ / "dropout", o.dropout.value_or(0)) {
  nn::at(at_, [&] {
    if (o.embed_dim < 1 || o.ffn_dim < 0)
      throw ValueError(
          fmt::format("feed_forward: embed_dim = {} and ffn_dim = {}; both must be at least 1",
                      o.embed_dim, o.ffn_dim));
  });
  const int64_t C = o.embed_dim, F = o.ffn_dim > 0 ? o.ffn_dim : 4 * C;
  const bool bias = o.bias.value_or(true);
  const LinearOptions in{.bias = bias, .init = o.init ? o.init : init::fan_in_uniform()};
  up = Linear(at_ / "up", C, F, in);
  down = Linear(at_ / "down", F, C, {.bias = bias, .init = o.out_init ? o.out_init : in.init});
  if (o.kernel_size > 1 || o.kernel_size < 0)
    conv.emplace(at_ / "conv", C, DepthwiseConvOptions{.kernel_size = o.kernel_size, .bias = bias});
  if (o.gated) gate = Linear(at_ / "gate", C, F, in);
}

Tensor FeedForward::operator()(const Tensor& in, const Tensor& lengths) const {
  return nn::at(at_, [&] {
    const Tensor x = conv ? (*conv)(in, lengths) : in;
    const Tensor hidden = gate ? activation_(gate(x)) * up(x) : activation_(up(x));
    return down(dropout_(hidden));
  });
}

}  // namespace tapehead::nn
