// Sums of products in Einstein's notation.
#pragma once

#include <string_view>
#include <vector>

#include "tapehead/core/tensor.h"

namespace tapehead {

/// Sums of products of tensors, as torch.einsum: `einsum("bij,bjk->bik", {a, b})` is a batched
/// matrix product. The equation names the axes of each operand with a letter, `...` stands for any
/// number of axes that broadcast, and letters that are not in the output are summed over. A letter
/// that an operand repeats takes a diagonal. Without `->`, the output has the axes of `...`,
/// followed by the letters that appear once, A-Z before a-z. Spaces are ignored. An axis of size 1
/// broadcasts to the size that the letter has in other operands. The result may be a view.
///
/// Operands are contracted in pairs, each by one matmul; the order has the fewest multiplications
/// for up to 5 operands, and for more is chosen greedily. Types are those of matmul(). Throws
/// ValueError for an invalid equation, ShapeError for sizes that do not fit it, and DTypeError.
/// Example: einsum("bhtd,bhsd->bhts", {randn({2, 4, 10, 16}), randn({2, 4, 12, 16})})
///     // shape [2, 4, 10, 12]
Tensor einsum(std::string_view equation, const std::vector<Tensor>& tensors);

}  // namespace tapehead
