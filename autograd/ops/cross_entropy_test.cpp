#include "tapehead/core/detail/elementwise.h"
#include "tapehead/tests/op_class_loss.h"

namespace tapehead::op_tests {

static const Tensor kScores = core::full({2, 3, 10}, 0);
static Tensor targets(const Shape& shape, DType dtype = i64) { return core::full(shape, 4, dtype); }
static Tensor one_wrong(double value) {
  const Tensor out = targets({2, 3});
  core::copy_into(core::view_of(out, {}, {}, 4), Tensor(value));
  return out;
}

TAPEHEAD_OP_TEST(cross_entropy)
    .samples(class_losses(false))
    .samples(probability_losses())
    .bad<IndexError>(
        [] { cross_entropy(kScores, one_wrong(10)); },
        "cross_entropy: target[1, 1] = 10 is outside 0..9; pass ignore_index for padding")
    .bad<IndexError>([] { cross_entropy(core::full({5}, 0), core::full({}, -1, i64)); },
                     "cross_entropy: target = -1 is outside 0..4; pass ignore_index for padding")
    .bad<ShapeError>(
        [] {
          cross_entropy(kScores, targets({2, 9}));
        },
        "cross_entropy: the target has shape [2, 9], the classes are the last axis of "
        "[2, 3, 10]; it must have shape [2, 3]")
    .bad<ShapeError>(
        [] {
          cross_entropy(kScores, targets({2, 10}));
        },
        "cross_entropy: the target has shape [2, 10], that of the logits [2, 3, 10] without axis "
        "1; the classes are the last axis, or pass class_axis = 1")
    .bad<ShapeError>(
        [] {
          cross_entropy(kScores, targets({2, 3}), {.class_axis = 1});
        },
        "cross_entropy: the target has shape [2, 3], the classes are the last axis of "
        "[2, 10, 3]; it must have shape [2, 10]")
    .bad<IndexError>(
        [] {
          cross_entropy(kScores, targets({2, 10}), {.class_axis = 3});
        },
        "cross_entropy: axis 3 is outside -3..2 of a tensor with 3 dimensions")
    .bad<ShapeError>([] { cross_entropy(core::full({}, 0), targets({})); },
                     "cross_entropy: [] f32 has no classes; its last axis must be the classes")
    .bad<DTypeError>(
        [] {
          cross_entropy(kScores.to(i64), targets({2, 3}));
        },
        "cross_entropy: expected a floating tensor, got [2, 3, 10] i64; convert with to(f32)")
    .bad<DTypeError>(
        [] {
          cross_entropy(kScores, targets({2, 3}, f32));
        },
        "cross_entropy: the target is f32; classes must be integers; convert with to(i64)")
    .bad<ShapeError>(
        [] {
          cross_entropy(kScores, targets({2, 3}), {.weight = core::full({3}, 1)});
        },
        "cross_entropy: the weight is [3] f32; it must have one floating value for each of the 10 "
        "classes")
    .bad<GraphError>(
        [] {
          Tensor w = core::full({10}, 1);
          cross_entropy(kScores, targets({2, 3}), {.weight = w.set_requires_grad()});
        },
        "cross_entropy: the weight tracks gradients, but none flow to it; pass weight.detach()")
    .bad<ValueError>(
        [] { cross_entropy(kScores, kScores, {.ignore_index = 0}); },
        "cross_entropy: ignore_index = 0 does not apply to probabilities; give ignored "
        "rows a target of zeros")
    .bad<ValueError>(
        [] {
          cross_entropy(kScores, targets({2, 3}), {.label_smoothing = 1.5});
        },
        "cross_entropy: label_smoothing = 1.5 is outside 0..1");
}  // namespace tapehead::op_tests
