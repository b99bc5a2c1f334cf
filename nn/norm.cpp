#include "tapehead/nn/norm.h"

#include "tapehead/autograd/ops.h"
#include "tapehead/nn/detail/probability.h"

namespace tapehead::nn {

LayerNorm::LayerNorm(Scope at, int64_t size, const LayerNormOptions& options)
    : at_(std::move(at)), eps_(options.eps) {
  weight = at_.param("weight", {size}, init::ones());
  if (options.bias) bias = at_.param("bias", {size}, init::zeros());
}

Tensor LayerNorm::operator()(const Tensor& x) const {
  return call_at(at_, [&] { return layer_norm(x, weight, bias, eps_); });
}

RMSNorm::RMSNorm(Scope at, int64_t size, const RMSNormOptions& options)
    : at_(std::move(at)), eps_(options.eps) {
  weight = at_.param("weight", {size}, init::ones());
}

Tensor RMSNorm::operator()(const Tensor& x) const {
  return call_at(at_, [&] { return rms_norm(x, weight, eps_); });
}

AnyLayer make_norm(const Scope& at, int64_t size, const NormOptions& o) {
  if (o.make) return o.make(at, size);
  if (o.type.value_or(NormType::layer_norm) == NormType::rms_norm)
    return RMSNorm(at, size, {.eps = o.eps.value_or(RMSNormOptions().eps)});
  return LayerNorm(at, size,
                   {.eps = o.eps.value_or(LayerNormOptions().eps), .bias = o.bias.value_or(true)});
}

Dropout::Dropout(Scope at, double p)
    : at_(std::move(at)), p_(detail::checked_probability("dropout", p, at_)) {}

Tensor Dropout::operator()(const Tensor& x) const { return dropout(x, p_, at_.training()); }

}  // namespace tapehead::nn
