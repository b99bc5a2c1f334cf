#!/usr/bin/env python3
"""Factorisations of matrices. Results whose signs are arbitrary are compared by functions that do not depend on them."""
from recorder import *
from recorder import Spec, f32_values

L = torch.linalg
INF = float("inf")


def spread(*shape):
    """Matrices far from singular, with singular values that are not close."""
    m, n = shape[-2:]
    base = torch.eye(m, n, dtype=torch.float64) * torch.arange(3, 3 * n + 1, 3)
    return Spec(lambda g: f32_values(torch.rand(shape, generator=g, dtype=torch.float64) - 0.5 + base))


def spd(x):
    return x @ x.mT + torch.eye(x.shape[-1], dtype=x.dtype)


case("cholesky", lambda x: L.cholesky(spd(x)), spread(2, 3, 3))
case("cholesky/upper", lambda x: L.cholesky(spd(x), upper=True), spread(3, 3))
case("cholesky_solve", lambda b, x: torch.cholesky_solve(b, x.tril()), normal(2, 3, 2), spread(3, 3))
case("cholesky_solve/upper", lambda b, x: torch.cholesky_solve(b, x.triu(), True), normal(3, 2), spread(2, 3, 3))
case("cholesky_inverse", lambda x: torch.cholesky_inverse(x.tril()), spread(3, 3))
for shape in ((3, 3), (2, 4, 3), (3, 4)):
    name = "x".join(map(str, shape))
    case(f"qr/{name}", lambda x: tuple(L.qr(x)), spread(*shape))
    case(f"svd/{name}", lambda x: (lambda u, s, v: (u**2, s, v**2, u * s.unsqueeze(-2) ** 2 @ v))(*L.svd(x, False)),
         spread(*shape))
    case(f"svdvals/{name}", L.svdvals, spread(*shape))
    case(f"lu/{name}", lambda x: tuple(L.lu(x)), normal(*shape))
    case(f"lu_factor/{name}", lambda x: L.lu_factor(x)[0], normal(*shape))
    case(f"pinv/{name}", L.pinv, spread(*shape))
    case(f"lstsq/{name}", lambda a, b: L.lstsq(a, b, driver="gelsd")[0], spread(*shape), normal(*shape[:-1], 2))
case("qr/complete", lambda x: tuple(L.qr(x, "complete")), spread(2, 3))
case("eigh", lambda x: (lambda w, q: (w, q**2, q * w.unsqueeze(-2) ** 2 @ q.mT))(*L.eigh(x + x.mT)), spread(2, 3, 3))
case("eigvalsh", lambda x: L.eigvalsh(x + x.mT, "U"), spread(3, 3))
for left in (True, False):
    for adjoint in (False, True):
        case(f"lu_solve/{left}/{adjoint}", lambda x, b: L.lu_solve(*L.lu_factor(x), b, left=left, adjoint=adjoint),
             normal(2, 3, 3), normal(2, 3, 3), f32=10.0)
case("solve", L.solve, normal(3, 3), normal(2, 3, 2), f32=10.0)
case("solve/right", lambda a, b: L.solve(a, b, left=False), spread(2, 3, 3), normal(4, 3))
case("solve/vector", L.solve, spread(3, 3), normal(3))
case("solve/vectors", L.solve, spread(2, 3, 3), normal(2, 3))
for upper in (True, False):
    for left in (True, False):
        for unit in (True, False):
            case(f"solve_triangular/{upper}/{left}/{unit}",
                 lambda a, b: L.solve_triangular(a, b, upper=upper, left=left, unitriangular=unit),
                 spread(2, 3, 3), normal(3, 3))
case("inv", L.inv, normal(2, 3, 3), f32=100.0)
case("matrix_power/5", lambda x: L.matrix_power(x, 5), normal(2, 3, 3))
case("matrix_power/-2", lambda x: L.matrix_power(x, -2), spread(3, 3))
case("matrix_power/0", lambda x: L.matrix_power(x, 0), spread(2, 3, 3), second=False)
case("matrix_exp", torch.matrix_exp, normal(2, 3, 3))
case("matrix_exp/large", torch.matrix_exp, normal(2, 2, scale=4), f32=10.0, tolerance=1e-9)
case("det", L.det, normal(2, 3, 3))
case("slogdet", lambda x: tuple(L.slogdet(x)), normal(2, 3, 3), f32=10.0)
case("logdet", torch.logdet, spread(3, 3))
case("pinv/hermitian", lambda x: L.pinv(x + x.mT, hermitian=True), spread(3, 3))
case("pinv/rank 2", lambda x, y: L.pinv(x @ y, rtol=1e-4), normal(4, 2), normal(2, 3), f32=100.0)
case("matrix_rank", lambda x: L.matrix_rank(torch.cat([x, x[:1]]), rtol=1e-3), fixed(normal(2, 3)))
case("lstsq/residuals", lambda a, b: tuple(t for t in L.lstsq(a, b, driver="gelsd")[:2]), fixed(spread(4, 3)),
     fixed(normal(4)))
for ord in ("fro", "nuc", 1, -1, 2, -2, INF, -INF):
    case(f"matrix_norm/{ord}", L.matrix_norm, spread(2, 3, 3), ord, (-1, 1), ord == "nuc")
case("norm/vector", lambda x: L.norm(x, 3), normal(4))
case("norm/all", L.norm, normal(2, 2, 3))
case("norm/matrix", lambda x: L.norm(x, 2), spread(3, 2))
case("norm/nuc", lambda x: L.norm(x, "nuc", dim=(0, 2), keepdim=True), spread(2, 3, 3))
save()
