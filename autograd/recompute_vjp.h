// Second derivatives of fused ops.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "tapehead/autograd/node.h"

namespace tapehead {

/// Returns the gradients of f(inputs) with respect to the inputs, given those of its results, by
/// evaluating `f` from simple ops while recording. The backward of a fused op returns this when it
/// must itself be differentiable (is_grad_enabled() in backward). Undefined inputs and gradients
/// are skipped. The gradients of tracked tensors that `f` captures follow those of the inputs.
Grads recompute_vjp(const std::function<std::vector<Tensor>(const std::vector<Tensor>&)>& f,
                    const std::vector<Tensor>& inputs, std::span<const Tensor> grads,
                    const std::vector<Tensor>& captured = {});

}  // namespace tapehead
