// Functions of single elements, mapped over an axis.
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

/// A function that calls `f` for each position of the mapped axis, with the parts of the inputs
/// there, which do not have that axis, and stacks the results.
///
/// Unlike torch.vmap, which computes all calls at once and so supports only functions made of
/// operators it has rules for, it makes the calls one after the other. Thus `f` may be anything: it
/// may read values, branch on them, draw random numbers (different ones in each call), and call
/// vmap(), grad() or jacobian(); but it costs as much as a loop. Functions whose operators
/// broadcast or take batches are faster called on the whole. Gradients reach the inputs and what
/// else `f` computes with.
///
/// The function throws ShapeError for mapped axes of different or no length and for results whose
/// shapes differ between calls, IndexError for axes out of range, and ValueError if no input is
/// mapped or the options list more or fewer axes than there are inputs or results.
/// Example: vmap(FunctionOfTensor(trace))(ones({2, 3, 3}))  // [3., 3.]
FunctionOfTensor vmap(FunctionOfTensor f, const VmapOptions& options = {});
/// The same for functions of several tensors.
FunctionOfTensors vmap(FunctionOfTensors f, const VmapOptions& options = {});

}  // namespace tapehead
