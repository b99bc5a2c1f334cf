// Options of backward(), and grad().
#pragma once

#include <vector>

#include "tapehead/core/tensor.h"

namespace tapehead {

struct BackwardOptions {
  /// The gradient with respect to the tensor itself, of its shape. Required unless it has exactly
  /// one element.
  Tensor gradient = {};
  /// Keeps the saved tensors, so that backward can run through the graph again.
  bool retain_graph = false;
  /// Records the backward pass, so that second derivatives can be computed. Implies retain_graph.
  /// With backward(), each leaf then refers to the graph of its gradient and the graph to the leaf;
  /// break the cycle with set_grad({}), or use grad(), which does not create one.
  bool create_graph = false;
  /// If not empty, only these leaves receive gradients, and only ops that lead to them are
  /// differentiated. Throws GraphError for a tensor that is not a leaf; see grad() for those.
  std::vector<Tensor> inputs = {};
  /// Leaves that must receive a gradient. Throws GraphError that names those that did not.
  std::vector<Tensor> must_reach = {};
};

struct GradOptions {
  /// The gradients with respect to the outputs; required for outputs with more than one element.
  std::vector<Tensor> gradients = {};
  bool retain_graph = false;
  bool create_graph = false;
  /// Returns an undefined tensor for an input that the outputs do not depend on, instead of
  /// throwing GraphError.
  bool allow_unused = false;
};

/// Returns the gradients of the sum of the outputs with respect to the inputs, which need not be
/// leaves. Does not accumulate into grad(). Throws GraphError if an output does not track
/// gradients, if its graph was already released, or if the outputs do not depend on an input;
/// ShapeError if a gradient does not have the shape of its output.
std::vector<Tensor> grad(const std::vector<Tensor>& outputs, const std::vector<Tensor>& inputs,
                         const GradOptions& options = {});

}  // namespace tapehead
