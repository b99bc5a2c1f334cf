// The table of ops: every public function of autograd/ops.h has a row, written in the file of the
// op. A row drives all checks of tests/op_rows_test.cpp:
//   - forward against a plain reference in double, for f64, f32 and bf16, with tolerances that
//   follow from
//     the reduction length; for elementwise ops also on integers, where they take them;
//   - gradcheck and gradgradcheck in f64; the gradients in f32 and bf16 against those in f64;
//   - every gradient against the one that create_graph records, which may be another formula;
//   - operands and arriving gradients that are not contiguous, of stride 0, aliased; for
//   elementwise ops also
//     empty and 0-d ones and every broadcast pairing;
//   - undefined operands, which are left out or refused;
//   - results and gradients that have the right shape and type, and that are recorded at all;
//   - the bad inputs, with the message each must give.
#pragma once

#include <cmath>
#include <deque>
#include <functional>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/error.h"

namespace tapehead::op_tests {

/// A row-major array of doubles: what references compute with.
struct Array {
  Shape shape;
  std::vector<double> values;

  explicit Array(const Shape& s, double fill = 0)
      : shape(s), values(static_cast<size_t>(s.numel()), fill) {}
  template <size_t N>
  explicit Array(const int64_t (&sizes)[N], double fill = 0)
      : Array(Shape(std::span(sizes)), fill) {}
  /// The element at a position: a(i, j, k).
  template <class... I>
  double& operator()(I... index) {
    int64_t at = 0;
    int axis = 0;
    ((at = at * shape[axis++] + static_cast<int64_t>(index)), ...);
    return values[static_cast<size_t>(at)];
  }
  double& operator[](int64_t i) { return values[static_cast<size_t>(i)]; }
  int64_t numel() const { return shape.numel(); }
};
using Arrays = std::vector<Array>;
/// Repeated to a shape that it broadcasts to.
Array broadcast(const Array& x, const Shape& shape);

/// What `f` makes of the operands' elements at each position of the shape they broadcast to.
Array map(const Arrays& operands, const std::function<double(const double* elements)>& f);

/// A matrix whose elements are f(i, j).
template <class F>
Arrays matrix(int64_t rows, int64_t columns, F f) {
  Array out({rows, columns});
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j) out(i, j) = f(i, j);
  return {out};
}
/// Columns start, start + step ... of a matrix, `count` of them.
Array columns(Array& x, int64_t start, int64_t count, int64_t step = 1);
/// The same elements in the same order, in another shape.
Array reshaped(Array x, const Shape& shape);
/// reshaped() as a reference.
inline auto reshaped(const Shape& shape) {
  return [shape](Arrays& in) { return Arrays{reshaped(in[0], shape)}; };
}

/// What an operand of a sample is filled with.
struct Operand {
  enum Kind { kFloating, kIndex, kBool };
  Shape shape;
  double from = -2, to = 2;   // uniform; of indices: integers from <= i < to
  Kind kind = kFloating;      // floating operands take each floating type in turn; indices are i64
  double away_from_zero = 0;  // no value is nearer to zero than this
  std::vector<double> values = {};  // given ones, instead of random ones
  Operand(const Shape& s, double low = -2, double high = 2, Kind k = kFloating)
      : shape(s), from(low), to(high), kind(k) {}
  template <size_t N>
  Operand(const int64_t (&sizes)[N], double low = -2, double high = 2, Kind k = kFloating)
      : Operand(Shape(std::span(sizes)), low, high, k) {}
};
inline Operand indices(const Shape& shape, int64_t below) {
  return {shape, 0, static_cast<double>(below), Operand::kIndex};
}
inline Operand mask(const Shape& shape) { return {shape, 0, 1, Operand::kBool}; }
/// The operand with these values, which reach what random ones may miss.
inline Operand given(Operand operand, std::vector<double> values) {
  operand.values = std::move(values);
  return operand;
}
/// A vector of these values.
inline Operand vector_of(std::vector<double> values) {
  const Shape shape{static_cast<int64_t>(values.size())};
  return given(shape, std::move(values));
}

