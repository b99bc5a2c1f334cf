// The equation of einsum.
#pragma once

#include <string_view>
#include <vector>

#include "tapehead/autograd/detail/contraction.h"

namespace tapehead::detail {

/// The operands with a label for each axis, without repeated labels (their diagonals are taken) and
/// without axes that broadcast; and the labels of the output.
struct LabelledEquation {
  std::vector<Labelled> operands;
  Shape output;
};
/// Throws ValueError for an equation that cannot be read, ShapeError if it does not fit the
/// tensors.
LabelledEquation read_equation(std::string_view equation, const std::vector<Tensor>& tensors);

}  // namespace tapehead::detail
