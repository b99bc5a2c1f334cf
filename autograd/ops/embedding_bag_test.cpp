#include "tapehead/core/creation.h"
#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {
namespace {

// Bags of ids from a table of 7 rows.
Sample bags_of(const Operand& ids, int64_t C, bool with_factors,
               const EmbeddingFuncOptions& options = {}) {
  const int64_t J = ids.shape.back(), bags = ids.shape.numel() / J;
  Shape shape = ids.shape;
  shape[shape.rank() - 1] = C;
  Sample s{{Operand({7, C}), ids},
           [=](const Tensors& in) {
             return Tensors{embedding_bag(in[0], in[1], with_factors ? in[2] : Tensor(), options)};
           },
           [=](Arrays& in) {
             Array y(shape);
             for (int64_t i = 0; i < bags; ++i)
               for (int64_t j = 0; j < J; ++j)
                 for (int64_t c = 0; c < C; ++c) {
                   const auto row = static_cast<int64_t>(in[1][i * J + j]);
                   if (row != options.padding_idx)
                     y[i * C + c] += in[0](row, c) * (with_factors ? in[2](j, c) : 1.0);
                 }
             return Arrays{y};
           },
           J};
  if (with_factors) s.operands.emplace_back(Shape{J, C});
  return s;
}

// Bags of padding only, without padding, and mixed.
const Operand kPadded = given(indices({2, 2, 3}, 7), {1, 1, 1, 0, 2, 6, 1, 3, 3, 4, 1, 1});

}  // namespace

TAPEHEAD_OP_TEST(embedding_bag)
    .sample(bags_of(indices({2, 3}, 7), 4, true))
    .sample(bags_of(indices({2, 3}, 7), 4, false))
    .sample(bags_of(indices({2, 1}, 7), 1, true))
    .sample(bags_of(indices({2, 40}, 7), 70, true))
    .sample(bags_of(kPadded, 3, true, {.padding_idx = 1}))
    .sample(bags_of(kPadded, 3, false, {.padding_idx = 1}))
    .bad<ShapeError>(
        [] {
          embedding_bag(zeros({3, 4}), zeros({2, 5}, i64), zeros({4, 5}));
        },
        "embedding_bag: weight is [3, 4] f32, ids are [2, 5], factors are [4, 5]; expected [N, C], "
        "[..., J] and [J, C]")
    .bad<ShapeError>(
        [] {
          embedding_bag(zeros({3}), zeros({2, 5}, i64));
        },
        "embedding_bag: weight is [3] f32, ids are [2, 5]; expected [N, C], [..., J]")
    .bad<IndexError>(
        [] {
          embedding_bag(zeros({3, 4}), tensor({0, 3}));
        },
        "embedding_bag: ids[1] = 3 is outside 0..2")
    .bad<IndexError>(
        [] {
          embedding_bag(zeros({3, 4}), tensor({0}), {}, {.padding_idx = 3});
        },
        "embedding_bag: padding_idx = 3 is outside -3..2");

}  // namespace tapehead::op_tests
