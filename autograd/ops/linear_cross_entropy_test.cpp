#include <doctest/doctest.h>

#include "tapehead/core/allocator.h"
#include "tapehead/tests/op_loss.h"

namespace tapehead::op_tests {
namespace {

Sample fused(const Shape& rows, Reduction reduction, bool weighted) {
  constexpr int64_t kVocab = 6, kFeatures = 3;
  Shape input = rows;
  input.push_back(kFeatures);
  return {.operands = {input, {{kVocab, kFeatures}}, {{kVocab}}, indices(rows, kVocab)},
          .call =
              [=](const Tensors& x) {
                LinearCrossEntropyOptions o{.linear_bias = x[2], .reduction = reduction};
                if (weighted)
                  o.weight = arange(kVocab, f32) + 0.5, o.ignore_index = 1, o.label_smoothing = 0.2;
                return Tensors{linear_cross_entropy(x[0], x[1], x[3], o)};
              },
          .reduces = rows.numel() * kFeatures,
          .roundings = 8,
          .may_alias = false};
}
std::vector<Sample> all_fused() {
  std::vector<Sample> out;
  for (const Reduction reduction : {Reduction::mean, Reduction::sum, Reduction::none})
    for (const bool weighted : {false, true})
      out.push_back(fused(weighted ? Shape{2, 4} : Shape{7}, reduction, weighted));
  out.push_back(fused({}, Reduction::none, false));
  return out;
}

}  // namespace

TAPEHEAD_OP_TEST(linear_cross_entropy)
    .samples(all_fused())
    .bad<ShapeError>(
        [] {
          linear_cross_entropy(zeros_of({2, 3}), zeros_of({4, 2}), tensor({0, 1}));
        },
        "linear_cross_entropy: the input is [2, 3], linear_weight is [4, 2]; input.size(-1) must "
        "equal linear_weight.size(1)")
    .bad<ShapeError>(
        [] {
          linear_cross_entropy(zeros_of({2, 3}), zeros_of({4, 3}), tensor({0, 1}),
                               {.linear_bias = zeros_of({3})});
        },
        "linear_cross_entropy: linear_bias is [3], linear_weight is [4, 3]; linear_bias must be "
        "[4]")
    .bad<IndexError>(
        [] {
          linear_cross_entropy(zeros_of({2, 3}), zeros_of({4, 3}), tensor({0, 4}));
        },
        "linear_cross_entropy: target[1] = 4 is outside 0..3; pass ignore_index for padding")
    .bad<ValueError>(
        [] {
          linear_cross_entropy(zeros_of({2, 3}), zeros_of({4, 3}), tensor({0, 1}),
                               {.label_smoothing = 2});
        },
        "linear_cross_entropy: label_smoothing = 2 is outside 0..1");

// The logits of 300 rows are computed in several chunks.
TEST_CASE("linear_cross_entropy is cross_entropy of linear, without its memory") {
  constexpr int64_t kRows = 300, kVocab = 30000, kFeatures = 4;
  const Tensor x = sin(arange(kRows * kFeatures, f32)).reshape({kRows, kFeatures});
  const Tensor weight = cos(arange(kVocab * kFeatures, f32)).reshape({kVocab, kFeatures});
  const Tensor target = remainder(arange(kRows) * 7919, kVocab);
  for (const Reduction reduction : {Reduction::mean, Reduction::none}) {
    Tensor losses[2], dx[2], dweight[2];
    int64_t peak[2];
    for (const bool chunked : {false, true}) {
      const Tensor a = x.clone().set_requires_grad(), b = weight.clone().set_requires_grad();
      reset_peak_memory();
      const int64_t before = memory_stats().live_bytes;
      losses[chunked] = chunked ? linear_cross_entropy(a, b, target, {.reduction = reduction})
                                : cross_entropy(linear(a, b), target, {.reduction = reduction});
      sum(losses[chunked]).backward();
      peak[chunked] = memory_stats().peak_bytes - before;
      dx[chunked] = a.grad(), dweight[chunked] = b.grad();
    }
    CHECK(max(abs(losses[1] - losses[0])).item() < 1e-4);
    CHECK(max(abs(dx[1] - dx[0])).item() < 1e-5);
    CHECK(max(abs(dweight[1] - dweight[0])).item() < 1e-4);
    CHECK(peak[1] < peak[0] / 3);
  }
}

}  // namespace tapehead::op_tests
