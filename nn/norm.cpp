#include "tapehead/nn/norm.h"

#include <fmt/format.h>

#include "tapehead/autograd/ops.h"

namespace tapehead::nn {

LayerNorm::LayerNorm(Scope at, int64_t width, const NormOptions& options)
    : at_(std::move(at)), eps_(options.eps) {
  weight = at_.param("weight", {width}, init::ones());
  if (options.bias) bias = at_.param("bias", {width}, init::zeros());
}

Tensor LayerNorm::operator()(const Tensor& x) const {
  return nn::at(at_, [&] { return layer_norm(x, weight, bias, eps_); });
}

RMSNorm::RMSNorm(Scope at, int64_t width, const NormOptions& options)
    : at_(std::move(at)), eps_(options.eps) {
  weight = at_.param("weight", {width}, init::ones());
}

Tensor RMSNorm::operator()(const Tensor& x) const {
  return nn::at(at_, [&] { return rms_norm(x, weight, eps_); });
}

Dropout::Dropout(Scope at, double p) : at_(std::move(at)), p_(p) {
  if (!(p >= 0 && p <= 1))
    throw ValueError(fmt::format("dropout: p = {} is outside 0..1 (in {})", p, at_.path()));
}

Tensor Dropout::operator()(const Tensor& x) const { return dropout(x, p_, at_.training()); }

}  // namespace tapehead::nn
