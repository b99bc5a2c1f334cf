#include "tapehead/tests/op_class_loss.h"

#include <algorithm>

#include "tapehead/tests/op_reduce.h"

namespace tapehead::op_tests {
namespace {

double weight_of(int64_t cls) { return 0.5 + 0.25 * static_cast<double>(cls % 5); }
Tensor weights_of(int64_t classes) {
  const Tensor out = core::empty({classes}, f64);
  for (int64_t c = 0; c < classes; ++c) out.data<double>()[c] = weight_of(c);
  return out;
}

// The definition of the loss.
Array reference(const ClassLoss& c, Arrays& in) {
  const Array &x = in[0], &target = in[1];
  const int64_t C = x.shape.back();
  Shape rows = x.shape;
  rows.erase(rows.rank() - 1);
  Array losses(rows);
  double divide_by = c.probabilities ? static_cast<double>(rows.numel()) : 0, total = 0;
  int64_t row = 0;
  each_line(x, x.shape.rank() - 1, [&](const Values& v, const std::vector<size_t>& at) {
    const int64_t i = row++;
    const auto cls =
        c.probabilities ? -1 : static_cast<int64_t>(target.values[static_cast<size_t>(i)]);
    if (cls == c.ignore_index) return;
    if (!c.probabilities) divide_by += c.weighted ? weight_of(cls) : 1;
    const double top = *std::max_element(v.begin(), v.end());
    double sum = 0;
    for (const double value : v) sum += std::exp(value - top);
    for (int64_t k = 0; k < C; ++k) {
      const size_t place = at[static_cast<size_t>(k)];
      double wanted = c.probabilities ? target.values[place] : k == cls;
      wanted = (1 - c.smoothing) * wanted + c.smoothing / static_cast<double>(C);
      const double log_p = c.logs ? x.values[place] : x.values[place] - top - std::log(sum);
      losses[i] -= (c.weighted ? weight_of(k) : 1) * wanted * log_p;
    }
    total += losses[i];
  });
  if (c.reduction == Reduction::none) return losses;
  return Array({}, c.reduction == Reduction::mean ? total / divide_by : total);
}

// [B, C, T] to [B, T, C].
Array classes_last(Array& x) {
  Array out({x.shape[0], x.shape[2], x.shape[1]});
  for (int64_t b = 0; b < x.shape[0]; ++b)
    for (int64_t c = 0; c < x.shape[1]; ++c)
      for (int64_t t = 0; t < x.shape[2]; ++t) out(b, t, c) = x(b, c, t);
  return out;
}

}  // namespace

Sample class_loss(const ClassLoss& c) {
  Shape rows = c.shape;
  const int64_t C = rows.back();
  rows.erase(rows.rank() - 1);
  const auto call = [c, C](const Tensors& x) {
    const Tensor weight = c.weighted ? weights_of(C) : Tensor();
    if (c.logs) return Tensors{nll_loss(x[0], x[1], {weight, c.ignore_index, c.reduction})};
    return Tensors{cross_entropy(
        x[0], x[1], {weight, c.ignore_index, c.smoothing, c.reduction, c.classes_second ? 1 : -1})};
  };
  const Shape scores = c.classes_second ? Shape{c.shape[0], c.shape[2], c.shape[1]} : c.shape;
  Operand target = c.probabilities ? Operand(scores, 0, 1) : indices(rows, C);
  for (int64_t i = 0; !c.probabilities && i < rows.numel(); ++i)  // cycles through the classes
    target.values.push_back(static_cast<double>(i % C));
  return {.operands = {{scores, -3, 3}, target},
          .call = call,
          .reference =
              [c](Arrays& x) {
                Arrays in = x;
                if (c.classes_second) in[0] = classes_last(x[0]);
                if (c.classes_second && c.probabilities) in[1] = classes_last(x[1]);
                return Arrays{reference(c, in)};
              },
          .reduces = c.shape.numel(),
          .roundings = c.probabilities ? 8 : 1};
}

std::vector<Sample> class_losses(bool logs) {
  constexpr auto kMean = Reduction::mean, kSum = Reduction::sum, kNone = Reduction::none;
  const ClassLoss cases[] = {{{4}},
                             {{1, 1}},
                             {{6, 5}},
                             {{6, 5}, kSum},
                             {{6, 5}, kNone},
                             {{2, 3, 4}, kNone, 1},
                             {{6, 4}, kMean, 2},
                             {{6, 4}, kSum, 1},
                             {{3, 1}, kSum, 0},  // all rows are ignored
                             {{0, 3}, kSum},
                             {{70, 130}, kMean, 0},
                             {{30, 5000}}};
  std::vector<Sample> out;
  for (ClassLoss c : cases)
    for (const bool weighted : {false, true})
      for (const double smoothing : {0.0, 0.1}) {
        if (logs && smoothing != 0) continue;
        c.logs = logs, c.weighted = weighted, c.smoothing = smoothing;
        out.push_back(class_loss(c));
      }
  for (const Reduction reduction : {kMean, kNone})
    if (!logs)
      out.push_back(class_loss({.shape = {2, 3, 4},
                                .reduction = reduction,
                                .ignore_index = 1,
                                .smoothing = 0.1,
                                .weighted = true,
                                .classes_second = true}));
  return out;
}

std::vector<Sample> probability_losses() {
  std::vector<Sample> out{
      class_loss({.shape = {2, 3, 4},
                  .reduction = Reduction::none,
                  .smoothing = 0.2,
                  .weighted = true,
                  .probabilities = true}),
      class_loss(
          {.shape = {2, 3, 4}, .weighted = true, .probabilities = true, .classes_second = true})};
  for (const Reduction reduction : {Reduction::mean, Reduction::sum, Reduction::none})
    for (const bool weighted : {false, true})
      for (const double smoothing : {0.0, 0.1})
        out.push_back(class_loss({.shape = {4, 5},
                                  .reduction = reduction,
                                  .smoothing = smoothing,
                                  .weighted = weighted,
                                  .probabilities = true}));
  return out;
}

}  // namespace tapehead::op_tests
