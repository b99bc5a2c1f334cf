// cdist, pdist.
#include "tapehead/autograd/ops/distance.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "tapehead/autograd/autocast.h"
#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/detail/linalg.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/autograd/ops/distance_kernel.h"
#include "tapehead/autograd/recompute_vjp.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/matmul.h"
#include "tapehead/core/detail/views.h"
#include "tapehead/core/error.h"
#include "tapehead/core/parallel.h"

namespace tapehead {
namespace {

// B the number of pairs of matrices, P and R their rows, M the columns.
constexpr int64_t kDirectRows = 25;  // up to which products do not pay
constexpr int64_t kSideBySide = 16;  // rows that fill vectors of all instruction sets

// The rows of x of a task: about 2^14 differences.
int64_t rows_per_task(int64_t R, int64_t M) {
  return std::max<int64_t>(1, (1 << 14) / std::max<int64_t>(R * M, 1));
}

// Distances between the rows of contiguous x [..., P, M] and y [..., R, M].
struct Distances {
  const Tensor &x, &y;
  double p;
  int64_t P = x.size(-2), R = y.size(-2), M = x.size(-1);
  // Many rows y are computed side by side, from y [..., M, R].
  bool by_columns = R >= kSideBySide;
  Tensor layout = by_columns ? core::contiguous(y.transpose(-1, -2)) : y;

  // Calls f<T>(row, matrix) for each row of all matrices x.
  template <class F>
  void each_row(F f) const {
    const int64_t rows = x.numel() / std::max<int64_t>(M, 1);
    visit_wide(x.dtype(), [&]<class T>() {
      core::parallel_range(rows, rows_per_task(R, M), [&](int64_t first, int64_t last) {
        for (int64_t row = first; row < last; ++row) f.template operator()<T>(row, row / P);
      });
    });
  }
  // The rows of y from `first` on, in a matrix.
  template <class T>
  kernels::Rows<T> rows_from(int64_t matrix, int64_t first = 0) const {
    const T* data = layout.data<T>() + matrix * R * M;
    if (by_columns) return {data + first, 1, R};
    return {data + first * M, M, 1};
  }

  Tensor forward() const {
    Shape shape = x.shape();
    shape[shape.rank() - 1] = R;
    if (M == 0) return core::full(shape, 0, x.dtype());
    const Tensor out = core::empty(shape, x.dtype());
    each_row([&]<class T>(int64_t row, int64_t matrix) {
      kernels::distance<T>().forward(x.data<T>() + row * M, rows_from<T>(matrix),
                                     out.data<T>() + row * R, R, M, p);
    });
    return out;
  }
  Tensor backward(const Tensor& out, const Tensor& dout) const {
    const Tensor dx = core::full(x.shape(), 0, x.dtype());
    each_row([&]<class T>(int64_t row, int64_t matrix) {
      kernels::distance<T>().backward(x.data<T>() + row * M, rows_from<T>(matrix),
                                      out.data<T>() + row * R, dout.data<T>() + row * R,
                                      dx.data<T>() + row * M, R, M, p);
    });
    return dx;
  }
};

// Euclidean distances from a product of x and y.
Tensor distances_by_product(const Tensor& x, const Tensor& y) {
  const Tensor out = core::matmul("cdist", x, y.transpose(-1, -2));
  const int64_t M = x.size(-1), R = y.size(-2);
  const auto squares_of = [M](const Tensor& t) {
    const Tensor sums = core::empty({t.numel() / M}, t.dtype());
    visit_wide(t.dtype(), [&]<class T>() {
      core::parallel_range(sums.numel(), rows_per_task(1, M), [&](int64_t first, int64_t last) {
        for (int64_t row = first; row < last; ++row)
          sums.data<T>()[row] = kernels::distance<T>().squares(t.data<T>() + row * M, M);
      });
    });
    return sums;
  };
  const Tensor xx = squares_of(x), yy = squares_of(y);
  visit_wide(x.dtype(), [&]<class T>() {
    core::parallel_range(xx.numel(), rows_per_task(R, 1), [&](int64_t first, int64_t last) {
      for (int64_t row = first; row < last; ++row)
        kernels::distance<T>().from_products(out.data<T>() + row * R, xx.data<T>()[row],
                                             yy.data<T>() + row / x.size(-2) * R, R);
    });
  });
  return out;
}

Tensor simple_distances(const Tensor& x, const Tensor& y, double p) {
  return linalg_vector_norm(x.unsqueeze(-2) - y.unsqueeze(-3), p, -1);
}

struct Cdist : CustomOp {
  static constexpr const char* kName = "cdist";
  double p = 2;
  Tensor forward(const Tensor& x, const Tensor& y, double order) {
    p = order;
    save(x), save(y);
    const bool many = x.size(-2) > kDirectRows || y.size(-2) > kDirectRows;
    if (p == 2 && many && x.size(-1) > 0) return save(distances_by_product(x, y));
    return save(Distances{x, y, p}.forward());
  }
  std::array<Tensor, 2> backward(const Tensor& dout) const {
    const Tensor x = saved(0), y = saved(1);
    if (is_grad_enabled()) {
      const auto simple = [order = p](const auto& in) {
        return std::vector<Tensor>{simple_distances(in[0], in[1], order)};
      };
      const Grads grads = recompute_vjp(simple, {x, y}, {&dout, 1});
      return {grads[0], grads[1]};
    }
    const Tensor out = saved(2);
    const auto swapped = [](const Tensor& t) { return core::contiguous(t.transpose(-1, -2)); };
    std::array<Tensor, 2> grads;
    if (needs_grad(0)) grads[0] = Distances{x, y, p}.backward(out, core::contiguous(dout));
    if (needs_grad(1)) grads[1] = Distances{y, x, p}.backward(swapped(out), swapped(dout));
    return grads;
  }
};

// Calls f(i, start, count) for each row i of n, whose distances to the `count` rows after it start
// at position `start` of the result.
template <class F>
void each_pair_row(int64_t n, F f) {
  int64_t start = 0;
  for (int64_t i = 0; i + 1 < n; start += n - ++i) f(i, start, n - 1 - i);
}

struct Pdist : CustomOp {
  static constexpr const char* kName = "pdist";
  double p = 2;
  Tensor forward(const Tensor& x, double order) {
    p = order;
    save(x);
    const int64_t N = x.size(0), M = x.size(1);
    const Tensor out = core::empty({N * (N - 1) / 2}, x.dtype());
    const Distances all{x, x, p};
    visit_wide(x.dtype(), [&]<class T>() {
      core::parallel_range(N - 1, rows_per_task(N, M), [&](int64_t first, int64_t last) {
        for (int64_t i = first; i < last; ++i)
          kernels::distance<T>().forward(x.data<T>() + i * M, all.rows_from<T>(0, i + 1),
                                         out.data<T>() + i * (2 * N - i - 1) / 2, N - 1 - i, M, p);
      });
    });
    return save(out);
  }
  Tensor backward(const Tensor& dout) const {
    const Tensor x = saved(0);
    if (is_grad_enabled()) {
      const auto simple = [order = p](const auto& in) {
        const Tensor all = simple_distances(in[0], in[0], order);
        return std::vector<Tensor>{masked_select(all, triu_mask(in[0].size(0), in[0].size(0), 1))};
      };
      return recompute_vjp(simple, {x}, {&dout, 1})[0];
    }
    return Distances{x, x, p}.backward(symmetric(saved(1)), symmetric(dout));
  }

