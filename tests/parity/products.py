#!/usr/bin/env python3
"""Products, einsum and diagonals."""
from recorder import *

case("mm", torch.mm, normal(3, 4), normal(4, 2))
case("bmm", torch.bmm, normal(2, 3, 4), normal(2, 4, 2))
case("mv", torch.mv, normal(3, 4), normal(4))
case("dot", torch.dot, normal(7), normal(7))
case("vdot", torch.vdot, normal(7), normal(7))
case("inner", torch.inner, normal(2, 3, 4), normal(5, 4))
case("inner/0-d", torch.inner, normal(2, 3), normal())
case("outer", torch.outer, normal(3), normal(4))
case("tensordot", torch.tensordot, normal(2, 3, 4), normal(3, 4, 2))
case("tensordot/0", torch.tensordot, normal(2, 3), normal(3), 0)
case("tensordot/axes", torch.tensordot, normal(2, 3, 4), normal(4, 3, 2), ((2, 0), (0, -1)))
case("tensordot/broadcast", torch.tensordot, normal(2, 1), normal(3, 4), 1)

for name, f, shapes in (("addmm", torch.addmm, ((3, 2), (2,), (3, 4), (4, 2))),
                        ("addmv", torch.addmv, ((3,), (), (3, 4), (4,))),
                        ("addr", torch.addr, ((3, 4), (3, 1), (3,), (4,))),
                        ("baddbmm", torch.baddbmm, ((2, 3, 2), (3, 1), (2, 3, 4), (2, 4, 2))),
                        ("addbmm", torch.addbmm, ((3, 2), (2,), (2, 3, 4), (2, 4, 2)))):
    full, less, a, b = shapes
    case(name, f, normal(*full), normal(*a), normal(*b))
    case(f"{name}/factors", f, normal(*less), normal(*a), normal(*b), beta=0.5, alpha=-2.0)
    case(f"{name}/no input", f, given(torch.full(full, float("nan"))), normal(*a), normal(*b), beta=0)

case("multi_dot", lambda *x: torch.linalg.multi_dot(x), normal(4), normal(4, 2), normal(2, 5), normal(5))
case("chain_matmul", lambda *x: torch.linalg.multi_dot(x), normal(3, 4), normal(4, 2), normal(2, 5))
case("kron", torch.kron, normal(2, 3), normal(3, 2))
case("kron/ranks", torch.kron, normal(2), normal(2, 1, 3))
case("cross", torch.linalg.cross, normal(4, 3), normal(4, 3))
case("cross/axis", torch.linalg.cross, normal(2, 3, 4), normal(1, 3, 1), dim=1)
case("bilinear", F.bilinear, normal(2, 2, 3), normal(2, 2, 4), normal(2, 3, 4), normal(2))
layer("Bilinear", nn.Bilinear(3, 4, 2), normal(5, 3), normal(5, 4))
layer("Bilinear/no bias", nn.Bilinear(3, 4, 2, bias=False), normal(3), normal(4))

case("diag_embed", torch.diag_embed, normal(2, 3))
case("diag_embed/axes", torch.diag_embed, normal(2, 3), -1, 0, 2)
case("diag_embed/swapped", torch.diag_embed, normal(2, 3), 1, 2, 0)
case("diag/vector", torch.diag, normal(3), 1)
case("diag/matrix", torch.diag, normal(3, 4), -1)
case("diagflat", torch.diagflat, normal(2, 2), -1)
case("trace", torch.trace, normal(3, 4))

for equation, *shapes in (
        ("ij,jk", (2, 3), (3, 4)),
        ("ij,jk->ki", (2, 3), (3, 4)),
        ("bij,bjk->bik", (2, 3, 4), (2, 4, 2)),
        ("bhqd,bhkd->bhqk", (2, 2, 3, 4), (2, 2, 5, 4)),
        ("bqhd,bkhd->bhqk", (2, 3, 2, 4), (2, 5, 2, 4)),
        ("i,j", (3,), (4,)),
        ("i,i", (3,), (3,)),
        ("ij,ij->ij", (2, 3), (2, 3)),
        ("ij,ij->j", (2, 3), (2, 3)),
        ("ii", (3, 3)),
        ("ii->i", (3, 3)),
        ("iij,jk->ik", (3, 3, 2), (2, 4)),
        ("iijij,j->ij", (2, 2, 3, 2, 3), (3,)),
        ("ba", (2, 3)),
        ("aB", (2, 3)),
        ("bA,Ab", (2, 3), (3, 2)),
        ("ij->", (2, 3)),
        (" i j , j k -> i k ", (2, 3), (3, 4)),
        (",ij->ij", (), (2, 3)),
        ("...ij,...jk", (2, 3, 4), (4, 2)),
        ("...ij,...jk->...ik", (2, 1, 3, 4), (3, 4, 2)),
        ("i...,j->j...i", (2, 3, 2), (4,)),
        ("...i->i", (2, 3, 4)),
        ("...,...", (2, 3), (3,)),
        ("i,...->...", (2,), (3,)),
        ("ij,jk->ik", (2, 1), (3, 4)),
        ("ij,ij->i", (2, 1), (1, 3)),
        ("bn,anm,bm->ba", (2, 5), (3, 5, 4), (2, 4)),
        ("ij,jk,kl,li->", (2, 3), (3, 4), (4, 5), (5, 2)),
        ("abc,cd,be,af,f->de", (2, 3, 4), (4, 2), (3, 2), (2, 3), (3,)),
        ("ab,bc,cd,de,ef,fg->ag", (2, 3), (3, 2), (2, 3), (3, 2), (2, 3), (3, 2)),
        ("abcd,dcba->", (2, 3, 2, 3), (3, 2, 3, 2)),
        ("ji,kj->ik", (3, 2), (4, 3)),
        ("z...,z->...", (0, 2), (0,)),
):
    case(f"einsum/{equation}", lambda e, *x: torch.einsum(e, *x), equation, *(normal(*s) for s in shapes))
save()
