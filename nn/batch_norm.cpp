#include "tapehead/nn/batch_norm.h"

#include <fmt/format.h>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"

namespace tapehead::nn {

BatchNorm::BatchNorm(Scope at, int64_t channels, const BatchNormOptions& options, const char* layer,
                     int least_axes, int most_axes)
    : at_(std::move(at)),
      options_(options),
      layer_(layer),
      least_axes_(least_axes),
      most_axes_(most_axes) {
  if (options.affine) {
    weight = at_.param("weight", {channels}, init::ones());
    bias = at_.param("bias", {channels}, init::zeros());
  }
  if (!options.track_running_stats) return;
  running_mean = at_.buffer("running_mean", zeros({channels}));
  running_var = at_.buffer("running_var", ones({channels}));
  num_batches_tracked = at_.buffer("num_batches_tracked", core::full({}, 0, i64));
}

Tensor BatchNorm::operator()(const Tensor& x) const {
  return call_at(at_, [&] {
    if (x.dim() < least_axes_ || x.dim() > most_axes_)
      throw ShapeError(fmt::format("{}: x is {}; expected {} axes", layer_, x.shape().str(),
                                   least_axes_ == most_axes_
                                       ? fmt::format("{}", least_axes_)
                                       : fmt::format("{} or {}", least_axes_, most_axes_)));
    BatchNormFuncOptions o{.training = at_.training() || !running_mean.defined(),
                           .momentum = options_.momentum.value_or(0),
                           .eps = options_.eps};
    if (o.training && num_batches_tracked.defined()) {
      const NoGradGuard off;
      num_batches_tracked.add_(1);
      if (!options_.momentum) o.momentum = 1 / num_batches_tracked.item();
    }
    return batch_norm(x, running_mean, running_var, weight, bias, o);
  });
}

template <int N>
InstanceNorm<N>::InstanceNorm(Scope at, int64_t channels, const InstanceNormOptions& options)
    : at_(std::move(at)), options_(options) {
  if (options.affine) {
    weight = at_.param("weight", {channels}, init::ones());
    bias = at_.param("bias", {channels}, init::zeros());
  }
  if (!options.track_running_stats) return;
  running_mean = at_.buffer("running_mean", zeros({channels}));
  running_var = at_.buffer("running_var", ones({channels}));
  at_.buffer("num_batches_tracked", core::full({}, 0, i64));  // unused, as in PyTorch
}

template <int N>
Tensor InstanceNorm<N>::operator()(const Tensor& x) const {
  return call_at(at_, [&] {
    if (x.dim() != N + 1 && x.dim() != N + 2)
      throw ShapeError(fmt::format("instance_norm{}d: x is {}; expected {} or {} axes", N,
                                   x.shape().str(), N + 1, N + 2));
    const InstanceNormFuncOptions o{
        .use_input_stats = at_.training() || !options_.track_running_stats,
        .momentum = options_.momentum,
        .eps = options_.eps};
    const Tensor batch = x.dim() == N + 2 ? x : x.unsqueeze(0);
    return instance_norm(batch, running_mean, running_var, weight, bias, o).reshape(x.shape());
  });
}

template class InstanceNorm<1>;
template class InstanceNorm<2>;
template class InstanceNorm<3>;

GroupNorm::GroupNorm(Scope at, int64_t num_groups, int64_t channels,
                     const GroupNormOptions& options)
    : at_(std::move(at)), num_groups_(num_groups), eps_(options.eps) {
  if (num_groups < 1 || channels % num_groups != 0)
    throw ValueError(
        fmt::format("group_norm: {} channels are not a multiple of num_groups = {} "
                    "(in {})",
                    channels, num_groups, at_.path()));
  if (!options.affine) return;
  weight = at_.param("weight", {channels}, init::ones());
  bias = at_.param("bias", {channels}, init::zeros());
}

Tensor GroupNorm::operator()(const Tensor& x) const {
  return call_at(at_, [&] { return group_norm(x, num_groups_, weight, bias, eps_); });
}

}  // namespace tapehead::nn
