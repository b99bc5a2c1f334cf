#!/usr/bin/env python3
"""Indexing, scatter, rearranging."""
from recorder import *

ids = lambda *v: given(list(v), torch.int64)

# index and index_put
case("index/slices", lambda x: x[1:, None, ..., ::2], normal(3, 2, 5))
case("index/two", lambda x, i, j: x[i, :, j], normal(3, 2, 4), ids(2, 0, -1, 0), ids(-4, 3, 1, 0))
case("index/broadcast", lambda x, i, j: x[:, i, j], normal(2, 3, 4), given([[0], [-1]], torch.int64), ids(1, -2, 1))
case("index/mask", lambda x, m: x[:, m], normal(2, 3, 4), bools(3, 4))
case("index/mixed", lambda x, m, i: x[m, 1, i], normal(4, 3, 2), given([True, False, True, True]), ids(1, 0, 1))
case("index_put/rows", lambda x, i, v: x.index_put((i,), v), normal(4, 3), ids(3, -4), normal(2, 3))
case("index_put/accumulate", lambda x, i, v: x.index_put((i,), v, True), normal(4, 3), ids(1, -3, 0), normal(3, 3))
case("index_put/mask", lambda x, m, v: x.index_put((m,), v), normal(3, 4), bools(3, 4), normal())


def assigned(x, i, v):
    y = x * 1
    y[1:, i] = v
    y[0] += 1
    return y


case("index_put/slice", assigned, normal(3, 4), ids(0, -1), normal(2))
case("take", torch.take, normal(3, 4), given([[0, -1], [5, 5]], torch.int64))
case("index_select", torch.index_select, normal(2, 4, 3), 1, ids(3, 0, 3))
case("index_add", torch.index_add, normal(2, 4, 3), 1, ids(3, 0, 3), normal(2, 3, 3))
case("index_copy", torch.index_copy, normal(2, 4, 3), 1, ids(3, 0), normal(2, 2, 3))
case("index_fill", torch.index_fill, normal(2, 4, 3), 1, ids(3, 0, 3), normal())
for reduce in ("prod", "mean", "amax", "amin"):
    for include in (True, False):
        case(f"index_reduce/{reduce}/{include}",
             lambda x, i, s: torch.index_reduce(x, 1, i, s, reduce, include_self=include),
             uniform(0.5, 2, 2, 4), ids(3, 0, 3, 3), uniform(0.5, 2, 2, 4), second=reduce != "prod")

# gather and scatter
i35 = lambda: integers(5, 3, 4)
case("gather", torch.gather, normal(3, 5), 1, i35())
case("take_along_dim", torch.take_along_dim, normal(3, 5), integers(5, 1, 2), 1)
case("scatter", torch.scatter, normal(3, 5), 1, given([[4, 0], [1, 2]], torch.int64), normal(2, 2))
case("scatter/value", lambda x, i: x.scatter(0, i, 2.5), normal(3, 5), integers(3, 2, 4))
case("scatter_add", torch.scatter_add, normal(3, 5), 1, i35(), normal(3, 4))
for reduce in ("sum", "prod", "mean", "amax", "amin"):
    for include in (True, False):
        case(f"scatter_reduce/{reduce}/{include}",
             lambda x, i, s: torch.scatter_reduce(x, 1, i, s, reduce, include_self=include),
             normal(3, 5), i35(), normal(3, 4))
case("scatter_reduce/ties", lambda x, i, s: torch.scatter_reduce(x, 0, i, s, "amax"),
     given([1.0, 2.0, 0.0]), ids(0, 0, 1, 2), given([1.0, 1.0, 2.0, 3.0]))
case("scatter_reduce/zeros", lambda x, i, s: torch.scatter_reduce(x, 0, i, s, "prod"),
     given([2.0, 0.0, 3.0, 0.0]), ids(0, 0, 1, 2, 2, 3), given([0.0, 5.0, 4.0, 0.0, 0.0, 2.0]), second=False)
case("masked_fill", lambda x, m: x.masked_fill(m, -3.0), normal(3, 4), bools(4))
case("masked_select", torch.masked_select, normal(3, 4), bools(3, 4))
case("masked_scatter", torch.masked_scatter, normal(3, 4), bools(3, 4), normal(13))
case("where", lambda c: list(torch.where(c)), bools(3, 4))
case("argwhere", torch.argwhere, bools(2, 3, 2))