 private:
  // The matrix [N, N] with the elements of a result above and below the diagonal.
  Tensor symmetric(const Tensor& pairs) const {
    const int64_t N = saved(0).size(0);
    const Tensor out = core::full({N, N}, 0, pairs.dtype());
    each_pair_row(N, [&](int64_t i, int64_t start, int64_t count) {
      const Tensor row = core::view_of(pairs, {count}, pairs.strides(),
                                       pairs.impl()->offset + start * pairs.strides()[0]);
      core::copy_into(core::view_of(out, {count}, {1}, i * N + i + 1), row);
      core::copy_into(core::view_of(out, {count}, {N}, (i + 1) * N + i), row);
    });
    return out;
  }
};

DType checked_type(const char* op, const Tensor& x, const Tensor& y, double p) {
  const DType dtype = core::result_type(x, y);
  if (!is_floating(dtype))
    throw DTypeError(fmt::format("{}: expected a floating tensor, got {}; convert with to(f32)", op,
                                 core::describe(x)));
  if (!(p >= 0)) throw ValueError(fmt::format("{}: p = {} is negative", op, p));
  return detail::in_f32(dtype);
}

}  // namespace

Tensor cdist(const Tensor& x1, const Tensor& x2, double p) {
  if (x1.dim() < 2 || x2.dim() < 2 || x1.size(-1) != x2.size(-1))
    throw ShapeError(fmt::format("cdist: x1 is {}, x2 is {}; expected [..., P, M] and [..., R, M]",
                                 x1.shape().str(), x2.shape().str()));
  const DType dtype = checked_type("cdist", x1, x2, p), wide = wide_type(dtype);
  const Shape batch = broadcast_shapes("cdist", core::batch_of(x1), core::batch_of(x2));
  const auto rows = [&](const Tensor& x) {
    return detail::expand_batch(x.to(wide), batch).contiguous();
  };
  return apply<Cdist>(rows(x1), rows(x2), p).to(dtype);
}

Tensor pdist(const Tensor& x, double p) {
  if (x.dim() != 2)
    throw ShapeError(fmt::format("pdist: {} is not a matrix [N, M]", core::describe(x)));
  const DType dtype = checked_type("pdist", x, x, p), wide = wide_type(dtype);
  return apply<Pdist>(x.to(wide).contiguous(), p).to(dtype);
}

}  // namespace tapehead
