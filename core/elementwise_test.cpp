#include "tapehead/core/detail/elementwise.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <sstream>

#include "tapehead/core/error.h"
#include "tapehead/core/kernels/elementwise_kernels.h"
#include "tapehead/core/parallel.h"
#include "tapehead/tests/oracles/promotion_cases.h"

using namespace tapehead;

namespace {

constexpr DType kTypes[] = {f32, f64, bf16, i64, i32, u8, boolean, f16, i16, i8};
constexpr double kInf = std::numeric_limits<double>::infinity();
const double kNan = std::nan("");

DType type_named(const std::string& wanted) {
  for (const DType d : kTypes)
    if (wanted == name(d)) return d;
  FAIL("no type is called ", wanted);
  return f32;
}

// Makes an operand from its description in the table: "[2] f32", "[] i64", "double".
Tensor operand(const std::string& description) {
  if (description == "double") return 1.5;
  if (description == "int") return 1;
  if (description == "true") return true;
  const bool is_0d = description.starts_with("[] ");
  return core::full(is_0d ? Shape{} : Shape{2}, 1, type_named(description.substr(is_0d ? 3 : 4)));
}

template <class T>
Tensor of(DType dtype, const std::vector<T>& values) {
  Tensor t = core::empty({static_cast<int64_t>(values.size())}, dtype_of<T>());
  for (size_t i = 0; i < values.size(); ++i) t.data<T>()[i] = values[i];
  return core::cast(t, dtype);
}

}  // namespace

TEST_CASE("types promote as PyTorch's") {
  for (const auto& row : test::kPromotion) {
    std::istringstream results(row.results);
    for (const auto& column : test::kPromotion) {
      std::string expected;
      REQUIRE((results >> expected));
      if (expected == "-") continue;
      const Tensor a = operand(row.operand), b = operand(column.operand);
      CAPTURE(row.operand);
      CAPTURE(column.operand);
      CHECK(name(core::result_type(a, b)) == expected);
      CHECK(name(core::result_type(a, b, b)) == expected);
      CHECK(name(core::result_type(b, a, b)) == expected);
      if (expected != "bool")
        CHECK(name(core::binary("add", kernels::Binary::add, a, b).dtype()) == expected);
    }
  }
}

TEST_CASE("types of three operands promote by rank, then by category") {
  const Tensor ints = core::full({2}, 1, i32), half = core::full({2}, 1, bf16);
  const Tensor wide = core::full({}, 1, f64);
  CHECK(core::result_type(ints, wide, half) == bf16);
  CHECK(core::result_type(ints, wide, 1.5) == f64);
  CHECK(core::result_type(ints, 1, 1.5) == f32);
  CHECK(core::result_type(ints, ints, 1) == i32);
  CHECK(core::result_type(1, 1.5, true) == f32);
}

TEST_CASE("every type converts to every other") {
  const std::vector<double> values = {0, 1, 2, 100, 0.5, 3.75};
  for (const DType from : kTypes) {
    // Enough elements for full vectors and a tail.
    std::vector<double> many;
    many.reserve(77);
    for (int i = 0; i < 77; ++i) many.push_back(values[static_cast<size_t>(i) % values.size()]);
    const Tensor x = of(from, many);
    const std::vector<double> elements = x.to_vector<double>();
    for (const DType to : kTypes) {
      CAPTURE(std::string(name(from)));
      CAPTURE(std::string(name(to)));
      const Tensor y = core::cast(x, to);
      CHECK(y.dtype() == to);
      const std::vector<double> got = y.to_vector<double>();
      for (size_t i = 0; i < many.size(); ++i) {
        const double expected = to == boolean     ? elements[i] != 0
                                : is_floating(to) ? elements[i]
                                                  : std::trunc(elements[i]);
        CHECK(got[i] == expected);
      }
      // The same, with a stride of two in the input and the output.
      const Tensor spread_x = core::full({77, 2}, 0, from), spread_y = core::full({77, 2}, 7, to);
      const Tensor from_view = core::view_of(spread_x, {77}, {2}, 0);
      const Tensor to_view = core::view_of(spread_y, {77}, {2}, 0);
      core::copy_into(from_view, x);
      core::copy_into(to_view, from_view);
      CHECK(to_view.to_vector<double>() == got);
      CHECK(spread_y.to_vector<double>()[1] == (to == boolean ? 1 : 7));
    }
  }
}

