#include "tapehead/nn/activation_layers.h"

#include <fmt/format.h>

#include "tapehead/core/error.h"

namespace tapehead::nn {

Tensor Softmax2d::operator()(const Tensor& x) const {
  if (x.dim() != 3 && x.dim() != 4)
    throw ShapeError(
        fmt::format("softmax2d: x is {}; expected [B, C, H, W] or [C, H, W]", x.shape().str()));
  return softmax(x, -3);
}

Tensor GELU::operator()(const Tensor& x) const {
  if (approximate == "none") return tapehead::gelu(x);
  if (approximate == "tanh") return tapehead::gelu_tanh(x);
  throw ValueError(fmt::format("gelu: approximate = '{}'; pass none or tanh", approximate));
}

PReLU::PReLU(Scope at, const PReLUOptions& options) : at_(std::move(at)) {
  weight = at_.param("weight", {options.num_parameters}, init::constant(options.init));
}

Tensor PReLU::operator()(const Tensor& x) const {
  return call_at(at_, [&] { return prelu(x, weight); });
}

Tensor RReLU::operator()(const Tensor& x) const {
  return call_at(at_, [&] { return rrelu(x, options_.lower, options_.upper, at_.training()); });
}

}  // namespace tapehead::nn
