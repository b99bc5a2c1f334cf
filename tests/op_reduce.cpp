#include "tapehead/tests/op_reduce.h"

#include "tapehead/core/detail/reduce.h"

namespace tapehead::op_tests {
namespace {

struct Case {
  Shape shape, axes;
  bool keepdim = false;
};

std::vector<Case> cases(bool empty) {
  std::vector<Case> out{
      {{}, {}},
      {{5}, {}},
      {{5}, {0}, true},
      {{3, 4}, {}, true},
      {{3, 4}, {1}},
      {{3, 4}, {0}, true},
      {{2, 37}, {-1}},
      {{37, 2}, {0}},
      {{2, 3, 2, 3}, {0, 2}},
      {{2, 3, 2, 3}, {-1, 1}, true},
      {{2, 1, 3}, {1}},
      {{4, 0, 3}, {0}},
      {{40000}, {}},
      {{300, 140}, {0}},
      {{140, 300}, {1}},
  };
  if (empty) out.insert(out.end(), {{{0}, {}}, {{3, 0}, {1}, true}, {{0, 2}, {}}});
  return out;
}

Array reduce(const Array& x, const Case& c, double (*reference)(const Values&)) {
  const uint32_t mask = Axes(c.axes).mask("reference", x.shape.rank());
  Array out(core::reduced_shape(x.shape, mask, c.keepdim));
  std::vector<Values> parts(out.values.size());
  for (int64_t i = 0; i < x.numel(); ++i) {
    int64_t rest = i, at = 0, step = 1;
    for (int axis = x.shape.rank() - 1; axis >= 0; --axis) {
      if (!(mask >> axis & 1)) {
        at += rest % x.shape[axis] * step;
        step *= x.shape[axis];
      }
      rest /= x.shape[axis];
    }
    parts[static_cast<size_t>(at)].push_back(x.values[static_cast<size_t>(i)]);
  }
  for (size_t i = 0; i < parts.size(); ++i) out.values[i] = reference(parts[i]);
  return out;
}

}  // namespace

std::vector<Sample> reductions(ReductionCall f, double (*reference)(const Values&),
                               ReductionRange range) {
  std::vector<Sample> out;
  for (const Case& c : cases(range.empty)) {
    const int64_t results =
        core::reduced_shape(c.shape, Axes(c.axes).mask("", c.shape.rank()), false).numel();
    out.push_back(
        {.operands = {{c.shape, range.from, range.to}},
         .call = [f, c](const Tensors& x) { return Tensors{f(x[0], c.axes, c.keepdim)}; },
         .reference = [c, reference](Arrays& x) { return Arrays{reduce(x[0], c, reference)}; },
         .reduces = c.shape.numel() / std::max<int64_t>(results, 1),
         .differentiable = range.differentiable,
         .away_from_zero = range.away_from_zero});
  }
  return out;
}

void each_line(const Array& x, int axis,
               const std::function<void(const Values&, const std::vector<size_t>&)>& f) {
  int64_t inner = 1;
  for (int i = axis + 1; i < x.shape.rank(); ++i) inner *= x.shape[i];
  const int64_t n = x.shape.rank() == 0 ? 1 : x.shape[axis];
  Values values(static_cast<size_t>(n));
  std::vector<size_t> places(values.size());
  for (int64_t outer = 0; outer < x.numel(); outer += n * inner)
    for (int64_t first = outer; first < outer + inner; ++first) {
      for (size_t i = 0; i < values.size(); ++i) {
        places[i] = static_cast<size_t>(first) + i * static_cast<size_t>(inner);
        values[i] = x.values[places[i]];
      }
      f(values, places);
    }
}

}  // namespace tapehead::op_tests
