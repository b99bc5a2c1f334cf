// Second derivatives of fused ops.
#pragma once

#include <functional>
#include <vector>

#include "tapehead/autograd/node.h"

namespace tapehead {

/// The gradients of f(inputs), from those of its results, by recording `f` anew from simple ops.
/// What a fused op gives as its backward when that is itself to be differentiated
/// (is_grad_enabled() in backward): exact, at the price of the simple ops. Undefined inputs and
/// gradients are passed over. Tracked tensors that `f` captures besides get their gradients after
/// those of the inputs.
Grads recompute_vjp(const std::function<std::vector<Tensor>(const std::vector<Tensor>&)>& f,
                    const std::vector<Tensor>& inputs, std::span<const Tensor> grads,
                    const std::vector<Tensor>& captured = {});

}  // namespace tapehead
