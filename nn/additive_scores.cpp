#include "tapehead/nn/additive_scores.h"

#include <fmt/format.h>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/autograd/recompute_vjp.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"
#include "tapehead/core/parallel.h"
#include "tapehead/nn/additive_kernel.h"

namespace tapehead::nn {
namespace {

std::vector<Tensor> simple_scores(const std::vector<Tensor>& in) {
  return {sum(tanh(in[0] + in[1].unsqueeze(1)) * in[2], -1)};
}

// Contiguous, f32 or f64.
struct AdditiveScores : CustomOp {
  static constexpr const char* kName = "additive_scores";

  Tensor forward(const Tensor& keys, const Tensor& query, const Tensor& v) {
    save(keys), save(query), save(v);
    const int64_t B = keys.size(0), S = keys.size(1), A = keys.size(2);
    Tensor out = core::empty({B, S}, keys.dtype());
    visit_wide(keys.dtype(), [&]<class T>() {
      const T *k = keys.data<T>(), *q = query.data<T>(), *w = v.data<T>();
      T* y = out.data<T>();
      core::parallel_range(B * S, row_grain(A), [&](int64_t first, int64_t last) {
        for (int64_t i = first; i < last; ++i)
          y[i] = kernels::additive<T>().score(k + i * A, q + i / S * A, w, A);
      });
    });
    return out;
  }

  Grads backward(const Tensor& dy) const {
    const Tensor keys = saved(0), query = saved(1), v = saved(2);
    if (is_grad_enabled()) return recompute_vjp(simple_scores, {keys, query, v}, {&dy, 1});
    const int64_t B = keys.size(0), S = keys.size(1), A = keys.size(2);
    // One buffer for all queries with the same keys.
    Tensor dkeys = needs_grad(0) ? grad_buffer(0) : Tensor();
    const bool in_place = dkeys.defined();
    if (!in_place) dkeys = core::full(keys.shape(), 0, keys.dtype());
    const Tensor d = core::contiguous(dy);
    const Tensor dquery = core::full({B, A}, 0, keys.dtype());
    const Tensor dv = core::full({B, A}, 0, keys.dtype());  // per sequence; the engine sums them
    visit_wide(keys.dtype(), [&]<class T>() {
      const T *k = keys.data<T>(), *q = query.data<T>(), *w = v.data<T>(), *ds = d.data<T>();
      T *dk = dkeys.data<T>(), *dq = dquery.data<T>(), *dw = dv.data<T>();
      core::parallel_range(B, std::max<int64_t>(1, row_grain(A) / std::max<int64_t>(S, 1)),
                           [&](int64_t first, int64_t last) {
                             for (int64_t i = first * S; i < last * S; ++i) {
                               if (ds[i] == 0) continue;  // a masked position
                               kernels::additive<T>().backward(k + i * A, q + i / S * A, w, ds[i],
                                                               dk + i * A, dq + i / S * A,
                                                               dw + i / S * A, A);
                             }
                           });
    });
    return {in_place ? Tensor() : dkeys, dquery, dv};
  }

 private:
  static int64_t row_grain(int64_t width) {
    return std::max<int64_t>(1, 8192 / std::max<int64_t>(width, 1));
  }
};

}  // namespace

Tensor additive_scores(const Tensor& keys, const Tensor& query, const Tensor& v) {
  const bool fits = keys.dim() == 3 && query.shape() == Shape{keys.size(0), keys.size(2)} &&
                    v.shape() == Shape{keys.size(2)};
  if (!fits)
    throw ShapeError(fmt::format(
        "additive_scores: keys are {}, query is {}, v is {}; expected [B, S, A], [B, A] and [A]",
        keys.shape().str(), query.shape().str(), v.shape().str()));
  const DType given = core::result_type(keys, query);
  const DType wide = wide_type(given);
  const auto as = [&](const Tensor& t) { return t.to(wide).contiguous(); };
  return apply<AdditiveScores>(as(keys), as(query), as(v)).to(given);
}

}  // namespace tapehead::nn
