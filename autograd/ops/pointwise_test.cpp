// Elementwise behaviour that the op table does not cover: special values, integers, result types,
// ties, operators.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/error.h"

namespace tapehead::pointwise_test {

namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
const double kNan = std::nan("");
using Values = std::vector<double>;

Tensor tensor_of(const Values& values, DType dtype = f32) {
  Tensor t = core::empty({static_cast<int64_t>(values.size())}, f64);
  for (size_t i = 0; i < values.size(); ++i) t.data<double>()[i] = values[i];
  return t.to(dtype);
}
Tensor leaf(const Values& values, DType dtype = f32) {
  return tensor_of(values, dtype).set_requires_grad();
}
Values values_of(const Tensor& t) { return t.to_vector<double>(); }

// Compares including the sign of zero; NaN equals NaN. Finite numbers may have a relative error.
void check_same(const Tensor& got, const Values& expected, double error = 0) {
  const Values values = values_of(got);
  REQUIRE(values.size() == expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    CAPTURE(i);
    if (std::isnan(expected[i])) {
      CHECK(std::isnan(values[i]));
    } else {
      const double most = std::isfinite(expected[i]) ? error * std::abs(expected[i]) : 0;
      if (!(std::abs(values[i] - expected[i]) <= most)) CHECK(values[i] == expected[i]);
      CHECK(std::signbit(values[i]) == std::signbit(expected[i]));
    }
  }
}

}  // namespace

TEST_CASE("special values are C's") {
  struct Function {
    const char* name;
    Tensor (*op)(const Tensor&);
    double (*reference)(double);
  };
  const Function functions[] = {
      {"exp", exp, std::exp},
      {"expm1", expm1, std::expm1},
      {"log", log, std::log},
      {"log1p", log1p, std::log1p},
      {"exp2", exp2, std::exp2},
      {"log2", log2, std::log2},
      {"log10", log10, std::log10},
      {"asin", asin, std::asin},
      {"acos", acos, std::acos},
      {"atan", atan, std::atan},
      {"sinh", sinh, std::sinh},
      {"cosh", cosh, std::cosh},
      {"asinh", asinh, std::asinh},
      {"acosh", acosh, std::acosh},
      {"atanh", atanh, std::atanh},
      {"erfc", erfc, std::erfc},
      {"lgamma", lgamma, std::lgamma},
      {"tanh", tanh, std::tanh},
      {"erf", erf, std::erf},
      {"sqrt", sqrt, std::sqrt},
      {"sin", sin, std::sin},
      {"cos", cos, std::cos},
      {"floor", floor, std::floor},
      {"ceil", ceil, std::ceil},
      {"round", round, std::nearbyint},
      {"trunc", trunc, std::trunc},
      {"abs", abs, std::abs},
      {"sigmoid", sigmoid, [](double x) { return 1 / (1 + std::exp(-x)); }},
      {"reciprocal", reciprocal, [](double x) { return 1 / x; }},
      {"rsqrt", rsqrt, [](double x) { return 1 / std::sqrt(x); }},
  };
  Values special = {0.0, -0.0, kInf, -kInf, kNan, -1000, -1};
  special.resize(21, kNan);  // full vectors and a tail
  for (size_t i = 7; i < special.size(); ++i) special[i] = special[i - 7];
  for (const Function& f : functions)
    for (const DType dtype : {f32, f64, bf16}) {
      CAPTURE(f.name);
      CAPTURE(std::string(name(dtype)));
      const Values got = values_of(f.op(tensor_of(special, dtype)));
      Values expected;
      for (const double x : special) expected.push_back(f.reference(x));
      check_same(f.op(tensor_of(special, dtype)), values_of(tensor_of(expected, dtype)), 2e-7);
    }
}

TEST_CASE("exp of float overflows and underflows where it should") {
  const Values y = values_of(exp(tensor_of({88.72, 88.73, -87.3, -104})));
  CHECK(y[0] == doctest::Approx(std::exp(static_cast<double>(88.72f))).epsilon(1e-6));
  CHECK(y[1] == kInf);
  CHECK(y[2] == doctest::Approx(std::exp(static_cast<double>(-87.3f))).epsilon(1e-6));
  CHECK(y[3] == 0);
}

