// The backward pass.
#pragma once

#include <vector>

#include "tapehead/core/tensor.h"

namespace tapehead {

struct BackwardOptions {
  /// The gradient of the tensor itself; required unless the tensor has one element.
  Tensor gradient = {};
  /// Keeps what the ops saved, so that backward can run again.
  bool retain_graph = false;
  /// Records the backward pass itself, for second derivatives. Implies retain_graph.
  /// A leaf then holds the graph of its gradient, which holds the leaf: clear the gradient with
  /// set_grad({}) when it is no longer needed, or take it with grad(), which leaves nothing behind.
  bool create_graph = false;
  /// Throws GraphError that names those of these leaves that no gradient reached.
  std::vector<Tensor> must_reach = {};
};

struct GradOptions {
  /// The gradients of the outputs; required for those with more than one element.
  std::vector<Tensor> gradients = {};
  bool retain_graph = false;
  bool create_graph = false;
  /// Gives an undefined tensor for an input that the outputs do not depend on, instead of throwing.
  bool allow_unused = false;
};

/// The gradients of the sum of the outputs with respect to the inputs, leaves or not; nothing is
/// accumulated. Throws GraphError when an output is not tracked, when a graph was released before,
/// or when an input has no part in the outputs.
std::vector<Tensor> grad(const std::vector<Tensor>& outputs, const std::vector<Tensor>& inputs,
                         const GradOptions& options = {});

}  // namespace tapehead
