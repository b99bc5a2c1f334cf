// max_pool1d to max_pool3d, adaptive_max_pool1d to adaptive_max_pool3d, with and without indices;
// max_unpool1d to max_unpool3d.
#include <fmt/format.h>

#include "tapehead/autograd/detail/max_pool.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/autograd/ops/pooling.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

using detail::MaxPool;
using detail::ScatterPlanes;

template <int N, class Windows>
Tensor max_pool_nd(const Tensor& x, const Windows& windows, Tensor* index) {
  const DType wide = wide_type(x.dtype());
  Tensor unused;
  if (!index && is_grad_enabled() && x.requires_grad()) index = &unused;
  const Shape result = detail::pooled_shape<N>(x.shape(), windows);
  return apply<MaxPool<Windows>>(x.to(wide), result, windows, N, index).to(x.dtype());
}

template <int N, class Options>
auto max_windows_of(const char* op, const Tensor& x, const ExpandingArray<N>& kernel_size,
                    const Options& o) {
  const detail::PoolOptions<N> options{kernel_size, o.stride, o.padding, o.dilation, o.ceil_mode};
  return detail::pool_windows(op, x, options);
}
template <int N, class Windows>
ValuesAndIndices max_with_indices(const Tensor& x, const Windows& windows) {
  Tensor index;
  const Tensor values = max_pool_nd<N>(x, windows, &index);
  return {values, index};
}
template <int N>
Tensor adaptive_max_pool_nd(const char* op, const Tensor& x, const OptionalArray<N>& output_size) {
  Tensor index;
  return max_pool_nd<N>(x, detail::adaptive_ranges(op, x, output_size), &index);
}

template <int N, class Options>
Tensor max_unpool_nd(const char* op, const Tensor& x, const Tensor& indices,
                     const ExpandingArray<N>& kernel_size, const Options& o) {
  detail::check_planes<N>(op, x);
  if (indices.dtype() != i64)
    throw DTypeError(
        fmt::format("{}: expected indices of i64, got {}", op, core::describe(indices)));
  if (indices.shape() != x.shape())
    throw ShapeError(fmt::format("{}: x is {}, the indices {}; the shapes must be equal", op,
                                 x.shape().str(), indices.shape().str()));
  Shape result = x.shape();
  int64_t plane = 1;
  for (int i = 0; i < N; ++i) {
    const int64_t stride = o.stride[i].value_or(kernel_size[i]);
    const int64_t size = (x.size(i - N) - 1) * stride - 2 * o.padding[i] + kernel_size[i];
    const int64_t wanted = o.output_size[i].value_or(size);
    if (wanted < 1 || (wanted != size && std::abs(wanted - size) >= stride))
      throw ValueError(
          fmt::format("{}: output_size {} of axis {}; expected more than {} and less "
                      "than {}",
                      op, wanted, i - N, std::max<int64_t>(size - stride, 0), size + stride));
    result[x.dim() - N + i] = wanted;
    plane *= wanted;
  }
  const Tensor at = core::contiguous(indices);
  for (int64_t i = 0; i < at.numel(); ++i)
    if (at.data<int64_t>()[i] < 0 || at.data<int64_t>()[i] >= plane)
      throw IndexError(fmt::format("{}: indices.flatten()[{}] = {} is outside 0..{}", op, i,
                                   at.data<int64_t>()[i], plane - 1));
  const DType wide = wide_type(x.dtype());
  return apply<ScatterPlanes>(x.to(wide), at, result, N, false).to(x.dtype());
}

}  // namespace

#define TAPEHEAD_MAX_POOL(N)                                                                      \
  Tensor max_pool##N##d(const Tensor& x, const ExpandingArray<N>& kernel_size,                    \
                        const MaxPool##N##dFuncOptions& o) {                                      \
    return max_pool_nd<N>(x, max_windows_of<N>("max_pool" #N "d", x, kernel_size, o), nullptr);   \
  }                                                                                               \
  ValuesAndIndices max_pool##N##d_with_indices(                                                   \
      const Tensor& x, const ExpandingArray<N>& kernel_size, const MaxPool##N##dFuncOptions& o) { \
    return max_with_indices<N>(                                                                   \
        x, max_windows_of<N>("max_pool" #N "d_with_indices", x, kernel_size, o));                 \
  }                                                                                               \
  Tensor adaptive_max_pool##N##d(const Tensor& x, const OptionalArray<N>& output_size) {          \
    return adaptive_max_pool_nd<N>("adaptive_max_pool" #N "d", x, output_size);                   \
  }                                                                                               \
  ValuesAndIndices adaptive_max_pool##N##d_with_indices(const Tensor& x,                          \
                                                        const OptionalArray<N>& output_size) {    \
    return max_with_indices<N>(                                                                   \
        x, detail::adaptive_ranges("adaptive_max_pool" #N "d_with_indices", x, output_size));     \
  }                                                                                               \
  Tensor max_unpool##N##d(const Tensor& x, const Tensor& indices,                                 \
                          const ExpandingArray<N>& kernel_size,                                   \
                          const MaxUnpool##N##dFuncOptions& o) {                                  \
    return max_unpool_nd<N>("max_unpool" #N "d", x, indices, kernel_size, o);                     \
  }
TAPEHEAD_MAX_POOL(1)
TAPEHEAD_MAX_POOL(2)
TAPEHEAD_MAX_POOL(3)
#undef TAPEHEAD_MAX_POOL

}  // namespace tapehead