TEST_CASE("activations at infinities and far out") {
  check_same(relu(tensor_of({kNan, -kInf, kInf})), {kNan, 0, kInf});
  check_same(leaky_relu(tensor_of({kNan, kInf})), {kNan, kInf});
  check_same(elu(tensor_of({-kInf, kInf, kNan})), {-1, kInf, kNan});
  check_same(hardtanh(tensor_of({-kInf, kInf, kNan})), {-1, 1, kNan});
  check_same(silu(tensor_of({kInf, kNan})), {kInf, kNan});
  check_same(gelu(tensor_of({kInf, 100, -100})), {kInf, 100, -0.0});
  check_same(gelu_tanh(tensor_of({kInf, 100})), {kInf, 100});
  check_same(softplus(tensor_of({-kInf, kInf, 1000})), {0, kInf, 1000});
  check_same(log_sigmoid(tensor_of({-kInf, -1000, 1000})), {-kInf, -1000, -0.0});
  check_same(softsign(tensor_of({1e30, -1e30})), {1, -1});
}

TEST_CASE("division of floats as PyTorch's") {
  const Tensor a = tensor_of({7, -7, 7, -7, kInf, 1, -1, 5, 0, -0.0, kNan, 6});
  const Tensor b = tensor_of({2, 2, -2, -2, 2, kInf, kInf, 0, 3, 3, 1, -3});
  check_same(floor_divide(a, b), {3, -4, -4, 3, kNan, 0, -1, kInf, 0, -0.0, kNan, -2});
  check_same(remainder(a, b), {1, 1, -1, -1, kNan, 1, kInf, kNan, 0, -0.0, kNan, 0});
}

// Operands that the vectorised kernels leave to the C library, next to ordinary ones.
TEST_CASE("powers, rests and angles of all magnitudes are C's") {
  const Values numbers = {0,   -0.0,  1,     -1,   2,    -3,    0.5, 7.25,
                          4e8, 1e-30, -1e30, 1e37, kInf, -kInf, kNan};
  Values x, y;
  for (const double a : numbers)
    for (const double b : numbers) x.push_back(a), y.push_back(b);
  const Tensor a = tensor_of(x), b = tensor_of(y);
  const auto reference = [&](float (*f)(float, float)) {
    Values out;
    for (size_t i = 0; i < x.size(); ++i)
      out.push_back(f(static_cast<float>(x[i]), static_cast<float>(y[i])));
    return out;
  };
  check_same(fmod(a, b), reference(std::fmod));
  check_same(pow(a, b), reference(std::pow), 2e-7);
  for (const double angle : {0.5, 999999.0, 1e6 + 1, 3e7, 1e30})
    CHECK(sin(tensor_of({1, angle}))[1].item() ==
          doctest::Approx(std::sin(static_cast<float>(angle))).epsilon(1e-6));
}

TEST_CASE("integers divide downwards, without trapping, and wrap around") {
  const Tensor a = tensor_of({7, -7, 7, -7, 6}, i64), b = tensor_of({2, 2, -2, -2, -3}, i64);
  check_same(floor_divide(a, b), {3, -4, -4, 3, -2});
  check_same(remainder(a, b), {1, 1, -1, -1, 0});
  for (const DType dtype : {i64, i32}) {
    const double lowest = dtype == i64 ? -0x1p63 : -0x1p31;
    const Tensor low = tensor_of({lowest}, dtype), minus = tensor_of({-1}, dtype);
    check_same(floor_divide(low, minus), {lowest});
    check_same(remainder(low, minus), {0});
    check_same(-low, {lowest});
    check_same(abs(low), {lowest});
    CHECK(values_of(low - 1)[0] > 0);
  }
  check_same(tensor_of({200}, u8) + tensor_of({100}, u8), {44});
  check_same(-tensor_of({200}, u8), {56});
  check_same(pow(tensor_of({2, -3, 0, 10}, i64), tensor_of({10, 3, 0, 2}, i64)),
             {1024, -27, 1, 100});
  check_same(pow(tensor_of({3}, u8), 7), {2187 % 256});
}

