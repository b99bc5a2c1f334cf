// C++ numbers as arguments are exact, or an error.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <type_traits>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/number.h"
#include "tapehead/tests/expect.h"

namespace tapehead::numbers_test {

using namespace testing;

namespace {

constexpr int64_t kOdd = 9007199254740993;  // 2^53 + 1, not representable in double
constexpr double kInf = std::numeric_limits<double>::infinity();

int64_t only(const Tensor& t) { return t.to_vector<int64_t>().at(0); }

}  // namespace

TEST_CASE("integers beyond 2^53 are exact wherever a number is taken or given") {
  for (const int64_t x : {kOdd, -kOdd, INT64_MAX, INT64_MIN + 1, INT64_MIN}) {
    CAPTURE(x);
    const Tensor t = from_vector(std::vector<int64_t>{x, 0}), no = tensor({false, true});
    CHECK(t[0].item<int64_t>() == x);
    CHECK(only(Tensor(x)) == x);
    CHECK(only(full({1}, x)) == x);
    CHECK(only(full({1}, x, i64)) == x);
    CHECK(only(full_like(t, x)) == x);
    CHECK(only(tensor({x})) == x);
    CHECK(only(zeros({2}, i64).fill_(x)) == x);
    CHECK(only(zeros({2}, i64).add_(x)) == x);
    CHECK(only(zeros({2}, i64).copy_(Tensor(x))) == x);
    CHECK(masked_fill(t, no, x).to_vector<int64_t>()[1] == x);
    CHECK(pad(t, {1, 0}, x).to_vector<int64_t>()[0] == x);
    CHECK(where(no, x, t).to_vector<int64_t>()[1] == x);
    CHECK(only(clamp(t, x, INT64_MAX)) == x);
    CHECK(only(clamp(t, INT64_MIN, x)) == x);
    CHECK(only(maximum(t, x)) == x);
    CHECK(only(zeros({1}, i64) + x) == x);
    CHECK(only(ones({1}, i64) * x) == x);
    CHECK((t == x).to_vector<bool>()[0]);
    if (x < INT64_MAX) CHECK_FALSE((t == x + 1).to_vector<bool>()[0]);
    CHECK(only(pad_rows({{}, {x}}, x)) == x);
  }
  CHECK(arange(kOdd - 1, kOdd + 2).to_vector<int64_t>() ==
        std::vector<int64_t>{kOdd - 1, kOdd, kOdd + 1});
  CHECK(arange(INT64_MAX - 1, INT64_MIN, INT64_MIN).to_vector<int64_t>() ==
        std::vector<int64_t>{INT64_MAX - 1, -2});
  CHECK(arange(INT64_MAX - 2, INT64_MAX).numel() == 2);
}

TEST_CASE("item converts, and says what it cannot give") {
  CHECK(Tensor(-2.9).item<int64_t>() == -2);
  CHECK(Tensor(255.9).item<uint8_t>() == 255);
  CHECK(Tensor(-0.9).item<uint8_t>() == 0);
  CHECK(Tensor(kOdd - 1).item() == 9007199254740992.0);
  CHECK(Tensor(kOdd).item<double>() == 9007199254740992.0);
  CHECK(Tensor(kInf).item<float>() == static_cast<float>(kInf));
  CHECK(Tensor(5).item<bool>());
  CHECK(Tensor(INT64_MIN).item() == -0x1p63);
  CHECK(error_of<ValueError>([] { Tensor(kOdd).item(); }) ==
        "item: 9007199254740993 is not exact as a double; use item<int64_t>(), or item<double>() "
        "to round it");
  CHECK(error_of<ValueError>([] { Tensor(INT64_MAX).item(); }).starts_with("item: "));
  CHECK(error_of<ValueError>([] { Tensor(3e9).item<int32_t>(); }) ==
        "item: 3000000000 is outside the range of the requested type; request a wider one");
  for (const double x : {256.0, -1.0, kInf, -kInf, std::nan("")}) {
    CAPTURE(x);
    CHECK_THROWS_AS(Tensor(x).item<uint8_t>(), ValueError);
  }
  CHECK_THROWS_AS(Tensor(0x1p63).item<int64_t>(), ValueError);
  CHECK(Tensor(-0x1p63).item<int64_t>() == INT64_MIN);
  CHECK_THROWS_AS(Tensor(1e300).item<float>(), ValueError);
  CHECK_THROWS_AS(Tensor(-1).item<uint64_t>(), ValueError);
}

TEST_CASE("a number that does not fit the type is an error") {
  const Tensor bytes = zeros({2}, u8), ints = zeros({2}, i32), longs = zeros({2}, i64),
               halves = zeros({2}, bf16), yes = tensor({true, true});
  const int64_t big = int64_t{1} << 40;
  const auto outside = [](const char* op, const std::string& number, const char* type) {
    return fmt::format(
        "{}: {} is outside the range of {}; use a smaller number, or convert with to()", op, number,
        type);
  };
  CHECK(error_of<ValueError>([&] { full({1}, 256, u8); }) == outside("full", "256", "u8"));
  CHECK(error_of<ValueError>([&] { full_like(bytes, -1); }) == outside("full", "-1", "u8"));
  CHECK(error_of<ValueError>([&] { full({1}, NAN, i64); }) == outside("full", "nan", "i64"));
  CHECK(error_of<ValueError>([&] { full({1}, 1e39); }) == outside("full", "1e+39", "f32"));
  CHECK(error_of<ValueError>([&] { tensor({1, 300}, u8); }) == outside("tensor", "300", "u8"));
  CHECK(error_of<ValueError>([&] { masked_fill(ints, yes, 1e12); }) ==
        outside("masked_fill", "1000000000000", "i32"));
  CHECK(error_of<ValueError>([&] { masked_fill(halves, yes, -1e39); }) ==
        outside("masked_fill", "-1e+39", "bf16"));
  CHECK(error_of<ValueError>([&] { full({1}, 65520, f16); }) == outside("full", "65520", "f16"));
  CHECK(error_of<ValueError>([&] { full({1}, -129, i8); }) == outside("full", "-129", "i8"));
  CHECK(error_of<ValueError>([&] { masked_fill(longs, yes, -kInf); }) ==
        outside("masked_fill", "-inf", "i64"));
  CHECK(error_of<ValueError>([&] { pad(bytes, {1, 1}, 256); }) == outside("pad", "256", "u8"));
  CHECK(error_of<ValueError>([&] { ints.fill_(big); }) == outside("fill_", "1099511627776", "i32"));
  CHECK(error_of<ValueError>([&] { ints.add_(big); }) == outside("add_", "1099511627776", "i32"));
  CHECK(error_of<ValueError>([&] { ints + big; }) == outside("add", "1099511627776", "i32"));
  CHECK(error_of<ValueError>([&] { static_cast<void>(ints < big); }) ==
        outside("lt", "1099511627776", "i32"));
  CHECK(error_of<ValueError>([&] { clamp(ints, {}, big); }) ==
        outside("clamp", "1099511627776", "i32"));
  CHECK(error_of<ValueError>([&] { where(yes, ints, big); }) ==
        outside("where", "1099511627776", "i32"));
  CHECK(error_of<ValueError>([&] { arange(254, 257, 1, u8); }) == outside("arange", "256", "u8"));
  CHECK(error_of<ValueError>([] { Tensor(UINT64_MAX); }) ==
        "number: 18446744073709551615 does not fit in i64; convert it to double");
  CHECK(error_of<ValueError>([] { arange(0.0, kInf); }) ==
        "arange: steps of 1 do not lead from 0 to inf");

  // Infinities are valid in floating types, and overflow follows floating-point rules.
  CHECK(full({1}, -kInf, bf16).item() == -kInf);
  CHECK((zeros({1}) < 1e300).item<bool>());
  CHECK((ones({1}) * 1e300).item() == kInf);
}

}  // namespace tapehead::numbers_test
