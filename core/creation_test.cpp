#include "tapehead/core/creation.h"

#include <doctest/doctest.h>

#include "tapehead/core/error.h"

namespace tapehead {
namespace {

using Doubles = std::vector<double>;

void check(const Tensor& t, const Shape& shape, DType dtype, const Doubles& values) {
  CHECK(t.shape() == shape);
  CHECK(name(t.dtype()) == std::string(name(dtype)));
  CHECK(t.to_vector<double>() == values);
}

TEST_CASE("tensor: of nested lists") {
  check(tensor({1, 2, 3}), {3}, i64, {1, 2, 3});
  check(tensor({1.5, 2, 3}), {3}, f32, {1.5, 2, 3});
  check(tensor({true, false}), {2}, boolean, {1, 0});
  check(tensor({true, 2}), {2}, i64, {1, 2});
  check(tensor({{1.0, 2.0}, {3.0, 4.0}, {5.0, 6.0}}), {3, 2}, f32, {1, 2, 3, 4, 5, 6});
  check(tensor({{{1}, {2}}}), {1, 2, 1}, i64, {1, 2});
  check(tensor({1}), {1}, i64, {1});
  check(tensor({{1}}), {1, 1}, i64, {1});
  check(tensor(2.5), {}, f32, {2.5});
  check(tensor({1, 2}, f64), {2}, f64, {1, 2});
  check(tensor({9007199254740993}), {1}, i64, {9007199254740992.0});
  CHECK(tensor({9007199254740993}).data<int64_t>()[0] == 9007199254740993);
  CHECK_THROWS_WITH_AS(
      tensor({{1, 2}, {3}}),
      "tensor: the lists are ragged: a list of 1 found where the first elements give a list "
      "of 2 of the shape [2, 2]; give all rows of an axis the same length",
      ShapeError);
  CHECK_THROWS_WITH_AS(
      tensor({1, {2}}),
      "tensor: the lists are ragged: a list of 1 found where the first elements give a number "
      "of the shape [2]; give all rows of an axis the same length",
      ShapeError);
}

TEST_CASE("from_vector takes the vector's type") {
  check(from_vector(Doubles{1, 2, 3, 4}, {2, 2}), {2, 2}, f64, {1, 2, 3, 4});
  check(from_vector(std::vector<float>{1, 2}), {2}, f32, {1, 2});
  check(from_vector(std::vector<bool>{true, false}), {2}, boolean, {1, 0});
  CHECK_THROWS_WITH_AS(from_vector(Doubles{1, 2, 3}, {2, 2}),
                       "from_vector: shape [2, 2] has 4 elements, the vector 3", ShapeError);
}

TEST_CASE("constant tensors") {
  check(zeros({2}), {2}, f32, {0, 0});
  check(ones({2}, bf16), {2}, bf16, {1, 1});
  check(full({2}, 7), {2}, i64, {7, 7});
  check(full({2}, 0.5), {2}, f32, {0.5, 0.5});
  check(full({1}, true), {1}, boolean, {1});
  check(full({1}, 3, f64), {1}, f64, {3});
  check(zeros_like(ones({2}, i32)), {2}, i32, {0, 0});
  check(ones_like(zeros({1}, u8)), {1}, u8, {1});
  check(full_like(zeros({1}, f64), 3), {1}, f64, {3});
  check(zeros({0, 3}), {0, 3}, f32, {});
  CHECK_THROWS_WITH_AS(zeros({2, -1}), "shape: [2, -1] has a negative size", ShapeError);
}

TEST_CASE("ranges") {
  check(arange(4), {4}, i64, {0, 1, 2, 3});
  check(arange(2.5), {3}, f32, {0, 1, 2});
  check(arange(3, f32), {3}, f32, {0, 1, 2});
  check(arange(5, 0, -2), {3}, i64, {5, 3, 1});
  check(arange(0, 1, 0.25), {4}, f32, {0, 0.25, 0.5, 0.75});
  check(arange(0), {0}, i64, {});
  check(linspace(0, 1, 5), {5}, f32, {0, 0.25, 0.5, 0.75, 1});
  check(linspace(3, 9, 1, f64), {1}, f64, {3});
  CHECK(linspace(0, 0.1, 50, f64).to_vector<double>().back() == 0.1);
  CHECK_THROWS_WITH_AS(arange(0, 5, -1), "arange: steps of -1 do not lead from 0 to 5", ValueError);
  CHECK_THROWS_WITH_AS(arange(0, 5, 0), "arange: steps of 0 do not lead from 0 to 5", ValueError);
  CHECK_THROWS_WITH_AS(linspace(0, 1, -1), "linspace: -1 steps; it must not be negative",
                       ValueError);
}

TEST_CASE("diagonals") {
  check(eye(2), {2, 2}, f32, {1, 0, 0, 1});
  check(eye(1, 3, i64), {1, 3}, i64, {1, 0, 0});
  check(tril_mask(2, 3), {2, 3}, boolean, {1, 0, 0, 1, 1, 0});
  check(triu_mask(2, 3, 1), {2, 3}, boolean, {0, 1, 1, 0, 0, 1});
  check(padding_mask(tensor({0, 2, 3}), 3), {3, 3}, boolean, {1, 1, 1, 0, 0, 1, 0, 0, 0});
  CHECK_THROWS_WITH_AS(padding_mask(tensor({{1}}), 3),
                       "padding_mask: lengths are [1, 1]; expected [B], one for each sequence",
                       ShapeError);
  CHECK_THROWS_WITH_AS(eye(-1), "eye: -1 rows and -1 columns; neither may be negative", ValueError);
}

TEST_CASE("one_hot") {
  check(one_hot(tensor({{0}, {2}}), 3), {2, 1, 3}, i64, {1, 0, 0, 0, 0, 1});
  check(one_hot(tensor({1, 0})), {2, 2}, i64, {0, 1, 1, 0});
  CHECK_THROWS_WITH_AS(one_hot(tensor({{0, 3}}), 3), "one_hot: indices[0, 1] = 3 is outside 0..2",
                       IndexError);
  CHECK_THROWS_WITH_AS(one_hot(tensor({-1}), 3), "one_hot: indices[0] = -1 is outside 0..2",
                       IndexError);
  CHECK_THROWS_WITH_AS(one_hot(tensor({0.5})),
                       "one_hot: indices is f32; indices must be integers; convert with to(i64)",
                       DTypeError);
  CHECK_THROWS_WITH_AS(
      one_hot(zeros({0}, i64)),
      "one_hot: the number of classes cannot be inferred from empty indices; pass it", ValueError);
}

TEST_CASE("random tensors have the shape and type asked for") {
  CHECK(rand({512, 2}).shape() == Shape{512, 2});
  CHECK(randn({3, 4}, f64).dtype() == f64);
  CHECK(randn_like(zeros({3}, bf16)).dtype() == bf16);
  CHECK(rand_like(zeros({3, 1})).shape() == Shape{3, 1});
  CHECK(randint(10, {2, 2}).dtype() == i64);
}

}  // namespace
}  // namespace tapehead
