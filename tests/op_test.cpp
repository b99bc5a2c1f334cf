#include "tapehead/tests/op_test.h"

#include <algorithm>

namespace tapehead::op_tests {
namespace {

constexpr int64_t kShared = 40000;  // enough elements for several threads

// Functions rather than constants, because rows in other files may be initialised before this
// file's statics.

// Shapes of elementwise samples: 0-d, single, vector tails, matrices, empty, and one large enough
// for several threads.
std::vector<Shape> shapes() {
  return {{}, {1}, {3}, {0}, {2, 17}, {3, 1, 4}, {2, 0, 3}, {kShared}};
}

// All ways for two shapes to broadcast: equal, 0-d, size 1 in one or both, missing axes, empty.
std::vector<std::pair<Shape, Shape>> pairs() {
  return {
      {{}, {}},
      {{5}, {5}},
      {{2, 3}, {2, 3}},
      {{2, 3}, {}},
      {{}, {2, 3}},
      {{2, 3}, {3}},
      {{3}, {2, 3}},
      {{2, 3}, {1, 3}},
      {{2, 1}, {2, 3}},
      {{2, 1}, {3}},
      {{1, 3}, {2, 1}},
      {{2, 3}, {1}},
      {{2, 1, 4}, {3, 1}},
      {{1, 1}, {4}},
      {{3, 1}, {1, 2, 1, 4}},
      {{0}, {0}},
      {{0}, {1}},
      {{2, 0}, {2, 1}},
      {{3, 0}, {}},
      {{2, 0, 3}, {0, 1}},
      {{2, 37}, {37}},
      {{kShared}, {kShared}},
      {{kShared}, {}},
  };
}

Operand operand(const Shape& shape, Range range) {
  Operand o(shape, range.from, range.to);
  o.away_from_zero = range.away_from_zero;
  return o;
}

}  // namespace

OpTest::OpTest(const char* op) : op_(op) {}

OpTest& OpTest::unary(Tensor (*f)(const Tensor&), double (*reference)(double), Range range,
                      bool differentiable) {
  elementwise_ = true;
  for (const Shape& shape : shapes()) {
    Sample s{.operands = {operand(shape, range)},
             .call = [f](const Tensors& x) { return Tensors{f(x[0])}; },
             .reference =
                 [reference](Arrays& x) {
                   Array y = x[0];
                   for (double& value : y.values) value = reference(value);
                   return Arrays{std::move(y)};
                 },
             .differentiable = differentiable};
    sample(std::move(s));
  }
  return *this;
}

OpTest& OpTest::binary(Tensor (*f)(const Tensor&, const Tensor&),
                       double (*reference)(double, double), Range a, Range b, bool differentiable) {
  elementwise_ = true;
  for (const auto& [left, right] : pairs()) {
    Sample s{.operands = {operand(left, a), operand(right, b)},
             .call = [f](const Tensors& x) { return Tensors{f(x[0], x[1])}; },
             .reference =
                 [reference](Arrays& x) {
                   Array y(broadcast_shapes("reference", x[0].shape, x[1].shape));
                   const Array p = broadcast(x[0], y.shape), q = broadcast(x[1], y.shape);
                   for (size_t i = 0; i < y.values.size(); ++i)
                     y.values[i] = reference(p.values[i], q.values[i]);
                   return Arrays{std::move(y)};
                 },
             .differentiable = differentiable};
    sample(std::move(s));
  }
  return *this;
}

OpTest& OpTest::corners(std::function<Tensor(const Tensor&)> f, std::vector<double> values) {
  return sample({.operands = {vector_of(std::move(values))},
                 .call = [f = std::move(f)](const Tensors& x) { return Tensors{f(x[0])}; },
                 .has_derivative = false});
}

OpTest& OpTest::sample(Sample s) {
  for (Operand& o : s.operands) o.away_from_zero = std::max(o.away_from_zero, s.away_from_zero);
  samples_.push_back(std::move(s));
  return *this;
}

OpTest& OpTest::samples(std::vector<Sample> list) {
  for (Sample& s : list) sample(std::move(s));
  return *this;
}

OpTest& OpTest::not_twice_differentiable(std::string reason) {
  not_twice_differentiable_ = std::move(reason);
  return *this;
}

OpTest& OpTest::bad_call(BadCall bad) {
  bad_calls_.push_back(std::move(bad));
  return *this;
}

Array map(const Arrays& operands, const std::function<double(const double* elements)>& f) {
  Shape shape;
  for (const Array& x : operands) shape = broadcast_shapes("reference", shape, x.shape);
  Arrays wide;
  for (const Array& x : operands) wide.push_back(broadcast(x, shape));
  Array out(shape);
  for (int64_t i = 0; i < out.numel(); ++i) {
    std::vector<double> elements;
    for (Array& x : wide) elements.push_back(x[i]);
    out[i] = f(elements.data());
  }
  return out;
}

Array columns(Array& x, int64_t start, int64_t count, int64_t step) {
  return matrix(x.shape[0], count, [&](int64_t i, int64_t j) { return x(i, start + j * step); })[0];
}

Array reshaped(Array x, const Shape& shape) {
  x.shape = shape;
  return x;
}

Array broadcast(const Array& x, const Shape& shape) {
  Array out(shape);
  for (int64_t i = 0; i < out.numel(); ++i) {
    int64_t rest = i, at = 0, step = 1;
    for (int axis = shape.rank() - 1, from = x.shape.rank() - 1; axis >= 0; --axis, --from) {
      if (from >= 0) {
        if (x.shape[from] != 1) at += rest % shape[axis] * step;
        step *= x.shape[from];
      }
      rest /= shape[axis];
    }
    out[i] = x.values[static_cast<size_t>(at)];
  }
  return out;
}

namespace {

std::deque<OpTest>& own_rows() {
  static std::deque<OpTest> rows;
  return rows;
}
std::deque<OpTest>& rows_of_kernels() {
  static std::deque<OpTest> rows;
  return rows;
}

}  // namespace

const std::deque<OpTest>& table() {
  static const std::deque<OpTest> all = [] {
    std::deque<OpTest> rows = own_rows();
    for (const OpTest& row : rows_of_kernels())
      if (std::none_of(own_rows().begin(), own_rows().end(),
                       [&](const OpTest& own) { return own.op() == row.op(); }))
        rows.push_back(row);
    return rows;
  }();
  return all;
}

OpTest& add_test(const char* op) { return own_rows().emplace_back(op); }
OpTest& add_kernels_row(const char* op) { return rows_of_kernels().emplace_back(op); }

}  // namespace tapehead::op_tests
