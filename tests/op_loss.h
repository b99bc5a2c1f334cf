// Samples of elementwise losses.
#pragma once

#include "tapehead/core/detail/elementwise.h"
#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {

using Loss = std::function<Tensor(const Tensor&, const Tensor&, Reduction)>;
using LossOf = std::function<double(double x, double target)>;

struct LossRange {
  double from = -2, to = 2, target_from = -2, target_to = 2;
  bool labels = false;  // targets are 1 and -1, without gradients
};

// Samples of all reductions. `of` may be null.
inline std::vector<Sample> losses(const Loss& loss, const LossOf& of, const LossRange& range = {}) {
  std::vector<Sample> out;
  for (const Shape& shape : {Shape{}, Shape{7}, Shape{3, 4}, Shape{0, 2}, Shape{200, 150}})
    for (const Reduction reduction : {Reduction::mean, Reduction::sum, Reduction::none}) {
      const auto reference = [=](Arrays& in) {
        Array each(in[0].shape);
        double total = 0;
        for (int64_t i = 0; i < each.numel(); ++i) total += each[i] = of(in[0][i], in[1][i]);
        if (reduction == Reduction::none) return Arrays{each};
        if (reduction == Reduction::mean) total /= static_cast<double>(each.numel());
        return Arrays{Array({}, total)};
      };
      const Operand target =
          range.labels ? indices(shape, 2) : Operand(shape, range.target_from, range.target_to);
      const auto call = [=](const Tensors& x) {
        return Tensors{loss(x[0], range.labels ? 2 * x[1] - 1 : x[1], reduction)};
      };
      out.push_back({.operands = {{shape, range.from, range.to}, target},
                     .call = call,
                     .reference = of ? reference : std::function<Arrays(Arrays&)>(),
                     .reduces = shape.numel(),
                     .roundings = 8,
                     .may_alias = false});
    }
  return out;
}

// Operands at which the derivative jumps.
inline Sample corners_of(const Loss& loss, std::vector<double> x, std::vector<double> target) {
  return {.operands = {vector_of(std::move(x)), vector_of(std::move(target))},
          .call = [=](const Tensors& in) { return Tensors{loss(in[0], in[1], Reduction::none)}; },
          .has_derivative = false};
}

inline Tensor zeros_of(const Shape& shape) { return core::full(shape, 0); }

}  // namespace tapehead::op_tests