TEST_CASE("casts at the edges of the types") {
  const auto cast = [](double x, DType from, DType to) {
    return core::cast(of(from, std::vector<double>(9, x)), to).to_vector<double>()[8];
  };
  CHECK(cast(1 + 0x1p-8, f32, bf16) == 1);  // halfway: rounds to even
  CHECK(cast(1 + 0x1p-8 + 0x1p-16, f32, bf16) == 1 + 0x1p-7);
  CHECK(cast(1 + 3 * 0x1p-8, f32, bf16) == 1 + 0x1p-6);
  CHECK(cast(3.4e38, f32, bf16) == kInf);
  CHECK(cast(1e39, f64, f32) == kInf);
  CHECK(cast(-kInf, f64, bf16) == -kInf);
  CHECK(std::isnan(cast(kNan, f64, bf16)));
  CHECK(std::isnan(cast(kNan, bf16, f64)));
  CHECK(cast(kNan, f32, boolean) == 1);
  CHECK(cast(0.25, f32, boolean) == 1);
  CHECK(cast(-0.0, f64, boolean) == 0);
  CHECK(cast(-1.75, f32, i64) == -1);
  CHECK(cast(-1.75, f64, i32) == -1);
  CHECK(cast(255, i64, u8) == 255);
  CHECK(cast(257, i64, u8) == 1);  // modulo 256
  CHECK(cast(-1, i32, u8) == 255);
  CHECK(cast(4294967297.0, i64, i32) == 1);
  CHECK(cast(256, i64, boolean) == 1);
  CHECK(cast(1 + 0x1p-11, f32, f16) == 1);  // halfway: rounds to even
  CHECK(cast(1 + 0x1p-11 + 0x1p-20, f32, f16) == 1 + 0x1p-10);
  CHECK(cast(65519, i32, f16) == 65504);
  CHECK(cast(65520, i64, f16) == kInf);
  CHECK(cast(-1e300, f64, f16) == -kInf);
  CHECK(cast(0x1p-24, f64, f16) == 0x1p-24);  // the smallest subnormal
  CHECK(cast(0x1p-25, f64, f16) == 0);
  CHECK(std::isnan(cast(kNan, f16, bf16)));
  CHECK(cast(-1.75, f16, i8) == -1);
  CHECK(cast(kNan, f16, boolean) == 1);
  CHECK(cast(200, u8, i8) == -56);  // modulo 256
  CHECK(cast(-1, i8, u8) == 255);
  CHECK(cast(-1, i8, i64) == -1);
  CHECK(cast(65537, i64, i16) == 1);
  CHECK(cast(256, i16, boolean) == 1);
  const Tensor exact = core::empty({1}, i64);
  *exact.data<int64_t>() = (int64_t{1} << 60) + 1;
  CHECK(core::cast(core::cast(exact, f64), i64).to_vector<int64_t>()[0] == int64_t{1} << 60);
  CHECK(core::contiguous(core::view_of(exact, {3}, {0}, 0)).to_vector<int64_t>()[2] ==
        (int64_t{1} << 60) + 1);
}

TEST_CASE("a C++ number does not change the type of a tensor of its kind, nor lose its value") {
  const Tensor x = core::full({3}, 3, i64);
  *x.data<int64_t>() = (int64_t{1} << 53) + 1;
  const Tensor y = core::binary("add", kernels::Binary::add, x, 1);
  CHECK(y.dtype() == i64);
  CHECK(*y.data<int64_t>() == (int64_t{1} << 53) + 2);
  const Tensor half = core::binary("mul", kernels::Binary::mul, core::full({2}, 3, bf16), 0.5);
  CHECK(half.dtype() == bf16);
  CHECK(half.to_vector<double>() == std::vector<double>{1.5, 1.5});
}

