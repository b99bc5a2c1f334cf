// cosine_similarity.
#include <algorithm>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/autograd/ops/cosine_similarity_kernel.h"
#include "tapehead/autograd/recompute_vjp.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/parallel.h"

namespace tapehead {
namespace {

std::vector<Tensor> simple_cosines(const std::vector<Tensor>& in, double eps) {
  const auto squares = [](const Tensor& x) { return sum(square(x), -1); };
  const Tensor lengths = squares(in[0]) * squares(in[1]);
  return {sum(in[0] * in[1], -1) * rsqrt(maximum(lengths, eps * eps))};
}

// Along the last axis of contiguous f32 or f64 tensors.
struct CosineSimilarity : CustomOp {
  static constexpr const char* kName = "cosine_similarity";
  double eps = 0;

  Tensor forward(const Tensor& x, const Tensor& y, double least) {
    save(x), save(y);
    eps = least;
    Shape shape = x.shape();
    shape.erase(shape.rank() - 1);
    const Tensor out = core::empty(shape, x.dtype());
    each_row(x, out.numel(), [&]<class T>(int64_t row, int64_t n) {
      out.data<T>()[row] = kernels::cosine_similarity<T>().forward(
          x.data<T>() + row * n, y.data<T>() + row * n, n, static_cast<T>(eps));
    });
    return out;
  }

  std::array<Tensor, 2> backward(const Tensor& dout) const {
    const Tensor x = saved(0), y = saved(1);
    if (is_grad_enabled()) {
      const auto simple = [least = eps](const auto& in) { return simple_cosines(in, least); };
      const Grads grads = recompute_vjp(simple, {x, y}, {&dout, 1});
      return {grads[0], grads[1]};
    }
    const Tensor d = core::contiguous(dout), dx = core::empty_like(x), dy = core::empty_like(y);
    each_row(x, d.numel(), [&]<class T>(int64_t row, int64_t n) {
      kernels::cosine_similarity<T>().backward(x.data<T>() + row * n, y.data<T>() + row * n,
                                               d.data<T>()[row], dx.data<T>() + row * n,
                                               dy.data<T>() + row * n, n, static_cast<T>(eps));
    });
    return {dx, dy};
  }

 private:
  template <class F>
  static void each_row(const Tensor& x, int64_t rows, F f) {
    const int64_t n = x.size(-1);
    visit_wide(x.dtype(), [&]<class T>() {
      core::parallel_range(rows, std::max<int64_t>(1, (1 << 14) / std::max<int64_t>(n, 1)),
                           [&](int64_t first, int64_t last) {
                             for (int64_t row = first; row < last; ++row)
                               f.template operator()<T>(row, n);
                           });
    });
  }
};

}  // namespace

Tensor cosine_similarity(const Tensor& x, const Tensor& y, int64_t axis, double eps) {
  const Shape shape = broadcast_shapes(CosineSimilarity::kName, x.shape(), y.shape());
  const int along = normalize_axis(CosineSimilarity::kName, axis, shape.rank());
  const DType given = core::result_type(x, y);
  const DType wide = wide_type(given);
  const auto rows = [&](const Tensor& t) {
    return movedim(broadcast_to(t.to(wide), shape), along, -1).contiguous();
  };
  return apply<CosineSimilarity>(rows(x), rows(y), eps).to(is_floating(given) ? given : f32);
}

}  // namespace tapehead