using Tensors = std::vector<Tensor>;

/// One call of an op and what it must give.
struct Sample {
  std::vector<Operand> operands;
  std::function<Tensors(const Tensors&)> call;
  /// Null when another sample of the row covers the values; then only the gradients are checked.
  std::function<Arrays(Arrays&)> reference;
  /// How many terms an element of the result sums up: rounding errors grow with it.
  int64_t reduces = 1;
  /// The gradient is checked; false for results of integer or boolean type or piecewise constant
  /// ones.
  bool differentiable = true;
  /// Whether the gradient is the derivative at the operands' values; false where that jumps, and
  /// for padding that gets no gradient by intent.
  bool has_derivative = true;
  /// No floating operand has a value nearer to zero than this, where a derivative jumps.
  double away_from_zero = 0;
  /// How often values on the way are rounded to the element type: 1 for a kernel that computes in
  /// f32 inside, more for what is composed of several bf16 results.
  int64_t roundings = 1;
  /// Two operands of one shape may be the same tensor.
  bool may_alias = true;
  /// An operand may hold one value all along an axis, as an expanded one does; false where that has
  /// no derivative, as the deviation of equal numbers.
  bool may_repeat = true;
};

/// A call that must throw, and the whole text of its error.
struct BadCall {
  std::function<void()> call;
  std::string message;
};

struct Range {
  double from = -2, to = 2;
  double away_from_zero = 0;
};

/// The row of one public function. Built in a chain and registered by TAPEHEAD_OP_TEST.
class OpTest {
 public:
  explicit OpTest(const char* op);

  /// An elementwise function of one tensor; samples of many shapes are made.
  OpTest& unary(Tensor (*f)(const Tensor&), double (*reference)(double), Range range = {},
                bool differentiable = true);
  /// An elementwise function of two tensors; samples of every broadcast pairing are made.
  OpTest& binary(Tensor (*f)(const Tensor&, const Tensor&), double (*reference)(double, double),
                 Range a = {}, Range b = {}, bool differentiable = true);
  /// A function of one tensor at values where its derivative jumps, or a formula would divide by 0.
  OpTest& corners(std::function<Tensor(const Tensor&)> f, std::vector<double> values);
  OpTest& sample(Sample s);
  OpTest& samples(std::vector<Sample> list);
  /// A call that must throw an error of this type with this text.
  template <class E>
  OpTest& bad(std::function<void()> call, std::string message) {
    return bad_call({[call = std::move(call)] {
                       try {
                         call();
                       } catch (const E&) {
                         throw;
                       } catch (const Error& e) {
                         throw std::logic_error(std::string("another type of error: ") + e.what());
                       }
                     },
                     std::move(message)});
  }

  const std::string& op() const { return op_; }
  const std::vector<Sample>& samples() const { return samples_; }
  const std::vector<BadCall>& bad_calls() const { return bad_calls_; }
  bool elementwise() const { return elementwise_; }

 private:
  OpTest& bad_call(BadCall bad);

  std::string op_;
  bool elementwise_ = false;
  std::vector<Sample> samples_;
  std::vector<BadCall> bad_calls_;
};

/// All rows. To be called when the program runs, not before.
const std::deque<OpTest>& table();
/// Adds a row.
OpTest& add_test(const char* op);
/// Adds a row that counts only if the op has no other: that of its kernel.
OpTest& add_kernels_row(const char* op);

/// TAPEHEAD_OP_TEST(tanh).unary(tanh, std::tanh);
#define TAPEHEAD_OP_TEST(op)                                                 \
  [[maybe_unused]] static const ::tapehead::op_tests::OpTest& test_of_##op = \
      ::tapehead::op_tests::add_test(#op)

}  // namespace tapehead::op_tests
