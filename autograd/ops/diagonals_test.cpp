#include "tapehead/autograd/ops/diagonals.h"

#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {
namespace {

Sample diagonal_of(const Shape& shape, Tensor (*call)(const Tensor&)) {
  return {.operands = {shape},
          .call = [call](const Tensors& x) { return Tensors{call(x[0])}; },
          .reduces = 4};
}

}  // namespace

TAPEHEAD_OP_TEST(diag_embed)
    .sample(diagonal_of({2, 3}, [](const Tensor& x) { return diag_embed(x); }))
    .sample(diagonal_of({2, 3}, [](const Tensor& x) { return diag_embed(x, -1, 0, 2); }))
    .sample(diagonal_of({3}, [](const Tensor& x) { return diag_embed(x, 2, 1, 0); }))
    .bad<ShapeError>([] { diag_embed(ones({2}), 0, 1, -1); },
                     "diag_embed: axes 1 and -1 of the result are the same")
    .bad<ShapeError>([] { diag_embed(ones({})); },
                     "diag_embed: a 0-d tensor has no axis to put on a diagonal");
TAPEHEAD_OP_TEST(diag)
    .sample(diagonal_of({3}, [](const Tensor& x) { return diag(x, 1); }))
    .sample(diagonal_of({3, 4}, [](const Tensor& x) { return diag(x, -1); }))
    .bad<ShapeError>(
        [] {
          diag(ones({2, 2, 2}));
        },
        "diag: [2, 2, 2] f32 is neither a vector nor a matrix; use diag_embed or "
        "diagonal");
TAPEHEAD_OP_TEST(diagflat).sample(diagonal_of({2, 2},
                                              [](const Tensor& x) { return diagflat(x, -1); }));
TAPEHEAD_OP_TEST(trace)
    .sample(diagonal_of({3, 4}, trace))
    .bad<ShapeError>([] { trace(ones({2})); }, "trace: [2] f32 is not a matrix");

}  // namespace tapehead::op_tests