# shapes
case("unflatten", lambda x: x.unflatten(1, (3, -1)), normal(2, 6))
case("squeeze", lambda x: x.squeeze((0, 2)), normal(1, 3, 1, 1))
case("movedim", lambda x: x.movedim((0, 1), (-1, 0)), normal(2, 3, 4))
case("atleast", lambda x: [torch.atleast_1d(x), torch.atleast_2d(x), torch.atleast_3d(x)], normal())
case("atleast/1", lambda x: [torch.atleast_2d(x), torch.atleast_3d(x)], normal(3))
case("atleast/2", lambda x: [torch.atleast_3d(x)], normal(3, 2))
case("broadcast_tensors", lambda x, y: list(torch.broadcast_tensors(x, y)), normal(3, 1), normal(2))
case("narrow", lambda x: torch.narrow(x, 1, -3, 2), normal(2, 5))
case("as_strided", lambda x: torch.as_strided(x, (3, 4), (2, 1), 1), normal(12))
case("as_strided/expanded", lambda x: torch.as_strided(x, (2, 3, 2), (1, 0, 3)), normal(2, 4))
case("unfold", lambda x: x.unfold(1, 3, 2), normal(2, 8))
case("unfold/apart", lambda x: x.unfold(0, 2, 3), normal(6, 3))
case("select_scatter", torch.select_scatter, normal(3, 4), normal(3), 1, -2)
case("slice_scatter", lambda x, s: torch.slice_scatter(x, s, 1, 1, None, 2), normal(3, 4), normal(3, 2))
case("diagonal_scatter", torch.diagonal_scatter, normal(3, 4), normal(3), 1)

# rearranging
case("flip", torch.flip, normal(2, 3, 4), (0, 2))
case("fliplr", lambda x: [torch.fliplr(x), torch.flipud(x)], normal(2, 3))
case("rot90", lambda x: [torch.rot90(x, k, (1, 2)) for k in (-1, 1, 2, 4)], normal(2, 3, 2))
case("roll", lambda x: [x.roll((1, -2, 1), (0, 1, 0)), x.roll(5), x.roll(-1, 1)], normal(2, 3))
case("repeat_interleave", lambda x: [x.repeat_interleave(3), x.repeat_interleave(2, 1)], normal(2, 3))
case("repeat_interleave/each", lambda x, n: x.repeat_interleave(n, 0), normal(3, 2), ids(2, 0, 3))
case("tile", lambda x: [x.tile((2,)), x.tile((2, 1, 2))], normal(2, 3))
case("meshgrid", lambda x, y, z: [*torch.meshgrid(x, y, z, indexing="ij"), *torch.meshgrid(x, y, z, indexing="xy")],
     normal(2), normal(3), normal())
case("cartesian_prod", lambda x, y: torch.cartesian_prod(x, y), normal(2), normal(3))
case("combinations", lambda x: [torch.combinations(x, r, w) for r, w in ((2, False), (3, False), (2, True), (3, True))],
     normal(4))
case("tril_indices", lambda: [torch.tril_indices(3, 4, -1), torch.triu_indices(3, 4, 1), torch.tril_indices(2, 2, 9)])

# joining and splitting
for name in ("hstack", "vstack", "dstack", "column_stack"):
    f = getattr(torch, name)
    case(f"{name}/1", lambda x, y: f((x, y)), normal(3), normal(3))
    case(f"{name}/2", lambda x, y: f((x, y)), normal(2, 2), normal(2, 2))
case("hstack/0", lambda x, y: torch.hstack((x, y)), normal(), normal())
case("tensor_split", lambda x: [*torch.tensor_split(x, 3), *torch.tensor_split(x, (1, -2, 9), 1)], normal(5, 4))
case("hsplit", lambda x: [*torch.hsplit(x, 2), *torch.vsplit(x, (1,)), *torch.dsplit(x, 2)], normal(2, 4, 2))
case("hsplit/1", lambda x: list(torch.hsplit(x, (1, 3))), normal(4))
save()
