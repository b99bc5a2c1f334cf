#include <cmath>

#include "tapehead/tests/op_loss.h"

namespace tapehead::op_tests {
namespace {

constexpr Reduction kReductions[] = {Reduction::mean, Reduction::sum, Reduction::none};
constexpr LossRange kLabels = {.labels = true};

// The same call for each reduction, of operands whose values no comparison depends on.
std::vector<Sample> reduced_samples(const std::vector<Operand>& operands,
                                    const std::function<Tensor(const Tensors&, Reduction)>& call,
                                    int64_t roundings = 8) {
  std::vector<Sample> out;
  for (const Reduction reduction : kReductions)
    out.push_back({.operands = operands,
                   .call = [=](const Tensors& x) { return Tensors{call(x, reduction)}; },
                   .reduces = operands[0].shape.numel(),
                   .roundings = roundings,
                   .may_alias = false});
  return out;
}

std::vector<Sample> multi_margins(const Shape& shape, int64_t p, double margin, bool weighted) {
  Shape rows = shape;
  rows.erase(rows.rank() - 1);
  return reduced_samples({shape, indices(rows, shape.back())}, [=](const Tensors& x, Reduction r) {
    const Tensor weight = weighted ? arange(shape.back(), f32) + 0.5 : Tensor();
    return multi_margin_loss(x[0], x[1], {p, margin, weight, r});
  });
}

std::vector<Sample> triplets(const TripletMarginLossOptions& options) {
  const Shape shape{5, 4};
  return reduced_samples({shape, shape, shape}, [=](const Tensors& x, Reduction r) {
    TripletMarginLossOptions o = options;
    o.reduction = r;
    return triplet_margin_loss(x[0], x[1], x[2], o);
  });
}

Tensor labels_of(const Tensor& bits) { return 2 * bits - 1; }

}  // namespace

TAPEHEAD_OP_TEST(soft_margin_loss)
    .samples(losses(
        soft_margin_loss, [](double x, double y) { return std::log1p(std::exp(-x * (2 * y - 1))); },
        kLabels))
    .bad<ShapeError>([] { soft_margin_loss(zeros_of({2}), zeros_of({3})); },
                     "soft_margin_loss: the input has shape [2], the target [3]; they must be "
                     "equal, so reshape or expand one of them")
    .bad<ValueError>(
        [] {
          soft_margin_loss(zeros_of({2, 2}), core::full({2, 2}, 0.5));
        },
        "soft_margin_loss: target[0, 0] = 0.5; labels must be 1 or -1")
    .bad<GraphError>(
        [] { soft_margin_loss(zeros_of({2}), core::full({2}, 1).set_requires_grad()); },
        "soft_margin_loss: the target tracks gradients, but none flow to labels; pass "
        "target.detach()");
TAPEHEAD_OP_TEST(hinge_embedding_loss)
    .samples(losses(
        [](const Tensor& x, const Tensor& y, Reduction r) {
          return hinge_embedding_loss(x, y, {0.7, r});
        },
        [](double x, double y) { return y == 1 ? x : std::max(0.0, 0.7 - x); }, kLabels))
    .bad<ShapeError>([] { hinge_embedding_loss(zeros_of({2}), zeros_of({3})); },
                     "hinge_embedding_loss: the input has shape [2], the target [3]; they must be "
                     "equal, so reshape or expand one of them")
    .bad<ValueError>(
        [] {
          hinge_embedding_loss(zeros_of({2}), tensor({1, 0}));
        },
        "hinge_embedding_loss: target[1] = 0; labels must be 1 or -1");
TAPEHEAD_OP_TEST(margin_ranking_loss)
    .samples(reduced_samples({Shape{3, 4}, Shape{3, 4}, indices({3, 4}, 2)},
                             [](const Tensors& x, Reduction r) {
                               return margin_ranking_loss(x[0], x[1], labels_of(x[2]), {0.3, r});
                             }))
    .bad<ShapeError>(
        [] {
          margin_ranking_loss(zeros_of({2}), zeros_of({2, 1}), zeros_of({2}));
        },
        "margin_ranking_loss: input1 has shape [2], input2 [2, 1]; they must be equal, so reshape "
        "or expand one of them")
    .bad<ShapeError>([] { margin_ranking_loss(zeros_of({2}), zeros_of({2}), zeros_of({1})); },
                     "margin_ranking_loss: the inputs have shape [2], the target [1]; they must "
                     "be equal, so reshape or expand one of them");

TAPEHEAD_OP_TEST(multi_margin_loss)
    .samples(multi_margins({5, 4}, 1, 1, false))
    .samples(multi_margins({2, 3, 7}, 2, 0.8, true))
    .samples(multi_margins({40}, 2, 1, false))
    .samples(multi_margins({3, 21}, 1, -0.5, true))
    .bad<ValueError>(
        [] {
          multi_margin_loss(zeros_of({2, 3}), core::full({2}, 0, i64), {.p = 3});
        },
        "multi_margin_loss: p = 3 is not supported; it must be 1 or 2")
    .bad<IndexError>(
        [] {
          multi_margin_loss(zeros_of({2, 3}), tensor({0, 3}));
        },
        "multi_margin_loss: target[1] = 3 is outside 0..2")
    .bad<ShapeError>(
        [] {
          multi_margin_loss(zeros_of({2, 3}), tensor({0}));
        },
        "multi_margin_loss: the target has shape [1], the classes are the last axis of [2, 3]; "
        "it must have shape [2]");
TAPEHEAD_OP_TEST(multilabel_margin_loss)
    .samples(reduced_samples(
        {Shape{3, 4}, given(indices({3, 4}, 4), {3, 0, -1, 1, -1, 0, 0, 0, 2, 1, 0, 3})},
        [](const Tensors& x, Reduction r) { return multilabel_margin_loss(x[0], x[1], r); }))
    .samples(reduced_samples({Shape{19}, indices({19}, 19)},
                             [](const Tensors& x, Reduction r) {
                               return multilabel_margin_loss(
                                   x[0], masked_fill(x[1], arange(19) > 5, -1), r);
                             }))
    .bad<IndexError>(
        [] {
          multilabel_margin_loss(zeros_of({1, 3}), tensor({{0, 3, -1}}));
        },
        "multilabel_margin_loss: target[0, 1] = 3 is outside 0..2; -1 ends the labels of a row")
    .bad<ShapeError>(
        [] {
          multilabel_margin_loss(zeros_of({3}), tensor({0, -1}));
        },
        "multilabel_margin_loss: the input has shape [3], the target [2]; they must "
        "be equal, so reshape or expand one of them")
    .bad<ShapeError>([] { multilabel_margin_loss(zeros_of({}), Tensor(0)); },
                     "multilabel_margin_loss: [] f32 has no classes; its last axis must be the "
                     "classes")
    .bad<DTypeError>([] { multilabel_margin_loss(zeros_of({2}), zeros_of({2})); },
                     "multilabel_margin_loss: the target is f32; classes must be integers; convert "
                     "with to(i64)")
    .bad<DTypeError>(
        [] {
          multilabel_margin_loss(tensor({1, 0}), tensor({1, 0}));
        },
        "multilabel_margin_loss: expected a floating tensor, got [2] i64; convert "
        "with to(f32)");
TAPEHEAD_OP_TEST(multilabel_soft_margin_loss)
    .samples(reduced_samples({Shape{3, 4}, {{3, 4}, 0, 1}, {{4}, 0.5, 2}},
                             [](const Tensors& x, Reduction r) {
                               return multilabel_soft_margin_loss(x[0], x[1], {x[2], r});
                             }))
    .bad<ShapeError>([] { multilabel_soft_margin_loss(zeros_of({3}), zeros_of({2})); },
                     "multilabel_soft_margin_loss: the input has shape [3], the target [2]; they "
                     "must be equal, so reshape or expand one of them")
    .bad<ShapeError>([] { multilabel_soft_margin_loss(zeros_of({}), zeros_of({})); },
                     "multilabel_soft_margin_loss: [] f32 has no classes; its last axis must be "
                     "the classes");

TAPEHEAD_OP_TEST(triplet_margin_loss)
    .samples(triplets({}))
    .samples(triplets({.margin = 0.5, .p = 3, .eps = 0.1, .swap = true}))
    .bad<ValueError>(
        [] { triplet_margin_loss(zeros_of({2}), zeros_of({2}), zeros_of({2}), {.margin = 0}); },
        "triplet_margin_loss: margin = 0 is not positive")
    .bad<ShapeError>([] { triplet_margin_loss(zeros_of({2}), zeros_of({3}), zeros_of({2})); },
                     "triplet_margin_loss: the anchor has shape [2], the positive [3]; they must "
                     "be equal, so reshape or expand one of them")
    .bad<ShapeError>([] { triplet_margin_loss(zeros_of({2}), zeros_of({2}), zeros_of({1})); },
                     "triplet_margin_loss: the anchor has shape [2], the negative [1]; they must "
                     "be equal, so reshape or expand one of them")
    .bad<ShapeError>([] { triplet_margin_loss(zeros_of({}), zeros_of({}), zeros_of({})); },
                     "triplet_margin_loss: the operands are 0-d; their last axis must be the "
                     "features");
TAPEHEAD_OP_TEST(triplet_margin_with_distance_loss)
    .samples(reduced_samples(
        {Shape{5, 4}, Shape{5, 4}, Shape{5, 4}},
        [](const Tensors& x, Reduction r) {
          const auto far = [](const Tensor& a, const Tensor& b) { return sum(square(a - b), -1); };
          return triplet_margin_with_distance_loss(x[0], x[1], x[2], {far, 0.5, true, r});
        }))
    .samples(reduced_samples({Shape{5, 4}, Shape{5, 4}, Shape{5, 4}},
                             [](const Tensors& x, Reduction r) {
                               return triplet_margin_with_distance_loss(x[0], x[1], x[2],
                                                                        {.reduction = r});
                             }))
    .bad<ValueError>(
        [] {
          triplet_margin_with_distance_loss(zeros_of({2}), zeros_of({2}), zeros_of({2}),
                                            {.margin = -1});
        },
        "triplet_margin_with_distance_loss: margin = -1 is not positive");
TAPEHEAD_OP_TEST(cosine_embedding_loss)
    .samples(reduced_samples({Shape{5, 4}, Shape{5, 4}, indices({5}, 2)},
                             [](const Tensors& x, Reduction r) {
                               return cosine_embedding_loss(x[0], x[1], labels_of(x[2]), {0.1, r});
                             }))
    .samples(reduced_samples({Shape{4}, Shape{4}, indices({}, 2)},
                             [](const Tensors& x, Reduction r) {
                               return cosine_embedding_loss(x[0], x[1], labels_of(x[2]),
                                                            {.reduction = r});
                             }))
    .bad<ShapeError>(
        [] {
          cosine_embedding_loss(zeros_of({2, 3}), zeros_of({2, 3}), zeros_of({3}));
        },
        "cosine_embedding_loss: the target has shape [3], the similarities [2]; they must be "
        "equal, so reshape or expand one of them")
    .bad<ShapeError>(
        [] {
          cosine_embedding_loss(zeros_of({2, 3, 1}), zeros_of({2, 3, 1}), zeros_of({2, 3}));
        },
        "cosine_embedding_loss: the inputs have shape [2, 3, 1]; they must be [B, D] or [D]");
TAPEHEAD_OP_TEST(info_nce)
    .samples(reduced_samples({Shape{5, 4}, Shape{5, 4}},
                             [](const Tensors& x, Reduction r) {
                               return info_nce(x[0], x[1], {.temperature = 0.5, .reduction = r});
                             }))
    .sample({.operands = {Shape{5, 4}, Shape{5, 4}},
             .call =
                 [](const Tensors& x) {
                   return Tensors{info_nce(x[0], x[1], {0.5, true, Reduction::none})};
                 },
             .reference =
                 [](Arrays& in) {
                   const auto cosine = [&](int64_t i, int64_t j) {
                     double xx = 0, yy = 0, xy = 0;
                     for (int64_t d = 0; d < 4; ++d) {
                       const double x = in[0](i, d), y = in[1](j, d);
                       xx += x * x, yy += y * y, xy += x * y;
                     }
                     return xy / std::sqrt(xx * yy) / 0.5;
                   };
                   Array out({5});
                   for (int64_t i = 0; i < 5; ++i) {
                     double row = 0, column = 0;
                     for (int64_t j = 0; j < 5; ++j)
                       row += std::exp(cosine(i, j)), column += std::exp(cosine(j, i));
                     out[i] = (std::log(row) + std::log(column)) / 2 - cosine(i, i);
                   }
                   return Arrays{out};
                 },
             .reduces = 5,
             .roundings = 16,
             .may_alias = false})
    .bad<ValueError>(
        [] {
          info_nce(zeros_of({2, 3}), zeros_of({2, 3}), {.temperature = 0});
        },
        "info_nce: temperature = 0 is not positive")
    .bad<ShapeError>([] { info_nce(zeros_of({2}), zeros_of({2})); },
                     "info_nce: queries and keys have shape [2]; they must be [B, D]");

}  // namespace tapehead::op_tests
