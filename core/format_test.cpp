// format.h must be self-contained with only fmt/core.h: it is included first.
#include "tapehead/core/format.h"

#include <doctest/doctest.h>

#include <cmath>
#include <sstream>

#include "tapehead/core/creation.h"
#include "tapehead/core/detail/views.h"

namespace tapehead {
namespace {

TEST_CASE("tensors print as NumPy prints them") {
  struct Row {
    Tensor tensor;
    const char* text;
  };
  const Row rows[] = {
      {tensor(2.5), "2.5 f32"},
      {tensor(-3), "-3 i64"},
      {tensor({1.0, 2.0}), "[1., 2.] f32 [2]"},
      {tensor({1, -20, 3}), "[  1, -20,   3] i64 [3]"},
      {tensor({true, false}), "[ true, false] bool [2]"},
      {tensor({0, 255}, u8), "[  0, 255] u8 [2]"},
      {tensor({{0.5, -1.25}, {2.0, 3.0}}), "[[ 0.50, -1.25],\n [ 2.00,  3.00]]\nf32 [2, 2]"},
      {tensor({0.1, 0.2}, bf16), "[0.1001, 0.2002] bf16 [2]"},
      {tensor({0.1, 65504.0}, f16), "[    0.1, 65504.0] f16 [2]"},
      {tensor({-128, 127}, i8), "[-128,  127] i8 [2]"},
      {tensor({-300}, i16), "[-300] i16 [1]"},
      {tensor({1 / 3.0, 10000.0}, f64), "[    0.3333, 10000.0000] f64 [2]"},
      {tensor({-0.0, 0.0}), "[-0.,  0.] f32 [2]"},
      {tensor({1e-5, 1.0}), "[1e-05, 1e+00] f32 [2]"},
      {tensor({1.5e8, -2.0}, f64), "[ 1.5e+08, -2.0e+00] f64 [2]"},
      {tensor({1.0, (double)NAN, (double)-INFINITY}), "[  1.,  nan, -inf] f32 [3]"},
      {tensor({(double)NAN}), "[nan] f32 [1]"},
      {tensor({(double)-NAN, 0.5}), "[nan, 0.5] f32 [2]"},
      {zeros({0}), "[] f32 [0]"},
      {zeros({2, 0}, i32), "[] i32 [2, 0]"},
      {arange(8).to(i32), "[0, 1, 2, 3, 4, 5, 6, 7] i32 [8]"},
      {core::transpose(tensor({{1, 2}, {3, 4}}), 0, 1), "[[1, 3],\n [2, 4]]\ni64 [2, 2]"},
      {tensor({{{1, 2}, {3, 4}}, {{5, 6}, {7, 8}}}),
       "[[[1, 2],\n  [3, 4]],\n\n [[5, 6],\n  [7, 8]]]\ni64 [2, 2, 2]"},
      {Tensor(), "undefined"},
  };
  for (const Row& row : rows) CHECK(row.tensor.str() == row.text);
}

TEST_CASE("long rows are broken, big tensors summarised") {
  CHECK(arange(30).str() ==
        "[ 0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19,\n"
        " 20, 21, 22, 23, 24, 25, 26, 27, 28, 29]\ni64 [30]");
  CHECK(arange(1001).str() == "[   0,    1,    2, ...,  998,  999, 1000] i64 [1001]");
  CHECK(core::reshape(arange(2000), {4, 500}).str() ==
        "[[   0,    1,    2, ...,  497,  498,  499],\n"
        " [ 500,  501,  502, ...,  997,  998,  999],\n"
        " [1000, 1001, 1002, ..., 1497, 1498, 1499],\n"
        " [1500, 1501, 1502, ..., 1997, 1998, 1999]]\n"
        "i64 [4, 500]");
  CHECK(core::reshape(arange(2000), {1000, 2}).str() ==
        "[[   0,    1],\n [   2,    3],\n [   4,    5],\n ...,\n [1994, 1995],\n [1996, 1997],\n"
        " [1998, 1999]]\ni64 [1000, 2]");
}

TEST_CASE("tensors, shapes and types format with fmt and stream") {
  const Tensor x = tensor({1 / 3.0, 2 / 3.0});
  CHECK(fmt::format("loss {}", tensor(0.25)) == "loss 0.25 f32");
  CHECK(fmt::format("{:.2}", x) == "[0.33, 0.67] f32 [2]");
  CHECK(fmt::format("{} {}", x.shape(), x.dtype()) == "[2] f32");
  std::ostringstream out;
  out << x << ' ' << x.shape() << ' ' << x.dtype();
  CHECK(out.str() == "[0.3333, 0.6667] f32 [2] [2] f32");
  CHECK_THROWS_WITH((void)fmt::format(fmt::runtime("{:x}"), x),
                    "the format of a tensor is {} or a precision, {:.2}");
  CHECK_THROWS_WITH((void)fmt::format(fmt::runtime("{:3}"), x.shape()),
                    "this type has no format options");
}

}  // namespace
}  // namespace tapehead
