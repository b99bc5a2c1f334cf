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
  Tensor hidden = in[0] + in[1].unsqueeze(1);
  if (in[3].defined()) hidden = hidden + matmul(in[3], in[4]);
  return {sum(tanh(hidden) * in[2], -1)};
}

// The operands of AdditiveScores.
template <class T>
struct AdditiveRows {
  const T *keys, *query, *v, *features = nullptr, *weight = nullptr;
  int64_t S, A, K = 0;

  AdditiveRows(const Tensor& k, const Tensor& q, const Tensor& v_, const Tensor& f, const Tensor& w)
      : keys(k.data<T>()), query(q.data<T>()), v(v_.data<T>()), S(k.size(1)), A(k.size(2)) {
    if (f.defined()) features = f.data<T>(), weight = w.data<T>(), K = f.size(2);
  }
  // Row i of [B S, A].
  kernels::AdditiveRow<T> operator[](int64_t i) const {
    return {keys + i * A, query + i / S * A, v, A, features + i * K, K, weight};
  }
};

// Contiguous, f32 or f64; features [B, S, K] and weight [K, A] or undefined.
struct AdditiveScores : CustomOp {
  static constexpr const char* kName = "additive_scores";

  Tensor forward(const Tensor& keys, const Tensor& query, const Tensor& v, const Tensor& features,
                 const Tensor& weight) {
    for (const Tensor* t : {&keys, &query, &v, &features, &weight}) save(*t);
    const int64_t B = keys.size(0), S = keys.size(1), A = keys.size(2);
    Tensor out = core::empty({B, S}, keys.dtype());
    visit_wide(keys.dtype(), [&]<class T>() {
      const AdditiveRows<T> rows(keys, query, v, features, weight);
      T* y = out.data<T>();
      core::parallel_range(B * S, row_grain(A), [&](int64_t first, int64_t last) {
        const Tensor room = core::empty({A}, keys.dtype());
        for (int64_t i = first; i < last; ++i)
          y[i] = kernels::additive<T>().score(rows[i], room.data<T>());
      });
    });
    return out;
  }

  Grads backward(const Tensor& dy) const {
    const Tensor keys = saved(0), query = saved(1), v = saved(2), features = saved(3),
                 weight = saved(4);
    if (is_grad_enabled())
      return recompute_vjp(simple_scores, {keys, query, v, features, weight}, {&dy, 1});
    const int64_t B = keys.size(0), S = keys.size(1), A = keys.size(2);
    const auto zeros = [&](const Shape& shape) { return core::full(shape, 0, keys.dtype()); };
    // One buffer for all queries with the same keys.
    Tensor dkeys = needs_grad(0) ? grad_buffer(0) : Tensor();
    const bool in_place = dkeys.defined();
    if (!in_place) dkeys = zeros(keys.shape());
    const Tensor d = core::contiguous(dy);
    // Those of v and the weight are per sequence; the engine sums them.
    const int64_t K = features.defined() ? features.size(2) : 0;
    const Tensor dquery = zeros({B, A}), dv = zeros({B, A}), dfeatures = zeros({B, S, K}),
                 dweight = zeros({B, K, A});
    visit_wide(keys.dtype(), [&]<class T>() {
      const AdditiveRows<T> rows(keys, query, v, features, weight);
      const T* ds = d.data<T>();
      core::parallel_range(
          B, std::max<int64_t>(1, row_grain(A) / std::max<int64_t>(S, 1)),
          [&](int64_t first, int64_t last) {
            const Tensor room = core::empty({A}, keys.dtype());
            for (int64_t i = first * S; i < last * S; ++i) {
              if (ds[i] == 0) continue;  // a masked position
              const int64_t b = i / S;
              kernels::additive<T>().backward(
                  rows[i], ds[i],
                  {dkeys.data<T>() + i * A, dquery.data<T>() + b * A, dv.data<T>() + b * A,
                   dfeatures.data<T>() + i * K, dweight.data<T>() + b * K * A},
                  room.data<T>());
            }
          });
    });
    Grads grads{in_place ? Tensor() : dkeys, dquery, dv};
    if (K > 0) grads.push_back(dfeatures), grads.push_back(dweight);
    else grads.push_back({}), grads.push_back({});
    return grads;
  }

 private:
  static int64_t row_grain(int64_t width) {
    return std::max<int64_t>(1, 8192 / std::max<int64_t>(width, 1));
  }
};

}  // namespace

Tensor additive_scores(const Tensor& keys, const Tensor& query, const Tensor& v,
                       const Tensor& features, const Tensor& weight) {
  const bool fits = keys.dim() == 3 && query.shape() == Shape{keys.size(0), keys.size(2)} &&
                    v.shape() == Shape{keys.size(2)};
  if (!fits)
    throw ShapeError(fmt::format(
        "additive_scores: keys are {}, query is {}, v is {}; expected [B, S, A], [B, A] and [A]",
        keys.shape().str(), query.shape().str(), v.shape().str()));
  if (features.defined() != weight.defined())
    throw ValueError("additive_scores: features and their weight come together; pass both");
  if (features.defined() && !(features.dim() == 3 && features.size(0) == keys.size(0) &&
                              features.size(1) == keys.size(1) &&
                              weight.shape() == Shape{keys.size(2), features.size(2)}))
    throw ShapeError(fmt::format(
        "additive_scores: keys are {}, features are {}, weight is {}; expected [B, S, A], [B, S, "
        "K] and [A, K]",
        keys.shape().str(), features.shape().str(), weight.shape().str()));
  const DType given = core::result_type(keys, query);
  const DType wide = wide_type(given);
  const auto as = [&](const Tensor& t) { return t.defined() ? t.to(wide).contiguous() : t; };
  const Tensor rows = weight.defined() ? weight.transpose(0, 1) : weight;
  return apply<AdditiveScores>(as(keys), as(query), as(v), as(features), as(rows)).to(given);
}

}  // namespace tapehead::nn
