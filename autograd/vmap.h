// Functions of single elements, vectorised over an axis.
#pragma once

#include <optional>
#include <vector>

#include "tapehead/autograd/functional.h"

namespace tapehead {

/// Options of vmap().
struct VmapOptions {
  /// The mapped axis of each input, by default the first one; None for an input that is passed to
  /// each call as it is.
  std::vector<std::optional<int64_t>> in_dims = {};
  /// The position of the mapped axis in each result, or in all; by default the first.
  std::vector<int64_t> out_dims = {};
};

/// A function that computes `f` for each position of the mapped axis, with the parts of the inputs
/// there, which do not have that axis, and stacks the results.
///
/// Like torch.vmap, it calls `f` once, with tensors that have the shape of one part and stand for
/// all, and most ops are then computed once for all parts. An op without a rule for that (see
/// batching.h) is computed for each part. Gradients reach the inputs and what else `f` computes
/// with. vmap(), vjp(), jvp(), hvp(), jacobian() and hessian() inside `f` are vectorised too, and
/// so is grad(), with respect to what is computed in `f` and to leaves, such as parameters: then
/// each part gets a gradient of its own, and `f` is called a second time, with a copy of the leaves
/// for each part.
///
/// Unlike torch.vmap, it is not limited to such functions: `f` may also read elements of its
/// arguments, branch on them, draw random numbers (different ones for each part), change tensors in
/// place, call backward(), or throw. As soon as it does, that call is abandoned and `f` is called
/// for each part, one after the other, which costs as much as a loop. Some ops read elements as
/// well: sorting, max pooling, batch and group norms, searches. Therefore `f` may be called
/// once or twice more than there are parts, or less often; it should have no other effects than its
/// results. The results are the same in any case, except for rounding.
///
/// The function throws ShapeError for mapped axes of different or no length and for results whose
/// shapes differ between calls, IndexError for axes out of range, and ValueError if no input is
/// mapped or the options list more or fewer axes than there are inputs or results. A tensor that
/// `f` stores elsewhere instead of returning it throws ValueError when it is used.
/// Example: vmap(FunctionOfTensor(trace))(ones({2, 3, 3}))  // [3., 3.]
FunctionOfTensor vmap(FunctionOfTensor f, const VmapOptions& options = {});
/// The same for functions of several tensors.
FunctionOfTensors vmap(FunctionOfTensors f, const VmapOptions& options = {});

}  // namespace tapehead