TEST_CASE("small integers are computed modulo 2^8 and 2^16, as in PyTorch") {
  using kernels::Binary;
  using Doubles = std::vector<double>;
  const auto apply = [](Binary kernel, const Tensor& a, const Tensor& b) {
    const Tensor out = core::binary("op", kernel, a, b);
    CHECK(out.dtype() == a.dtype());
    return out.to_vector<double>();
  };
  const Tensor x = of(i8, Doubles{-128, 127, -7}), y = of(i16, Doubles{-32768, 32767, -7});
  CHECK(apply(Binary::floor_divide, x, -1) == Doubles{-128, -127, 7});
  CHECK(apply(Binary::floor_divide, y, -1) == Doubles{-32768, -32767, 7});
  CHECK(apply(Binary::remainder, x, 3) == Doubles{1, 1, 2});
  CHECK(apply(Binary::mul, x, x) == Doubles{0, 1, 49});
  CHECK(apply(Binary::pow, x, 3) == Doubles{0, 127, -87});
  CHECK(apply(Binary::add, y, y) == Doubles{0, -2, -14});
  CHECK(apply(Binary::bitwise_xor, y, x) == Doubles{32640, 32640, 0});
  CHECK(core::unary("abs", kernels::Unary::abs, x).to_vector<double>() == Doubles{-128, 127, 7});
  CHECK_THROWS_WITH_AS(core::binary("add", Binary::add, x, 128),
                       "add: 128 is outside the range of i8; use a smaller number, or convert with "
                       "to()",
                       ValueError);
}

TEST_CASE("f16 is computed in f32 and rounded once, C++ numbers not at all") {
  using kernels::Binary;
  const Tensor x = core::full({1500}, 3, f16);
  CHECK(core::binary("mul", Binary::mul, x, 1 / 3.0).to_vector<double>() ==
        std::vector<double>(1500, 1));
  CHECK(core::compare("lt", kernels::Compare::lt, core::full({}, 0.1, f16), 0.1).item<bool>());
  // In place, of other strides, and of a single element.
  const Tensor two = core::full({1500, 2}, 2, f16);
  const Tensor view = core::view_of(two, {1500}, {2}, 1);
  core::add_into(view, core::full({}, 0.5, f16));
  CHECK(view.to_vector<double>() == std::vector<double>(1500, 2.5));
  CHECK(*two.data<float16>() == 2);
}

TEST_CASE("elementwise loops over shapes that no axis joins, on one thread and on several") {
  // [64, 33, 70] with different strides on every axis; the sum of three views with different axis
  // orders.
  const Shape shape = {64, 33, 70};
  const Tensor base = core::empty({64 * 33 * 70}, f32);
  for (int64_t i = 0; i < base.numel(); ++i) base.data<float>()[i] = static_cast<float>(i % 1013);
  const Tensor a = core::view_of(base, shape, {33 * 70, 70, 1}, 0);
  const Tensor b = core::view_of(base, shape, {1, 64 * 70, 64}, 0);
  const Tensor c = core::view_of(base, shape, {0, 1, 33}, 5);
  const int threads = num_threads();
  for (const int n : {1, 2, 3}) {
    set_num_threads(n);
    const Tensor out = core::ternary("lerp", kernels::Ternary::clamp, a, b, c);
    bool right = true;
    for (int64_t i = 0; i < 64; ++i)
      for (int64_t j = 0; j < 33; ++j)
        for (int64_t k = 0; k < 70; ++k) {
          const auto at = [&](const Tensor& t) {
            return t.data<float>()[i * t.strides()[0] + j * t.strides()[1] + k * t.strides()[2]];
          };
          right = right && at(out) == std::min(std::max(at(a), at(b)), at(c));
        }
    CHECK(right);
  }
  set_num_threads(threads);
}

TEST_CASE("a copy that does not fit is refused") {
  CHECK_THROWS_WITH_AS(core::copy_into(core::full({2, 3}, 0), core::full({2}, 1)),
                       "copy_: shape [2] does not broadcast to [2, 3]", ShapeError);
}
