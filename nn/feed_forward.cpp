#include "tapehead/nn/feed_forward.h"

#include <fmt/format.h>

namespace tapehead::nn {
namespace {

int64_t hidden_of(const Scope& at, const FeedForwardOptions& o) {
  return nn::at(at, [&] {
    if (o.width < 1 || o.hidden < 0)
      throw ValueError(fmt::format("feed_forward: width {} and hidden {}; both must be at least 1",
                                   o.width, o.hidden));
    return o.hidden > 0 ? o.hidden : 4 * o.width;
  });
}

}  // namespace

FeedForward::FeedForward(Scope at, const FeedForwardOptions& o)
    : at_(std::move(at)),
      act_(o.act),
      up_(at_ / "up", o.width, hidden_of(at_, o), {.bias = o.bias, .init = o.init}),
      down_(at_ / "down", hidden_of(at_, o), o.width,
            {.bias = o.bias, .init = o.out_init ? o.out_init : o.init}),
      dropout_(at_ / "dropout", o.dropout) {
  if (o.kernel != 1)
    conv_.emplace(at_ / "conv", o.width, DepthwiseConvOptions{.kernel = o.kernel, .bias = o.bias});
  if (o.gated)
    gate_.emplace(at_ / "gate", o.width, hidden_of(at_, o),
                  LinearOptions{.bias = o.bias, .init = o.init});
}

Tensor FeedForward::operator()(const Tensor& in, const Tensor& lengths) const {
  return nn::at(at_, [&] {
    const Tensor x = conv_ ? (*conv_)(in, lengths) : in;
    const Tensor hidden = gate_ ? act_((*gate_)(x)) * up_(x) : act_(up_(x));
    return down_(dropout_(hidden));
  });
}

}  // namespace tapehead::nn
