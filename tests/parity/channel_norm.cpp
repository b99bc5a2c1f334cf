#include "tapehead/autograd/ops/channel_norm.h"

#include "tapehead/nn/batch_norm.h"
#include "tapehead/tests/parity/parity.h"

namespace tapehead::parity {

// clang-format off
const Family kChannelNorm("channel_norm", {
  {"batch_norm", [](const Tensors& x) { return Tensors{batch_norm(x[0], x[1], x[2], x[3], x[4], {.eps = 1e-3})}; }},
  {"batch_norm/training", [](const Tensors& x) { return Tensors{batch_norm(x[0], {}, {}, x[1], x[2], {.training = true})}; }},
  {"instance_norm", [](const Tensors& x) { return Tensors{instance_norm(x[0], {}, {}, x[1], x[2])}; }},
  {"group_norm", [](const Tensors& x) { return Tensors{group_norm(x[0], 3, x[1], x[2])}; }},
  {"group_norm/plain", [](const Tensors& x) { return Tensors{group_norm(x[0], 2, {}, {}, 0.1)}; }},
  {"local_response_norm", [](const Tensors& x) { return Tensors{local_response_norm(x[0], 4, {.alpha = 0.5, .beta = 0.6, .k = 2})}; }},
}, {
  {"BatchNorm1d", [](const nn::Scope& at) { return one(nn::BatchNorm1d(at, 3)); }},
  {"BatchNorm1d/positions", [](const nn::Scope& at) { return one(nn::BatchNorm1d(at, 3, {.momentum = 0.3})); }},
  {"BatchNorm2d", [](const nn::Scope& at) { return one(nn::BatchNorm2d(at, 3)); }},
  {"BatchNorm2d/eval", [](const nn::Scope& at) { return one(nn::BatchNorm2d(at, 3, {.eps = 0.1})); }},
  {"BatchNorm2d/cumulative", [](const nn::Scope& at) { return one(nn::BatchNorm2d(at, 2, {.momentum = std::nullopt})); }},
  {"BatchNorm2d/untracked", [](const nn::Scope& at) { return one(nn::BatchNorm2d(at, 2, {.affine = false, .track_running_stats = false})); }},
  {"BatchNorm3d", [](const nn::Scope& at) { return one(nn::BatchNorm3d(at, 2)); }},
  {"InstanceNorm1d", [](const nn::Scope& at) { return one(nn::InstanceNorm1d(at, 3)); }},
  {"InstanceNorm2d", [](const nn::Scope& at) { return one(nn::InstanceNorm2d(at, 3, {.affine = true, .track_running_stats = true})); }},
  {"InstanceNorm2d/eval", [](const nn::Scope& at) { return one(nn::InstanceNorm2d(at, 3, {.affine = true, .track_running_stats = true})); }},
  {"GroupNorm", [](const nn::Scope& at) { return one(nn::GroupNorm(at, 2, 4)); }},
  {"LocalResponseNorm", [](const nn::Scope&) { return one(nn::LocalResponseNorm(2)); }},
});

}  // namespace tapehead::parity