TEST_CASE("functions of integers and bool return f32, except those that return integers") {
  for (const DType dtype : {i64, i32, u8, boolean}) {
    const Tensor x = tensor_of({1, 0}, dtype);
    for (auto f : {exp, expm1, log, log1p, sin, cos, tanh, sigmoid, erf, sqrt, rsqrt, reciprocal})
      CHECK(f(x).dtype() == f32);
    CHECK((x / 2).dtype() == f32);
    CHECK(isnan(x).dtype() == boolean);
    check_same(isfinite(x), {1, 1});
    check_same(isnan(x), {0, 0});
    check_same(isinf(x), {0, 0});
    if (dtype == boolean) continue;
    for (auto f : std::initializer_list<Tensor (*)(const Tensor&)>{floor, ceil, round, trunc, abs,
                                                                   square, sign, relu})
      CHECK(f(x).dtype() == dtype);
    CHECK(floor_divide(x, 2).dtype() == dtype);
    CHECK(clamp(x, 0, 1).dtype() == dtype);
    CHECK(floor_divide(x, 2.0).dtype() == f32);
    CHECK(clamp(x, 0.5, 1).dtype() == f32);
    CHECK(pow(x, 2).dtype() == dtype);
    CHECK(pow(x, 0.5).dtype() == f32);
  }
  const Tensor x = tensor_of({1, 2}, i64), y = floor(x);
  y.fill_(7);
  check_same(x, {1, 2});  // rounding returns a new tensor
}

TEST_CASE("bool adds as or, multiplies as and") {
  const Tensor a = tensor_of({0, 0, 1, 1}, boolean), b = tensor_of({0, 1, 0, 1}, boolean);
  check_same(a + b, {0, 1, 1, 1});
  check_same(a * b, {0, 0, 0, 1});
  check_same(maximum(a, b), {0, 1, 1, 1});
  CHECK((a + b).dtype() == boolean);
}

TEST_CASE("NaN passes through maximum, minimum and clamp") {
  const Tensor a = tensor_of({kNan, 1, 1}), b = tensor_of({1, kNan, 2});
  check_same(maximum(a, b), {kNan, kNan, 2});
  check_same(minimum(a, b), {kNan, kNan, 1});
  check_same(clamp(tensor_of({kNan, 5, -5, 0.5}), 0, 1), {kNan, 1, 0, 0.5});
  check_same(clamp(tensor_of({1, 2}), 3, 0), {0, 0});  // the upper bound wins
  check_same(clamp(tensor_of({1, 2}), kNan, 3), {kNan, kNan});
  check_same(sign(tensor_of({kNan, -0.0, -kInf})), {0, 0, -1});
}

TEST_CASE("gradients at ties and corners are PyTorch's") {
  const Tensor a = leaf({1, 2, 2}), b = leaf({2, 1, 2});
  sum(maximum(a, b)).backward();
  check_same(a.grad(), {0, 1, 0.5});
  check_same(b.grad(), {1, 0, 0.5});
  const Tensor c = leaf({1, 2, 2}), d = leaf({2, 1, 2});
  sum(minimum(c, d)).backward();
  check_same(c.grad(), {1, 0, 0.5});
  check_same(d.grad(), {0, 1, 0.5});
  const Tensor x = leaf({0, 1, 0.5, 2, -1});
  sum(clamp(x, 0, 1)).backward();
  check_same(x.grad(), {1, 1, 1, 0, 0});
  const Tensor y = leaf({0, -2, kNan});
  sum(abs(y)).backward();
  check_same(y.grad(), {0, -1, 0});
  const Tensor z = leaf({kNan, -1, 0, 2});
  sum(relu(z)).backward();
  check_same(z.grad(), {1, 0, 0, 1});
  const Tensor h = leaf({-1, 1, 0.5});
  sum(hardtanh(h)).backward();
  check_same(h.grad(), {0, 0, 1});
}

