#include "tapehead/autograd/ops/products.h"

#include "tapehead/autograd/ops/diagonals.h"
#include "tapehead/autograd/ops/einsum.h"
#include "tapehead/nn/bilinear.h"
#include "tapehead/tests/parity/parity.h"

namespace tapehead::parity {
namespace {

nn::BilinearOptions without_bias() { return {.bias = false}; }
Layer bilinear_layer(const nn::Bilinear& layer) {
  return [layer](const Tensors& x) { return Tensors{layer(x[0], x[1])}; };
}

}  // namespace

// clang-format off
const Family kProducts("products", {
  {"mm", [](const Tensors& x) { return Tensors{mm(x[0], x[1])}; }},
  {"bmm", [](const Tensors& x) { return Tensors{bmm(x[0], x[1])}; }},
  {"mv", [](const Tensors& x) { return Tensors{mv(x[0], x[1])}; }},
  {"dot", [](const Tensors& x) { return Tensors{dot(x[0], x[1])}; }},
  {"vdot", [](const Tensors& x) { return Tensors{vdot(x[0], x[1])}; }},
  {"inner", [](const Tensors& x) { return Tensors{inner(x[0], x[1])}; }},
  {"outer", [](const Tensors& x) { return Tensors{outer(x[0], x[1])}; }},
  {"inner/0-d", [](const Tensors& x) { return Tensors{inner(x[0], x[1])}; }},
  {"tensordot", [](const Tensors& x) { return Tensors{tensordot(x[0], x[1])}; }},
  {"tensordot/0", [](const Tensors& x) { return Tensors{tensordot(x[0], x[1], 0)}; }},
  {"tensordot/axes", [](const Tensors& x) { return Tensors{tensordot(x[0], x[1], {2, 0}, {0, -1})}; }},
  {"tensordot/broadcast", [](const Tensors& x) { return Tensors{tensordot(x[0], x[1], 1)}; }},
  {"addmm", [](const Tensors& x) { return Tensors{addmm(x[0], x[1], x[2])}; }},
  {"addmm/factors", [](const Tensors& x) { return Tensors{addmm(x[0], x[1], x[2], 0.5, -2.0)}; }},
  {"addmm/no input", [](const Tensors& x) { return Tensors{addmm(x[0], x[1], x[2], 0)}; }},
  {"addmv", [](const Tensors& x) { return Tensors{addmv(x[0], x[1], x[2])}; }},
  {"addmv/factors", [](const Tensors& x) { return Tensors{addmv(x[0], x[1], x[2], 0.5, -2.0)}; }},
  {"addmv/no input", [](const Tensors& x) { return Tensors{addmv(x[0], x[1], x[2], 0)}; }},
  {"addr", [](const Tensors& x) { return Tensors{addr(x[0], x[1], x[2])}; }},
  {"addr/factors", [](const Tensors& x) { return Tensors{addr(x[0], x[1], x[2], 0.5, -2.0)}; }},
  {"addr/no input", [](const Tensors& x) { return Tensors{addr(x[0], x[1], x[2], 0)}; }},
  {"baddbmm", [](const Tensors& x) { return Tensors{baddbmm(x[0], x[1], x[2])}; }},
  {"baddbmm/factors", [](const Tensors& x) { return Tensors{baddbmm(x[0], x[1], x[2], 0.5, -2.0)}; }},
  {"baddbmm/no input", [](const Tensors& x) { return Tensors{baddbmm(x[0], x[1], x[2], 0)}; }},
  {"addbmm", [](const Tensors& x) { return Tensors{addbmm(x[0], x[1], x[2])}; }},
  {"addbmm/factors", [](const Tensors& x) { return Tensors{addbmm(x[0], x[1], x[2], 0.5, -2.0)}; }},
  {"addbmm/no input", [](const Tensors& x) { return Tensors{addbmm(x[0], x[1], x[2], 0)}; }},
  {"multi_dot", [](const Tensors& x) { return Tensors{linalg_multi_dot(x)}; }},
  {"chain_matmul", [](const Tensors& x) { return Tensors{chain_matmul(x)}; }},
  {"kron", [](const Tensors& x) { return Tensors{kron(x[0], x[1])}; }},
  {"kron/ranks", [](const Tensors& x) { return Tensors{kron(x[0], x[1])}; }},
  {"cross", [](const Tensors& x) { return Tensors{cross(x[0], x[1])}; }},
  {"cross/axis", [](const Tensors& x) { return Tensors{cross(x[0], x[1], 1)}; }},
  {"bilinear", [](const Tensors& x) { return Tensors{bilinear(x[0], x[1], x[2], x[3])}; }},
  {"diag_embed", [](const Tensors& x) { return Tensors{diag_embed(x[0])}; }},
  {"diag_embed/axes", [](const Tensors& x) { return Tensors{diag_embed(x[0], -1, 0, 2)}; }},
  {"diag_embed/swapped", [](const Tensors& x) { return Tensors{diag_embed(x[0], 1, 2, 0)}; }},
  {"diag/vector", [](const Tensors& x) { return Tensors{diag(x[0], 1)}; }},
  {"diag/matrix", [](const Tensors& x) { return Tensors{diag(x[0], -1)}; }},
  {"diagflat", [](const Tensors& x) { return Tensors{diagflat(x[0], -1)}; }},
  {"trace", [](const Tensors& x) { return Tensors{trace(x[0])}; }},
#define EINSUM(equation) \
  {"einsum/" equation, [](const Tensors& x) { return Tensors{einsum(equation, x)}; }}
  EINSUM("ij,jk"),
  EINSUM("ij,jk->ki"),
  EINSUM("bij,bjk->bik"),
  EINSUM("bhqd,bhkd->bhqk"),
  EINSUM("bqhd,bkhd->bhqk"),
  EINSUM("i,j"),
  EINSUM("i,i"),
  EINSUM("ij,ij->ij"),
  EINSUM("ij,ij->j"),
  EINSUM("ii"),
  EINSUM("ii->i"),
  EINSUM("iij,jk->ik"),
  EINSUM("iijij,j->ij"),
  EINSUM("ba"),
  EINSUM("aB"),
  EINSUM("bA,Ab"),
  EINSUM("ij->"),
  EINSUM(" i j , j k -> i k "),
  EINSUM(",ij->ij"),
  EINSUM("...ij,...jk"),
  EINSUM("...ij,...jk->...ik"),
  EINSUM("i...,j->j...i"),
  EINSUM("...i->i"),
  EINSUM("...,..."),
  EINSUM("i,...->..."),
  EINSUM("ij,jk->ik"),
  EINSUM("ij,ij->i"),
  EINSUM("bn,anm,bm->ba"),
  EINSUM("ij,jk,kl,li->"),
  EINSUM("abc,cd,be,af,f->de"),
  EINSUM("ab,bc,cd,de,ef,fg->ag"),
  EINSUM("abcd,dcba->"),
  EINSUM("ji,kj->ik"),
  EINSUM("z...,z->..."),
#undef EINSUM
}, {
  {"Bilinear", [](const nn::Scope& at) { return bilinear_layer(nn::Bilinear(at, 3, 4, 2)); }},
  {"Bilinear/no bias", [](const nn::Scope& at) { return bilinear_layer(nn::Bilinear(at, 3, 4, 2, without_bias())); }},
});

}  // namespace tapehead::parity
