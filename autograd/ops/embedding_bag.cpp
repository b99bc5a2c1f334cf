// embedding_bag.
//
// N rows in the table, C columns, J ids per bag.
#include <fmt/format.h>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/autograd/recompute_vjp.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/groups.h"
#include "tapehead/core/detail/index.h"
#include "tapehead/core/error.h"
#include "tapehead/core/kernels/bag.h"
#include "tapehead/core/parallel.h"

namespace tapehead {
namespace {

int64_t grain_of(int64_t ids, int64_t width) {
  return std::max<int64_t>(1, (1 << 14) / std::max<int64_t>(1, ids * width));
}

// For contiguous f32 or f64.
struct EmbeddingBag : CustomOp {
  static constexpr const char* kName = "embedding_bag";
  int64_t padding;

  Tensor forward(const Tensor& weight, const Tensor& factors, const Tensor& ids,
                 int64_t padding_idx) {
    save(weight), save(factors), save(ids);
    padding = padding_idx;
    const int64_t J = ids.size(-1), C = weight.size(1);
    Shape shape = ids.shape();
    shape[shape.rank() - 1] = C;
    const Tensor out = core::empty(shape, weight.dtype());
    const int64_t bags = C == 0 ? 0 : out.numel() / C;
    visit_wide(weight.dtype(), [&]<class T>() {
      const T *w = weight.data<T>(), *f = factors.defined() ? factors.data<T>() : nullptr;
      const int64_t* id = ids.data<int64_t>();
      T* y = out.data<T>();
      core::parallel_range(bags, grain_of(J, C), [&](int64_t first, int64_t last) {
        for (int64_t i = first; i < last; ++i)
          kernels::bag<T>().sum(w, id + i * J, padding, f, y + i * C, J, C);
      });
    });
    return out;
  }

  Grads backward(const Tensor& dy) const {
    const Tensor weight = saved(0), factors = saved(1), ids = saved(2);
    if (is_grad_enabled()) {
      const int64_t pad = padding;
      auto grads = recompute_vjp(
          [ids, pad](const std::vector<Tensor>& in) -> std::vector<Tensor> {
            const Tensor left_out = (ids == pad).unsqueeze(-1);
            const Tensor rows = masked_fill(embedding(in[0], ids), left_out, 0);
            return {sum(in[1].defined() ? masked_fill(rows * in[1], left_out, 0) : rows, -2)};
          },
          {weight, factors}, {&dy, 1});
      grads.emplace_back();
      return grads;
    }
    const Tensor d = core::contiguous(dy);
    return {needs_grad(0) ? of_weight(d, weight, factors, ids) : Tensor(),
            factors.defined() && needs_grad(1) ? of_factors(d, weight, factors, ids) : Tensor(),
            Tensor()};
  }

 private:
  Tensor of_weight(const Tensor& d, const Tensor& weight, const Tensor& factors,
                   const Tensor& ids) const {
    const int64_t J = ids.size(-1), C = weight.size(1);
    Tensor dweight = grad_buffer(0);
    const bool in_place = dweight.defined();
    if (!in_place) dweight = core::full(weight.shape(), 0, weight.dtype());
    const int64_t* id = ids.data<int64_t>();
    const core::Groups groups(id, ids.numel(), weight.size(0), padding);
    const int64_t mean = groups.size() == 0 ? 1 : ids.numel() / groups.size();
    visit_wide(weight.dtype(), [&]<class T>() {
      const T *g = d.data<T>(), *f = factors.defined() ? factors.data<T>() : nullptr;
      T* dw = dweight.data<T>();
      core::parallel_range(groups.size(), grain_of(mean, C), [&](int64_t first, int64_t last) {
        for (int64_t i = first; i < last; ++i) {
          const int64_t begin = groups.starts[static_cast<size_t>(i)],
                        end = groups.starts[static_cast<size_t>(i) + 1];
          const int64_t* positions = groups.order.data() + begin;
          kernels::bag<T>().add_to_row(dw + id[*positions] * C, g, f, positions, end - begin, J, C);
        }
      });
    });
    return in_place ? Tensor() : dweight;
  }

  Tensor of_factors(const Tensor& d, const Tensor& weight, const Tensor& factors,
                    const Tensor& ids) const {
    const int64_t J = ids.size(-1), C = weight.size(1), bags = J == 0 ? 0 : ids.numel() / J;
    const Tensor dfactors = core::full(factors.shape(), 0, factors.dtype());
    const int64_t* id = ids.data<int64_t>();
    visit_wide(weight.dtype(), [&]<class T>() {
      const T *g = d.data<T>(), *w = weight.data<T>();
      T* df = dfactors.data<T>();
      core::parallel_range(J, grain_of(bags, C), [&](int64_t first, int64_t last) {
        for (int64_t j = first; j < last; ++j)
          for (int64_t i = 0; i < bags; ++i) {
            const int64_t row = id[i * J + j];
            if (row == padding) continue;
            kernels::bag<T>().accumulate_matmul(df + j * C, g + i * C, w + row * C, C);
          }
      });
    });
    return dfactors;
  }
};

}  // namespace

Tensor embedding_bag(const Tensor& weight, const Tensor& ids, const Tensor& factors,
                     const EmbeddingFuncOptions& options) {
  const bool fits = weight.dim() == 2 && ids.dim() >= 1 &&
                    (!factors.defined() || factors.shape() == Shape{ids.size(-1), weight.size(1)});
  if (!fits)
    throw ShapeError(
        fmt::format("embedding_bag: weight is {}, ids are {}{}; expected [N, C], [..., J]{}",
                    core::describe(weight), ids.shape().str(),
                    factors.defined() ? ", factors are " + factors.shape().str() : "",
                    factors.defined() ? " and [J, C]" : ""));
  const int64_t rows = weight.size(0);
  const int64_t padding =
      core::check_row("embedding_bag", "padding_idx", options.padding_idx, rows);
  const DType given = weight.dtype(), wide = wide_type(given);
  const auto as = [&](const Tensor& t) { return t.defined() ? t.to(wide).contiguous() : t; };
  return apply<EmbeddingBag>(as(weight), as(factors),
                             core::check_indices("embedding_bag", "ids", ids, rows), padding)
      .to(given);
}

}  // namespace tapehead
