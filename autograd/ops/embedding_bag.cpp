// embedding_bag.
//
// N rows in the table, C columns, J ids per bag.
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/autograd/recompute_vjp.h"
#include "tapehead/core/detail/ceil_div.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/groups.h"
#include "tapehead/core/detail/index.h"
#include "tapehead/core/detail/views.h"
#include "tapehead/core/error.h"
#include "tapehead/core/kernels/bag.h"
#include "tapehead/core/parallel.h"

namespace tapehead {
namespace {

constexpr int64_t kTaskTerms = 1 << 18;  // that justify a thread
// So few that the gradients of a row can be added in order: for more, they are grouped by rows, of
// which threads take some each, and which are summed in blocks. So they are if many rows get none.
constexpr int64_t kFewIds = 1 << 14;

// Of bags with that many ids each.
int64_t grain_of(int64_t ids, int64_t width) {
  return std::max<int64_t>(1, kTaskTerms / std::max<int64_t>(1, ids * width));
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
        kernels::bag<T>().sum(w, id + first * J, padding, f, y + first * C, last - first, J, C);
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
    const int64_t n = ids.numel();
    if (n >= weight.size(0) && n <= kFewIds && n * C <= kTaskTerms)
      return of_few_ids(d, weight, factors, ids);
    Tensor dweight = grad_buffer(0);
    const bool in_place = dweight.defined();
    if (!in_place) dweight = core::full(weight.shape(), 0, weight.dtype());
    const int64_t* id = ids.data<int64_t>();
    const core::Groups groups(id, n, weight.size(0), padding);
    const int64_t mean = groups.size() == 0 ? 1 : n / groups.size();
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

  Tensor of_few_ids(const Tensor& d, const Tensor& weight, const Tensor& factors,
                    const Tensor& ids) const {
    const int64_t J = ids.size(-1), C = weight.size(1), bags = J == 0 ? 0 : ids.numel() / J;
    const int64_t step = core::ceil_div(C, kernels::kBagStep) * kernels::kBagStep;
    const Tensor sums = core::full({weight.size(0), step}, 0, weight.dtype());
    visit_wide(weight.dtype(), [&]<class T>() {
      kernels::bag<T>().add_to_rows(sums.data<T>(), step, ids.data<int64_t>(), padding, d.data<T>(),
                                    factors.defined() ? factors.data<T>() : nullptr, bags, J, C);
    });
    const Tensor dweight = core::narrow(sums, 1, 0, C), sum = grad_buffer(0);
    if (!sum.defined()) return core::contiguous(dweight);
    core::add_into(sum, dweight);
    return {};
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

// Which ids each bag holds.
struct Bags {
  int64_t count;
  Tensor ids, bag_of;         // i64 [n], without padding; bag_of is sorted
  Tensor positions;           // i64 [n], of ids among all given ids
  std::vector<double> sizes;  // [count], at least 1
};

void check_offsets(const Tensor& offsets, int64_t ids, bool include_last) {
  const int64_t* at = offsets.data<int64_t>();
  const int64_t n = offsets.numel();
  if (include_last && n == 0)
    throw ShapeError("embedding_bag: offsets are [0]; the end of the last bag is missing");
  for (int64_t i = 0; i < n; ++i)
    if (at[i] < (i == 0 ? 0 : at[i - 1]) || at[i] > (i == 0 ? 0 : ids))
      throw IndexError(fmt::format(
          "embedding_bag: offsets[{}] = {} is outside {}..{}; offsets begin at 0 and ascend", i,
          at[i], i == 0 ? 0 : at[i - 1], i == 0 ? 0 : ids));
}

Bags bags_of(const Tensor& ids, int64_t padding, const EmbeddingBagFuncOptions& o) {
  const int64_t n = ids.numel(), *id = ids.data<int64_t>();
  Bags bags;
  Tensor begins = o.offsets;
  if (!begins.defined()) {
    begins = core::empty({ids.size(0)}, i64);
    for (int64_t i = 0; i < ids.size(0); ++i) begins.data<int64_t>()[i] = i * ids.size(1);
  }
  const int64_t* begin = begins.data<int64_t>();
  bags.count = begins.numel() - (o.include_last_offset ? 1 : 0);
  bags.sizes.assign(static_cast<size_t>(bags.count), 0);
  std::vector<int64_t> kept, bag;
  for (int64_t b = 0; b < bags.count; ++b)
    for (int64_t i = begin[b]; i < (b + 1 < begins.numel() ? begin[b + 1] : n); ++i)
      if (id[i] != padding) {
        kept.push_back(i);
        bag.push_back(b);
        ++bags.sizes[static_cast<size_t>(b)];
      }
  for (double& size : bags.sizes) size = std::max(size, 1.0);
  const Shape shape{static_cast<int64_t>(kept.size())};
  bags.positions = core::empty(shape, i64), bags.bag_of = core::empty(shape, i64);
  std::copy(kept.begin(), kept.end(), bags.positions.data<int64_t>());
  std::copy(bag.begin(), bag.end(), bags.bag_of.data<int64_t>());
  bags.ids = core::contiguous(core::take(ids.reshape({-1}), 0, bags.positions));
  return bags;
}

void check_bag_options(const Tensor& weight, const Tensor& ids, const EmbeddingBagFuncOptions& o) {
  const bool flat = o.offsets.defined();
  if (weight.dim() != 2 || ids.dim() != (flat ? 1 : 2) || (flat && o.offsets.dim() != 1))
    throw ShapeError(fmt::format(
        "embedding_bag: weight is {}, ids are {}{}; expected [N, C], and [B, J] or, with offsets "
        "[B], [n]",
        core::describe(weight), ids.shape().str(),
        flat ? fmt::format(", offsets are {}", o.offsets.shape().str()) : ""));
  if (!flat && o.include_last_offset)
    throw ValueError("embedding_bag: include_last_offset is set, but there are no offsets");
  if (!o.per_sample_weights.defined()) return;
  if (o.mode != EmbeddingBagMode::sum)
    throw ValueError("embedding_bag: per_sample_weights are for mode sum; leave them out");
  if (o.per_sample_weights.shape() != ids.shape())
    throw ShapeError(
        fmt::format("embedding_bag: per_sample_weights are {}, ids {}; the shapes "
                    "must be equal",
                    o.per_sample_weights.shape().str(), ids.shape().str()));
}

}  // namespace

Tensor embedding_bag(const Tensor& weight, const Tensor& ids, const EmbeddingBagFuncOptions& o) {
  check_bag_options(weight, ids, o);
  const int64_t rows = weight.size(0);
  EmbeddingBagFuncOptions options = o;
  if (o.offsets.defined()) {
    options.offsets = core::check_indices("embedding_bag", "offsets", o.offsets, ids.numel() + 1);
    check_offsets(options.offsets, ids.numel(), o.include_last_offset);
  }
  const int64_t padding = core::check_row("embedding_bag", "padding_idx", o.padding_idx, rows);
  const Bags bags =
      bags_of(core::check_indices("embedding_bag", "ids", ids, rows), padding, options);
  const DType given = weight.dtype(), wide = wide_type(given);
  Tensor x;
  if (!o.offsets.defined() && !o.per_sample_weights.defined() && !o.scale_grad_by_freq &&
      o.mode != EmbeddingBagMode::max) {
    x = embedding_bag(weight.to(wide), ids, {}, EmbeddingFuncOptions{.padding_idx = o.padding_idx});
  } else {
    x = embedding(weight, bags.ids, {.scale_grad_by_freq = o.scale_grad_by_freq}).to(wide);
    if (o.per_sample_weights.defined())
      x = x * index_select(o.per_sample_weights.to(wide).reshape({-1}), 0, bags.positions)
                  .unsqueeze(-1);
    const Tensor none = core::full({bags.count, weight.size(1)}, 0, wide);
    if (o.mode == EmbeddingBagMode::max)
      return index_reduce(none, 0, bags.bag_of, x, "amax", false).to(given);
    x = index_add(none, 0, bags.bag_of, x);
  }
  if (o.mode == EmbeddingBagMode::sum) return x.to(given);
  const Tensor sizes = core::empty({bags.count, 1}, f64);
  std::copy(bags.sizes.begin(), bags.sizes.end(), sizes.data<double>());
  return (x / sizes.to(wide)).to(given);
}

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
