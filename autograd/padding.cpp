#include "tapehead/autograd/detail/padding.h"

#include <algorithm>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/detail/lengths.h"

namespace tapehead::detail {

Tensor zero_padding(const Tensor& x, const Tensor& lengths, int axis) {
  if (!lengths.defined()) return x;
  const int64_t T = x.size(axis);
  const std::vector<int64_t> list = lengths.to_vector<int64_t>();
  if (std::all_of(list.begin(), list.end(), [T](int64_t length) { return length == T; })) return x;
  Shape shape = Shape::filled(x.dim(), 1);
  shape[0] = x.size(0);
  shape[axis] = T;
  return masked_fill(x, padding_mask(lengths, T).reshape(shape), 0);
}

Tensor zero_padding(const char* op, const Tensor& x, const Tensor& lengths, int64_t least) {
  if (!lengths.defined()) return x;
  return zero_padding(x, core::check_lengths(op, lengths, x.size(0), x.size(1), least));
}

}  // namespace tapehead::detail
