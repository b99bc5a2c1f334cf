#include "tapehead/nn/norm.h"

#include <fmt/format.h>

#include "tapehead/autograd/ops.h"

namespace tapehead::nn {

LayerNorm::LayerNorm(Scope at, int64_t size, const LayerNormOptions& options)
    : at_(std::move(at)), eps_(options.eps) {
  weight = at_.param("weight", {size}, init::ones());
  if (options.bias) bias = at_.param("bias", {size}, init::zeros());
}

Tensor LayerNorm::operator()(const Tensor& x) const {
  return nn::at(at_, [&] { return layer_norm(x, weight, bias, eps_); });
}

RMSNorm::RMSNorm(Scope at, int64_t size, const RMSNormOptions& options)
    : at_(std::move(at)), eps_(options.eps) {
  weight = at_.param("weight", {size}, init::ones());
}

Tensor RMSNorm::operator()(const Tensor& x) const {
  return nn::at(at_, [&] { return rms_norm(x, weight, eps_); });
}

AnyLayer make_norm(const Scope& at, int64_t size, const NormLayerOptions& o) {
  if (o.make) return o.make(at, size);
  if (o.type.value_or(NormType::layer_norm) == NormType::rms_norm)
    return RMSNorm(at, size, {.eps = o.eps.value_or(RMSNormOptions().eps)});
  return LayerNorm(at, size,
                   {.eps = o.eps.value_or(LayerNormOptions().eps), .bias = o.bias.value_or(true)});
}

Dropout::Dropout(Scope at, double p) : at_(std::move(at)), p_(p) {
  if (!(p >= 0 && p <= 1))
    throw ValueError(fmt::format("dropout: p = {} is outside 0..1 (in {})", p, at_.path()));
}

Tensor Dropout::operator()(const Tensor& x) const { return dropout(x, p_, at_.training()); }

}  // namespace tapehead::nn
