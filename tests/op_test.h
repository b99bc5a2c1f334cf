// The op table: every public function of autograd/ops has a row, defined in the test file of the
// op. tests/op_rows_test.cpp runs these checks for each row:
//   - forward against a plain reference in double, for f64, f32, bf16 and f16, with tolerances
//     derived from the reduction length; for elementwise ops also on integers, if supported;
//   - gradcheck and gradgradcheck in f64; gradients in f32, bf16 and f16 against those in f64;
//   - gradients with and without create_graph, which may use different formulas;
//   - operands and incoming gradients that are non-contiguous, of stride 0, or aliased; for
//     elementwise ops also empty and 0-d operands, and all combinations of broadcasting;
//   - undefined operands, which must be optional or rejected;
//   - shapes and dtypes of results and gradients, and that results are recorded;
//   - invalid calls, with the exact error message.
#pragma once

#include <cmath>
#include <deque>
#include <functional>
#include <initializer_list>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/error.h"

namespace tapehead::op_tests {

/// A row-major array of doubles, for references.
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
/// Broadcasts x to a shape.
Array broadcast(const Array& x, const Shape& shape);

/// Broadcasts the operands, and applies `f` to their elements at each position.
Array map(const Arrays& operands, const std::function<double(const double* elements)>& f);

inline constexpr double kInf = std::numeric_limits<double>::infinity();
inline double logistic(double x) { return 1 / (1 + std::exp(-x)); }

/// A matrix whose elements are f(i, j).
template <class F>
Arrays matrix(int64_t rows, int64_t columns, F f) {
  Array out({rows, columns});
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j) out(i, j) = f(i, j);
  return {out};
}
/// The columns start, start + step, … of a matrix, `count` of them.
Array columns(Array& x, int64_t start, int64_t count, int64_t step = 1);
/// Reshapes x.
Array reshaped(Array x, const Shape& shape);
/// A reference that reshapes the first operand.
inline auto reshaped(const Shape& shape) {
  return [shape](Arrays& in) { return Arrays{reshaped(in[0], shape)}; };
}

/// The shape and values of an operand of a sample.
struct Operand {
  enum Kind { kFloating, kIndex, kBool };
  Shape shape;
  double from = -2, to = 2;  // uniform in [from, to); integers for indices
  Kind kind = kFloating;     // floating operands are tested in each floating dtype; indices are i64
  double away_from_zero = 0;        // minimum magnitude
  std::vector<double> values = {};  // if not empty, used instead of random values
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
/// The operand with given values, for cases that random values may miss.
inline Operand given(Operand operand, std::vector<double> values) {
  operand.values = std::move(values);
  return operand;
}
/// A 1-d operand with given values.
inline Operand vector_of(std::vector<double> values) {
  const Shape shape{static_cast<int64_t>(values.size())};
  return given(shape, std::move(values));
}

using Tensors = std::vector<Tensor>;

/// One call of an op and its expected result.
struct Sample {
  std::vector<Operand> operands;
  std::function<Tensors(const Tensors&)> call;
  /// Null if another sample of the row checks the values; then only gradients are checked.
  std::function<Arrays(Arrays&)> reference;
  /// The number of terms summed in an element of the result, which bounds rounding errors.
  int64_t reduces = 1;
  /// Whether gradients are checked; false for integer, bool and piecewise constant results.
  bool differentiable = true;
  /// Whether the gradient equals the derivative at the operands' values; false where the derivative
  /// is discontinuous, and for padding, which receives no gradient by design.
  bool has_derivative = true;
  /// Minimum magnitude of floating operands, for ops whose derivative jumps at 0.
  double away_from_zero = 0;
  /// The number of roundings to the dtype: 1 for a kernel that computes in f32 internally, more for
  /// ops composed of several bf16 results.
  int64_t roundings = 1;
  /// Whether operands of equal shape may be the same tensor.
  bool may_alias = true;
  /// Whether an operand may be constant along an axis, as after expand(); false if the op has no
  /// derivative there, such as the standard deviation of equal numbers.
  bool may_repeat = true;
};

/// A call that must throw, and the exact error message.
struct BadCall {
  std::function<void()> call;
  std::string message;
};

struct Range {
  double from = -2, to = 2;
  double away_from_zero = 0;
};

/// The row of one public function, built by chained calls and registered by TAPEHEAD_OP_TEST.
class OpTest {
 public:
  explicit OpTest(const char* op);

  /// An elementwise function of one tensor; adds samples of many shapes.
  OpTest& unary(Tensor (*f)(const Tensor&), double (*reference)(double), Range range = {},
                bool differentiable = true);
  /// An elementwise function of two tensors; adds samples of all combinations of broadcasting.
  OpTest& binary(Tensor (*f)(const Tensor&, const Tensor&), double (*reference)(double, double),
                 Range a = {}, Range b = {}, bool differentiable = true);
  /// Samples at values where the derivative jumps or a formula would divide by 0.
  OpTest& corners(std::function<Tensor(const Tensor&)> f, std::vector<double> values);
  OpTest& sample(Sample s);
  OpTest& samples(std::vector<Sample> list);
  /// A call that must throw an error of type E with exactly this message.
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

  /// Says why no sample of a row with floating results checks second derivatives.
  OpTest& not_twice_differentiable(std::string reason);

  const std::string& op() const { return op_; }
  const std::vector<Sample>& samples() const { return samples_; }
  const std::vector<BadCall>& bad_calls() const { return bad_calls_; }
  bool elementwise() const { return elementwise_; }
  /// The reason; empty if the samples check second derivatives or the results are not floating.
  const std::string& not_twice_differentiable() const { return not_twice_differentiable_; }

 private:
  OpTest& bad_call(BadCall bad);

  std::string op_, not_twice_differentiable_;
  bool elementwise_ = false;
  std::vector<Sample> samples_;
  std::vector<BadCall> bad_calls_;
};

/// All rows. Must not be called during static initialisation.
const std::deque<OpTest>& table();
/// Adds a row.
OpTest& add_test(const char* op);
/// Adds a row made from a kernel's row; it is ignored if the op has its own.
OpTest& add_kernels_row(const char* op);

/// TAPEHEAD_OP_TEST(tanh).unary(tanh, std::tanh);
#define TAPEHEAD_OP_TEST(op)                                                 \
  [[maybe_unused]] static const ::tapehead::op_tests::OpTest& test_of_##op = \
      ::tapehead::op_tests::add_test(#op)

}  // namespace tapehead::op_tests