TEST_CASE("the gradient of pow is finite at 0") {
  const Tensor x = leaf({0, 0, 0, 2}), p = leaf({0, 1, 2, 0});
  sum(pow(x, p)).backward();
  check_same(x.grad(), {0, 1, 0, 0});
  const Values dp = values_of(p.grad());
  CHECK(dp[0] == 0);
  CHECK(dp[1] == 0);
  CHECK(dp[2] == 0);
  CHECK(dp[3] == doctest::Approx(std::log(2)));
  for (const double power : {0.0, 1.0, 2.0, 3.0}) {
    const Tensor zero = leaf({0});
    pow(zero, power).backward();
    check_same(zero.grad(), {power == 1 ? 1.0 : 0.0});
  }
}

TEST_CASE("where takes numbers, and does not let NaN through the branch not taken") {
  const Tensor condition = tensor_of({1, 0}, boolean);
  CHECK(where(condition, 1.0, 0.0).dtype() == f32);
  CHECK(where(condition, 1, 0).dtype() == i64);
  check_same(where(condition, -kInf, tensor_of({1, 2})), {-kInf, 2});
  const Tensor x = leaf({4, 0});
  sum(where(condition, sqrt(x), 0)).backward();
  CHECK(values_of(x.grad())[0] == 0.25);
  const Tensor ids = where(condition, tensor_of({5, 6}, i64), 0);
  CHECK(ids.dtype() == i64);
  check_same(ids, {5, 0});
}

TEST_CASE("operators") {
  const Tensor a = tensor_of({1, 2, 3}), b = tensor_of({3, 2, 1});
  check_same(a == b, {0, 1, 0});
  check_same(a != b, {1, 0, 1});
  check_same(a < b, {1, 0, 0});
  check_same(a <= b, {1, 1, 0});
  check_same(a > b, {0, 0, 1});
  check_same(a >= 2, {0, 1, 1});
  check_same(2 < a, {0, 0, 1});
  check_same((a > 1) & (a < 3), {0, 1, 0});
  check_same((a < 2) | (a > 2), {1, 0, 1});
  check_same((a < 3) ^ (a > 1), {1, 0, 1});
  check_same(~(a == 2), {1, 0, 1});
  check_same(~tensor_of({0, 5}, i32), {-1, -6});
  check_same(~tensor_of({0, 5}, u8), {255, 250});
  check_same(tensor_of({6, 5}, i64) & 3, {2, 1});
  check_same(tensor_of({kNan}) == tensor_of({kNan}), {0});
  check_same(tensor_of({kNan}) != tensor_of({kNan}), {1});
  check_same(logical_and(tensor_of({0, 0.5, kNan}), tensor_of({1, 2, 3}, i64)), {0, 1, 1});
  CHECK((tensor_of({1, 2}, i64) == 1.5).dtype() == boolean);
}

TEST_CASE("compound assignment binds a new tensor") {
  Tensor a = tensor_of({1, 2});
  const Tensor before = a;
  a += 1;
  check_same(a, {2, 3});
  check_same(before, {1, 2});
  a *= a;
  check_same(a, {4, 9});
  a -= before;
  a /= 2;
  check_same(a, {1.5, 3.5});
  Tensor x = leaf({1, 2});
  const Tensor w = x;
  x *= 3;
  sum(x).backward();
  check_same(w.grad(), {3, 3});
}

TEST_CASE("mul and div keep only what a gradient needs") {
  const Tensor weight = leaf({1, 2});
  const Tensor data = tensor_of({3, 4});
  Tensor y = weight * data;
  weight.impl()->storage->changed_by("add_");  // the gradient of weight needs only data
  sum(y).backward();
  check_same(weight.grad(), {3, 4});
}

}  // namespace tapehead::pointwise_test
