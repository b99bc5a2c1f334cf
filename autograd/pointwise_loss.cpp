#include "tapehead/autograd/detail/pointwise_loss.h"

#include <algorithm>
#include <vector>

#include "tapehead/autograd/ops/pointwise_loss_kernel.h"
#include "tapehead/core/kernels/elementwise_kernels.h"
#include "tapehead/core/parallel.h"

namespace tapehead::detail {
namespace {

constexpr int64_t kLossGrain = 1 << 14;  // elements per task
constexpr int64_t kLossBlock = 1 << 10;  // losses that are computed before they are summed

template <class T>
auto loop_of(kernels::PointwiseLoss kernel, int result) {
  return kernels::pointwise_loss<T>().loops[static_cast<int>(kernel)][result];
}
template <class T>
std::array<T, 2> in_type(const LossNumbers& numbers) {
  return {static_cast<T>(numbers[0]), static_cast<T>(numbers[1])};
}

template <class T>
double sum_of_losses(kernels::PointwiseLoss kernel, const T* x, const T* y, int64_t n,
                     const LossNumbers& numbers) {
  const auto loop = loop_of<T>(kernel, 0);
  const auto k = in_type<T>(numbers);
  std::vector<double> sums(static_cast<size_t>((n + kLossGrain - 1) / kLossGrain));
  core::parallel_range(n, kLossGrain, [&](int64_t begin, int64_t end) {
    T losses[kLossBlock];
    double& total = sums[static_cast<size_t>(begin / kLossGrain)];
    for (int64_t i = begin; i < end; i += kLossBlock) {
      const int64_t count = std::min(kLossBlock, end - i);
      loop(x + i, y + i, losses, count, 1, k.data());
      total += kernels::pointwise_loss<T>().sum(losses, count);
    }
  });
  double total = 0;
  for (const double part : sums) total += part;
  return total;
}

// out = scale * the derivative, times dloss if it is not null.
template <class T>
void write_gradient(kernels::PointwiseLoss kernel, int operand, const T* x, const T* y,
                    const T* dloss, T* out, int64_t n, double scale, const LossNumbers& numbers) {
  const auto loop = loop_of<T>(kernel, 1 + operand);
  const auto k = in_type<T>(numbers);
  const auto multiply = kernels::loop(kernels::Binary::mul, dtype_of<T>());
  core::parallel_range(n, kLossGrain, [&](int64_t begin, int64_t end) {
    loop(x + begin, y + begin, out + begin, end - begin, static_cast<T>(scale), k.data());
    if (!dloss) return;
    char* const data[] = {reinterpret_cast<char*>(out + begin),
                          reinterpret_cast<char*>(out + begin),
                          const_cast<char*>(reinterpret_cast<const char*>(dloss + begin))};
    const int64_t strides[] = {sizeof(T), sizeof(T), sizeof(T)};
    multiply(data, strides, end - begin, nullptr);
  });
}

}  // namespace

Tensor pointwise_loss(kernels::PointwiseLoss kernel, const Tensor& x, const Tensor& y,
                      const LossNumbers& numbers, Reduction reduction) {
  const Tensor a = core::contiguous(x), b = core::contiguous(y);
  const int64_t n = a.numel();
  return visit_wide(a.dtype(), [&]<class T>() {
    if (reduction != Reduction::none) {
      const double total = sum_of_losses(kernel, a.data<T>(), b.data<T>(), n, numbers);
      const double count = reduction == Reduction::mean ? static_cast<double>(n) : 1;
      return core::full({}, total / count, a.dtype());
    }
    const Tensor out = core::empty(a.shape(), a.dtype());
    const auto loop = loop_of<T>(kernel, 0);
    const auto k = in_type<T>(numbers);
    core::parallel_range(n, kLossGrain, [&](int64_t begin, int64_t end) {
      loop(a.data<T>() + begin, b.data<T>() + begin, out.data<T>() + begin, end - begin, 1,
           k.data());
    });
    return out;
  });
}

Tensor pointwise_loss_gradient(kernels::PointwiseLoss kernel, int operand, const Tensor& dloss,
                               const Tensor& x, const Tensor& y, const LossNumbers& numbers,
                               Reduction reduction) {
  const Tensor a = core::contiguous(x), b = core::contiguous(y);
  const Tensor out = core::empty(a.shape(), a.dtype());
  visit_wide(a.dtype(), [&]<class T>() {
    if (reduction == Reduction::none) {
      const Tensor d = core::contiguous(dloss);
      return write_gradient(kernel, operand, a.data<T>(), b.data<T>(), d.data<T>(), out.data<T>(),
                            a.numel(), 1, numbers);
    }
    const double scale =
        dloss.item() / (reduction == Reduction::mean ? static_cast<double>(a.numel()) : 1);
    write_gradient<T>(kernel, operand, a.data<T>(), b.data<T>(), nullptr, out.data<T>(), a.numel(),
                      scale, numbers);
  });
  return out;
}

}  // namespace tapehead::detail
