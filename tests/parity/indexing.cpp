#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/tests/parity/parity.h"

namespace tapehead::parity {
namespace {

Tensors joined(Tensors a, const Tensors& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// Also the forms of assignment: a view, a temporary with tensor indices, and +=.
Tensors assigned(const Tensors& x) {
  const Tensor y = x[0] * 1;
  y.index({Slice(1), x[1]}) = x[2];
  y[0] += 1;
  return {y};
}

}  // namespace

// clang-format off
const Family kIndexing("indexing", {
  {"index/slices", [](const Tensors& x) { return Tensors{index(x[0], {Slice(1), None, Ellipsis, Slice(None, None, 2)})}; }},
  {"index/two", [](const Tensors& x) { return Tensors{index(x[0], {x[1], Slice(), x[2]})}; }},
  {"index/broadcast", [](const Tensors& x) { return Tensors{index(x[0], {Slice(), x[1], x[2]})}; }},
  {"index/mask", [](const Tensors& x) { return Tensors{index(x[0], {Slice(), x[1]})}; }},
  {"index/mixed", [](const Tensors& x) { return Tensors{index(x[0], {x[1], tensor(1), x[2]})}; }},
  {"index_put/rows", [](const Tensors& x) { return Tensors{index_put(x[0], {x[1]}, x[2])}; }},
  {"index_put/accumulate", [](const Tensors& x) { return Tensors{index_put(x[0], {x[1]}, x[2], true)}; }},
  {"index_put/mask", [](const Tensors& x) { return Tensors{index_put(x[0], {x[1]}, x[2])}; }},
  {"index_put/slice", assigned},
  {"take", [](const Tensors& x) { return Tensors{take(x[0], x[1])}; }},
  {"index_select", [](const Tensors& x) { return Tensors{index_select(x[0], 1, x[1])}; }},
  {"index_add", [](const Tensors& x) { return Tensors{index_add(x[0], 1, x[1], x[2])}; }},
  {"index_copy", [](const Tensors& x) { return Tensors{index_copy(x[0], 1, x[1], x[2])}; }},
  {"index_fill", [](const Tensors& x) { return Tensors{index_fill(x[0], 1, x[1], x[2])}; }},
  {"index_reduce/prod/True", [](const Tensors& x) { return Tensors{index_reduce(x[0], 1, x[1], x[2], "prod", true)}; }},
  {"index_reduce/prod/False", [](const Tensors& x) { return Tensors{index_reduce(x[0], 1, x[1], x[2], "prod", false)}; }},
  {"index_reduce/mean/True", [](const Tensors& x) { return Tensors{index_reduce(x[0], 1, x[1], x[2], "mean", true)}; }},
  {"index_reduce/mean/False", [](const Tensors& x) { return Tensors{index_reduce(x[0], 1, x[1], x[2], "mean", false)}; }},
  {"index_reduce/amax/True", [](const Tensors& x) { return Tensors{index_reduce(x[0], 1, x[1], x[2], "amax", true)}; }},
  {"index_reduce/amax/False", [](const Tensors& x) { return Tensors{index_reduce(x[0], 1, x[1], x[2], "amax", false)}; }},
  {"index_reduce/amin/True", [](const Tensors& x) { return Tensors{index_reduce(x[0], 1, x[1], x[2], "amin", true)}; }},
  {"index_reduce/amin/False", [](const Tensors& x) { return Tensors{index_reduce(x[0], 1, x[1], x[2], "amin", false)}; }},
  {"gather", [](const Tensors& x) { return Tensors{gather(x[0], 1, x[1])}; }},
  {"take_along_dim", [](const Tensors& x) { return Tensors{take_along_dim(x[0], x[1], 1)}; }},
  {"scatter", [](const Tensors& x) { return Tensors{scatter(x[0], 1, x[1], x[2])}; }},
  {"scatter/value", [](const Tensors& x) { return Tensors{scatter(x[0], 0, x[1], 2.5)}; }},
  {"scatter_add", [](const Tensors& x) { return Tensors{scatter_add(x[0], 1, x[1], x[2])}; }},
  {"scatter_reduce/sum/True", [](const Tensors& x) { return Tensors{scatter_reduce(x[0], 1, x[1], x[2], "sum", true)}; }},
  {"scatter_reduce/sum/False", [](const Tensors& x) { return Tensors{scatter_reduce(x[0], 1, x[1], x[2], "sum", false)}; }},
  {"scatter_reduce/prod/True", [](const Tensors& x) { return Tensors{scatter_reduce(x[0], 1, x[1], x[2], "prod", true)}; }},
  {"scatter_reduce/prod/False", [](const Tensors& x) { return Tensors{scatter_reduce(x[0], 1, x[1], x[2], "prod", false)}; }},
  {"scatter_reduce/mean/True", [](const Tensors& x) { return Tensors{scatter_reduce(x[0], 1, x[1], x[2], "mean", true)}; }},
  {"scatter_reduce/mean/False", [](const Tensors& x) { return Tensors{scatter_reduce(x[0], 1, x[1], x[2], "mean", false)}; }},
  {"scatter_reduce/amax/True", [](const Tensors& x) { return Tensors{scatter_reduce(x[0], 1, x[1], x[2], "amax", true)}; }},
  {"scatter_reduce/amax/False", [](const Tensors& x) { return Tensors{scatter_reduce(x[0], 1, x[1], x[2], "amax", false)}; }},
  {"scatter_reduce/amin/True", [](const Tensors& x) { return Tensors{scatter_reduce(x[0], 1, x[1], x[2], "amin", true)}; }},
  {"scatter_reduce/amin/False", [](const Tensors& x) { return Tensors{scatter_reduce(x[0], 1, x[1], x[2], "amin", false)}; }},
  {"scatter_reduce/ties", [](const Tensors& x) { return Tensors{scatter_reduce(x[0], 0, x[1], x[2], "amax")}; }},
  {"scatter_reduce/zeros", [](const Tensors& x) { return Tensors{scatter_reduce(x[0], 0, x[1], x[2], "prod")}; }},
  {"masked_fill", [](const Tensors& x) { return Tensors{masked_fill(x[0], x[1], -3.0)}; }},
  {"masked_select", [](const Tensors& x) { return Tensors{masked_select(x[0], x[1])}; }},
  {"masked_scatter", [](const Tensors& x) { return Tensors{masked_scatter(x[0], x[1], x[2])}; }},
  {"where", [](const Tensors& x) { return where(x[0]); }},
  {"argwhere", [](const Tensors& x) { return Tensors{argwhere(x[0])}; }},
  {"unflatten", [](const Tensors& x) { return Tensors{unflatten(x[0], 1, {3, -1})}; }},
  {"squeeze", [](const Tensors& x) { return Tensors{squeeze(x[0], {0, 2})}; }},
  {"movedim", [](const Tensors& x) { return Tensors{movedim(x[0], {0, 1}, {-1, 0})}; }},
  {"atleast", [](const Tensors& x) { return Tensors{atleast_1d(x[0]), atleast_2d(x[0]), atleast_3d(x[0])}; }},
  {"atleast/1", [](const Tensors& x) { return Tensors{atleast_2d(x[0]), atleast_3d(x[0])}; }},
  {"atleast/2", [](const Tensors& x) { return Tensors{atleast_3d(x[0])}; }},
  {"broadcast_tensors", [](const Tensors& x) { return broadcast_tensors(x); }},
  {"narrow", [](const Tensors& x) { return Tensors{narrow(x[0], 1, -3, 2)}; }},
  {"as_strided", [](const Tensors& x) { return Tensors{as_strided(x[0], {3, 4}, {2, 1}, 1)}; }},
  {"as_strided/expanded", [](const Tensors& x) { return Tensors{as_strided(x[0], {2, 3, 2}, {1, 0, 3})}; }},
  {"unfold", [](const Tensors& x) { return Tensors{unfold(x[0], 1, 3, 2)}; }},
  {"unfold/apart", [](const Tensors& x) { return Tensors{unfold(x[0], 0, 2, 3)}; }},
  {"select_scatter", [](const Tensors& x) { return Tensors{select_scatter(x[0], x[1], 1, -2)}; }},
  {"slice_scatter", [](const Tensors& x) { return Tensors{slice_scatter(x[0], x[1], 1, Slice(1, None, 2))}; }},
  {"diagonal_scatter", [](const Tensors& x) { return Tensors{diagonal_scatter(x[0], x[1], 1)}; }},
  {"flip", [](const Tensors& x) { return Tensors{flip(x[0], {0, 2})}; }},
  {"fliplr", [](const Tensors& x) { return Tensors{fliplr(x[0]), flipud(x[0])}; }},
  {"rot90", [](const Tensors& x) { return Tensors{rot90(x[0], -1, {1, 2}), rot90(x[0], 1, {1, 2}), rot90(x[0], 2, {1, 2}), rot90(x[0], 4, {1, 2})}; }},
  {"roll", [](const Tensors& x) { return Tensors{roll(x[0], {1, -2, 1}, {0, 1, 0}), roll(x[0], 5), roll(x[0], -1, 1)}; }},
  {"repeat_interleave", [](const Tensors& x) { return Tensors{repeat_interleave(x[0], 3), repeat_interleave(x[0], 2, 1)}; }},
  {"repeat_interleave/each", [](const Tensors& x) { return Tensors{repeat_interleave(x[0], x[1], 0)}; }},
  {"tile", [](const Tensors& x) { return Tensors{tile(x[0], 2), tile(x[0], {2, 1, 2})}; }},
  {"meshgrid", [](const Tensors& x) { return joined(meshgrid(x), meshgrid(x, "xy")); }},
  {"cartesian_prod", [](const Tensors& x) { return Tensors{cartesian_prod(x)}; }},
  {"combinations", [](const Tensors& x) { return Tensors{combinations(x[0], 2), combinations(x[0], 3), combinations(x[0], 2, true), combinations(x[0], 3, true)}; }},
  {"tril_indices", [](const Tensors&) { return Tensors{tril_indices(3, 4, -1), triu_indices(3, 4, 1), tril_indices(2, 2, 9)}; }},
  {"hstack/1", [](const Tensors& x) { return Tensors{hstack(x)}; }},
  {"hstack/2", [](const Tensors& x) { return Tensors{hstack(x)}; }},
  {"vstack/1", [](const Tensors& x) { return Tensors{vstack(x)}; }},
  {"vstack/2", [](const Tensors& x) { return Tensors{vstack(x)}; }},
  {"dstack/1", [](const Tensors& x) { return Tensors{dstack(x)}; }},
  {"dstack/2", [](const Tensors& x) { return Tensors{dstack(x)}; }},
  {"column_stack/1", [](const Tensors& x) { return Tensors{column_stack(x)}; }},
  {"column_stack/2", [](const Tensors& x) { return Tensors{column_stack(x)}; }},
  {"hstack/0", [](const Tensors& x) { return Tensors{hstack(x)}; }},
  {"tensor_split", [](const Tensors& x) { return joined(tensor_split(x[0], 3), tensor_split(x[0], {1, -2, 9}, 1)); }},
  {"hsplit", [](const Tensors& x) { return joined(joined(hsplit(x[0], 2), vsplit(x[0], std::vector<int64_t>{1})), dsplit(x[0], 2)); }},
  {"hsplit/1", [](const Tensors& x) { return hsplit(x[0], {1, 3}); }},
});
// clang-format on

}  // namespace tapehead::parity
