#include <algorithm>

#include "tapehead/tests/op_reduce.h"

namespace tapehead::op_tests {

static double largest(const Values& v) { return *std::max_element(v.begin(), v.end()); }
static double smallest(const Values& v) { return *std::min_element(v.begin(), v.end()); }

// The extremum along an axis and its position.
static Sample with_position(const Shape& shape, int axis, bool keepdim, bool max_of,
                            bool position_only) {
  const auto call = [=](const Tensors& x) {
    if (position_only)
      return Tensors{max_of ? argmax(x[0], axis, keepdim) : argmin(x[0], axis, keepdim)};
    const auto [values, indices] = max_of ? max(x[0], axis, keepdim) : min(x[0], axis, keepdim);
    return Tensors{values, indices};
  };
  const auto reference = [=](Arrays& in) {
    Shape out = in[0].shape;
    const int along = axis < 0 ? axis + std::max(out.rank(), 1) : axis;
    if (out.rank() > 0) out[along] = 1;
    Array values(out), indices(out);
    int64_t line = 0;
    each_line(in[0], along, [&](const Values& v, const std::vector<size_t>&) {
      const auto at =
          max_of ? std::max_element(v.begin(), v.end()) : std::min_element(v.begin(), v.end());
      values[line] = *at;
      indices[line++] = static_cast<double>(at - v.begin());
    });
    if (!keepdim && out.rank() > 0) values.shape.erase(along), indices.shape.erase(along);
    return position_only ? Arrays{indices} : Arrays{values, indices};
  };
  return {.operands = {{shape}},
          .call = call,
          .reference = reference,
          .differentiable = !position_only};
}

static std::vector<Sample> with_positions(bool max_of, bool position_only) {
  std::vector<Sample> out;
  for (const auto& [shape, axis, keepdim] :
       std::vector<std::tuple<Shape, int, bool>>{{{}, 0, false},
                                                 {{5}, -1, true},
                                                 {{3, 4}, 1, false},
                                                 {{3, 4}, 0, true},
                                                 {{2, 3, 5}, 1, false},
                                                 {{2, 37}, -1, false},
                                                 {{0, 3}, 1, true},
                                                 {{300, 100}, 0, false},
                                                 {{100, 300}, 1, false}})
    out.push_back(with_position(shape, axis, keepdim, max_of, position_only));
  return out;
}

static Sample of_all(Tensor (*f)(const Tensor&), bool max_of, bool position) {
  return {.operands = {{{3, 5}}},
          .call = [f](const Tensors& x) { return Tensors{f(x[0])}; },
          .reference =
              [=](Arrays& x) {
                const Values& v = x[0].values;
                const auto at = max_of ? std::max_element(v.begin(), v.end())
                                       : std::min_element(v.begin(), v.end());
                return Arrays{Array({}, position ? static_cast<double>(at - v.begin()) : *at)};
              },
          .differentiable = !position};
}

// Ties along both axes.
static Sample equal(std::function<Tensors(const Tensor&)> f) {
  return {.operands = {given(Shape{3, 3}, {1, 3, 3, 3, 2, 1, 1, 2, 1})},
          .call = [f = std::move(f)](const Tensors& x) { return f(x[0]); },
          .has_derivative = false};
}
static Tensors with_indices(const ValuesAndIndices& found) { return {found.values, found.indices}; }

static const Tensor kNothing = core::full({3, 0}, 0);

TAPEHEAD_OP_TEST(amax)
    .samples(reductions(amax, largest, {.empty = false}))
    .sample(equal([](const Tensor& x) {
      return Tensors{amax(x, 1), amax(x, 0), amax(x)};
    }))
    .bad<ShapeError>([] { amax(kNothing, 1); },
                     "amax: [3, 0] f32 is empty along the reduced axes; their sizes must not be 0");
TAPEHEAD_OP_TEST(amin)
    .samples(reductions(amin, smallest, {.empty = false}))
    .sample(equal([](const Tensor& x) {
      return Tensors{amin(x, 1), amin(x, 0), amin(x)};
    }));
TAPEHEAD_OP_TEST(max)
    .sample(of_all(max, true, false))
    .samples(with_positions(true, false))
    .sample(equal([](const Tensor& x) { return with_indices(max(x, 1)); }))
    .bad<ShapeError>([] { max(kNothing); },
                     "max: [3, 0] f32 is empty along the reduced axes; their sizes must not be 0")
    .bad<IndexError>([] { max(kNothing, 2); },
                     "max: axis 2 is outside -2..1 of a tensor with 2 dimensions");
TAPEHEAD_OP_TEST(min)
    .sample(of_all(min, false, false))
    .samples(with_positions(false, false))
    .sample(equal([](const Tensor& x) { return with_indices(min(x, 0)); }));
TAPEHEAD_OP_TEST(argmax)
    .sample(of_all(argmax, true, true))
    .samples(with_positions(true, true))
    .bad<ShapeError>(
        [] { argmax(kNothing, 1); },
        "argmax: [3, 0] f32 is empty along the reduced axes; their sizes must not be 0");
TAPEHEAD_OP_TEST(argmin).sample(of_all(argmin, false, true)).samples(with_positions(false, true));

}  // namespace tapehead::op_tests
