// Parity with PyTorch: results recorded by tests/parity/*.py, compared in f64 and f32.
#pragma once

#include <functional>
#include <initializer_list>
#include <vector>

#include "tapehead/nn/params.h"

namespace tapehead::parity {

using Tensors = std::vector<Tensor>;

/// A call of an op. `name` is that of the recorded case, `x` its inputs in order.
struct Case {
  const char* name;
  Tensors (*call)(const Tensors& x);
};

/// A layer, as a function of its inputs.
using Layer = std::function<Tensors(const Tensors& x)>;

/// A recorded layer, whose parameters have PyTorch's names below `at`.
struct LayerCase {
  const char* name;
  Layer (*make)(const nn::Scope& at);
};

/// A layer of one input and one output.
template <class L>
Layer one(L layer) {
  return [layer](const Tensors& x) { return Tensors{layer(x[0])}; };
}

/// The cases of tests/parity/NAME.safetensors, which must be all that it holds:
///
///   const Family kSoftmax("softmax", {
///     {"softmax/0", [](const Tensors& x) { return Tensors{softmax(x[0], 0)}; }},
///   }, {
///     {"LayerNorm", [](const nn::Scope& at) { return one(nn::LayerNorm(at, 5)); }},
///   });
///
/// Outputs, gradients and second gradients are compared, in f64 within the case's tolerance (1e-10
/// unless recorded otherwise), and in f32 within 16 eps sqrt(n), where n is the number of elements
/// of the largest tensor of the case; both times the largest magnitude of the expected tensor, or
/// 1.
class Family {
 public:
  Family(const char* name, std::initializer_list<Case> cases,
         std::initializer_list<LayerCase> layers = {});
};

}  // namespace tapehead::parity
