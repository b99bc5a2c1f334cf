#include "tapehead/autograd/ops.h"
#include "tapehead/nn/norm.h"
#include "tapehead/tests/parity/parity.h"

namespace tapehead::parity {

// clang-format off
const Family kSoftmax("softmax", {
  {"softmax/0", [](const Tensors& x) { return Tensors{softmax(x[0], 0)}; }},
  {"softmax/-1", [](const Tensors& x) { return Tensors{softmax(x[0], -1)}; }},
  {"log_softmax/0", [](const Tensors& x) { return Tensors{log_softmax(x[0], 0)}; }},
  {"log_softmax/-1", [](const Tensors& x) { return Tensors{log_softmax(x[0], -1)}; }},
  {"logsumexp", [](const Tensors& x) { return Tensors{logsumexp(x[0], {0, 2})}; }},
}, {
  {"LayerNorm", [](const nn::Scope& at) { return one(nn::LayerNorm(at, 5)); }},
});

}  // namespace tapehead::parity
