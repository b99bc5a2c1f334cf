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

// Bags in PyTorch's form; values are compared in tests/parity.
Sample torch_bags(const Operand& ids, const EmbeddingBagFuncOptions& options,
                  bool weighted = false) {
  Sample s{.operands = {Operand({7, 3}), ids},
           .call =
               [=](const Tensors& in) {
                 EmbeddingBagFuncOptions o = options;
                 if (weighted) o.per_sample_weights = in[2];
                 return Tensors{embedding_bag(in[0], in[1], o)};
               },
           .reduces = ids.shape.numel()};
  if (weighted) s.operands.emplace_back(ids.shape);
  // The gradients of f32 are those of the same maximum, but f16 and bf16 may have equal ones.
  if (options.mode == EmbeddingBagMode::max) s.may_repeat = false;
  s.has_derivative = !options.padding_idx && !options.scale_grad_by_freq;
  return s;
}

}  // namespace

TAPEHEAD_OP_TEST(embedding_bag)
    .sample(torch_bags(indices({2, 3}, 7), {}))
    .sample(torch_bags(given(indices({2, 3}, 7), {1, 1, 1, 0, 2, 1}), {.padding_idx = 1}))
    .sample(torch_bags(indices({6}, 7),
                       {.offsets = tensor({0, 2, 2, 5}), .mode = EmbeddingBagMode::sum}, true))
    .sample(torch_bags(given(indices({6}, 7), {1, 2, 4, 4, 0, 6}), {.offsets = tensor({0, 2, 2, 5}),
                                                                    .mode = EmbeddingBagMode::max,
                                                                    .include_last_offset = true}))
    .sample(torch_bags(given(indices({2, 3}, 7), {1, 1, 2, 3, 2, 2}),
                       {.mode = EmbeddingBagMode::sum, .scale_grad_by_freq = true}))
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
        "embedding_bag: padding_idx = 3 is outside -3..2")
    .bad<ShapeError>(
        [] {
          embedding_bag(zeros({3, 4}), zeros({2, 5}, i64), {.offsets = tensor({0, 3})});
        },
        "embedding_bag: weight is [3, 4] f32, ids are [2, 5], offsets are [2]; expected [N, C], "
        "and [B, J] or, with offsets [B], [n]")
    .bad<IndexError>(
        [] {
          embedding_bag(zeros({3, 4}), tensor({0, 1, 2}), {.offsets = tensor({0, 3, 2})});
        },
        "embedding_bag: offsets[2] = 2 is outside 3..3; offsets begin at 0 and ascend")
    .bad<IndexError>(
        [] {
          embedding_bag(zeros({3, 4}), tensor({0, 1, 2}), {.offsets = tensor({1})});
        },
        "embedding_bag: offsets[0] = 1 is outside 0..0; offsets begin at 0 and ascend")
    .bad<ShapeError>(
        [] {
          embedding_bag(zeros({3, 4}), tensor({0}),
                        {.offsets = zeros({0}, i64), .include_last_offset = true});
        },
        "embedding_bag: offsets are [0]; the end of the last bag is missing")
    .bad<ValueError>(
        [] {
          embedding_bag(zeros({3, 4}), zeros({2, 5}, i64), {.include_last_offset = true});
        },
        "embedding_bag: include_last_offset is set, but there are no offsets")
    .bad<ValueError>(
        [] {
          embedding_bag(zeros({3, 4}), zeros({1, 2}, i64), {.per_sample_weights = ones({1, 2})});
        },
        "embedding_bag: per_sample_weights are for mode sum; leave them out")
    .bad<ShapeError>(
        [] {
          embedding_bag(zeros({3, 4}), zeros({1, 2}, i64),
                        {.mode = EmbeddingBagMode::sum, .per_sample_weights = ones({2})});
        },
        "embedding_bag: per_sample_weights are [2], ids [1, 2]; the shapes must be equal");

}  // namespace tapehead::op_tests
