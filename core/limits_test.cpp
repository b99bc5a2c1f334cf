#include "tapehead/core/limits.h"

#include <doctest/doctest.h>

#include "tapehead/core/error.h"

using namespace tapehead;

TEST_CASE("the limits of floating types are PyTorch's") {
  const FloatInfo rows[] = {
      {f64, 64, 0x1p-52, -0x1.fffffffffffffp+1023, 0x1.fffffffffffffp+1023, 0x1p-1022, 0x1p-1022,
       1e-15},
      {f32, 32, 0x1p-23, -0x1.fffffep+127, 0x1.fffffep+127, 0x1p-126, 0x1p-126, 1e-6},
      {bf16, 16, 0x1p-7, -0x1.fep+127, 0x1.fep+127, 0x1p-126, 0x1p-126, 1e-2},
      {f16, 16, 0x1p-10, -65504, 65504, 0x1p-14, 0x1p-14, 1e-3},
  };
  for (const FloatInfo& row : rows) {
    CAPTURE(name(row.dtype));
    const FloatInfo got = finfo(row.dtype);
    CHECK(got.dtype == row.dtype);
    CHECK(got.bits == row.bits);
    CHECK(got.eps == row.eps);
    CHECK(got.min == row.min);
    CHECK(got.max == row.max);
    CHECK(got.smallest_normal == row.smallest_normal);
    CHECK(got.tiny == row.tiny);
    CHECK(got.resolution == row.resolution);
  }
  CHECK_THROWS_WITH_AS(finfo(i8), "finfo: i8 is not a floating type; use iinfo for integers",
                       DTypeError);
}

TEST_CASE("the limits of integer types are PyTorch's") {
  const IntegerInfo rows[] = {{i64, 64, INT64_MIN, INT64_MAX},
                              {i32, 32, INT32_MIN, INT32_MAX},
                              {i16, 16, -32768, 32767},
                              {i8, 8, -128, 127},
                              {u8, 8, 0, 255}};
  for (const IntegerInfo& row : rows) {
    CAPTURE(name(row.dtype));
    const IntegerInfo got = iinfo(row.dtype);
    CHECK(got.dtype == row.dtype);
    CHECK(got.bits == row.bits);
    CHECK(got.min == row.min);
    CHECK(got.max == row.max);
  }
  CHECK_THROWS_WITH_AS(
      iinfo(f16), "iinfo: f16 is not an integer type; use finfo for floating types", DTypeError);
  CHECK_THROWS_WITH_AS(iinfo(boolean),
                       "iinfo: bool is not an integer type; use finfo for floating types",
                       DTypeError);
}
