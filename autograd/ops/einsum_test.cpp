// Values are compared with PyTorch's in tests/parity/products.cpp.
#include "tapehead/autograd/ops/einsum.h"

#include <doctest/doctest.h>

#include <utility>

#include "tapehead/core/allocator.h"
#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {
namespace {

Sample einsum_of(const char* equation, std::vector<Operand> operands) {
  Sample s;
  s.operands = std::move(operands);
  s.call = [equation](const Tensors& x) { return Tensors{einsum(equation, x)}; };
  s.reduces = 16;
  s.roundings = 6;
  return s;
}

}  // namespace

TAPEHEAD_OP_TEST(einsum)
    .sample(einsum_of("bij,bkj->bki", {Operand({2, 3, 4}), Operand({2, 2, 4})}))
    .sample(einsum_of("iij,j", {Operand({3, 3, 2}), Operand({2})}))
    .sample(einsum_of("...i,...i->...", {Operand({2, 3}), Operand({1, 3})}))
    .sample(einsum_of("i,ij,jk,kl,l,m->m", {Operand({2}), Operand({2, 3}), Operand({3, 2}),
                                            Operand({2, 3}), Operand({3}), Operand({2})}))
    .bad<ValueError>(
        [] {
          einsum("i?j", {ones({2, 2})});
        },
        "einsum: cannot read '?' at position 1 of 'i?j'; expected a letter, ',', one "
        "'->', or '...' once in each operand")
    .bad<ValueError>(
        [] {
          einsum("ij,jk", {ones({2, 2})});
        },
        "einsum: 'ij,jk' has 2 operands, but 1 tensors were passed")
    .bad<ShapeError>(
        [] {
          einsum("ij,jk", {ones({2, 3}), ones({2, 3, 4})});
        },
        "einsum: operand 1 is [2, 3, 4], but the equation names 2 of its axes")
    .bad<ShapeError>(
        [] {
          einsum("ij,jk->ik", {ones({2, 3}), ones({4, 5})});
        },
        "einsum: 'j' is 3 in operand 0 [2, 3] and 4 in operand 1 [4, 5]; sizes must "
        "be equal or 1")
    .bad<ShapeError>(
        [] {
          einsum("...j,...k", {ones({2, 3}), ones({4, 5})});
        },
        "einsum: an axis of '...' is 2 in operand 0 [2, 3] and 4 in operand 1 [4, 5]; "
        "sizes must be equal or 1")
    .bad<ShapeError>(
        [] {
          einsum("ii", {ones({2, 3})});
        },
        "einsum: 'i' is repeated in operand 0, with sizes 2 and 3; they must be equal")
    .bad<ValueError>(
        [] {
          einsum("ij->ik", {ones({2, 3})});
        },
        "einsum: 'k' of the output of 'ij->ik' is in no operand")
    .bad<ValueError>(
        [] {
          einsum("ij->ii", {ones({2, 2})});
        },
        "einsum: 'i' is repeated in the output of 'ij->ii'")
    .bad<DTypeError>(
        [] {
          einsum("ij,jk", {ones({2, 2}, boolean), ones({2, 2}, boolean)});
        },
        "einsum: bool is not supported; convert with to(f32)");

TEST_CASE("einsum contracts the cheapest pairs first") {
  // From left to right, a matrix of 4096 x 4096 elements would be computed, of 64 MiB.
  const Tensor column = ones({4096, 1}), row = ones({1, 4096}), one = ones({1, 1});
  const std::pair<const char*, Tensors> cases[] = {
      {"ab,bc,cd->ad", {column, row, column}},
      {"ab,bc,cd,ea,fe,gf->gd", {column, row, column, row, one, one}}};
  for (const auto& one_case : cases) {
    CAPTURE(one_case.first);
    reset_peak_memory();
    const int64_t before = memory_stats().live_bytes;
    einsum(one_case.first, one_case.second);
    CHECK(memory_stats().peak_bytes - before < 1 << 20);
  }
}

}  // namespace tapehead::op_tests
