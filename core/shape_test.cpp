// Sizes that overflow memory or 64 bits, including those of empty tensors.
#include "tapehead/core/shape.h"

#include <doctest/doctest.h>

#include <functional>

#include "tapehead/core/creation.h"
#include "tapehead/core/error.h"
#include "tapehead/tests/scratch.h"

namespace tapehead {
namespace {

using test::message_of;

constexpr int64_t kHuge = int64_t{1} << 62;

TEST_CASE("sizes whose product 64 bits cannot hold are refused, with zeros among them or not") {
  const std::string huge = " is too large to address";
  for (const Shape& shape :
       {Shape{kHuge, 4}, Shape{0, kHuge, kHuge}, Shape{kHuge, 0, kHuge}, Shape{kHuge, kHuge, 0}}) {
    CAPTURE(shape.str());
    CHECK(message_of<ShapeError>([&] { check_sizes(shape); }) == "shape: " + shape.str() + huge);
    CHECK_THROWS_AS(contiguous_strides(shape), ShapeError);
    CHECK_THROWS_AS(core::empty(shape), ShapeError);
    CHECK_THROWS_AS(zeros({}).expand(shape), ShapeError);
    CHECK_THROWS_AS(zeros({0}).reshape(shape), ShapeError);
    CHECK_THROWS_AS(from_vector(std::vector<float>{}, shape), ShapeError);
  }
  CHECK(message_of<ShapeError>([] {
          (void)Shape{kHuge, 4}.numel();
        }) == "shape: [4611686018427387904, 4]" + huge);
  CHECK(message_of<ShapeError>([] { core::empty({kHuge}, f64); }) ==
        "shape: [4611686018427387904] of f64" + huge);
  CHECK(message_of<ShapeError>([] {
          check_sizes({3, -2});
        }) == "shape: [3, -2] has a negative size");
}

TEST_CASE("tensors without elements may have any size beside the 0") {
  const Tensor x = zeros({0, kHuge}, f64);
  CHECK(x.numel() == 0);
  CHECK(x.is_contiguous());
  CHECK(x.strides() == Shape{kHuge, 1});
  CHECK(x.to_vector<double>().empty());
  CHECK(x.clone().shape() == x.shape());
  CHECK(x.transpose(0, 1).contiguous().shape() == Shape{kHuge, 0});
  CHECK(x.slice(1, kHuge / 2, kHuge).clone().shape() == Shape{0, kHuge / 2});
  CHECK(x.select(1, kHuge - 1).raw() == x.raw());
  CHECK(x.reshape({kHuge, 0, 1}).numel() == 0);
}

TEST_CASE("functions that make tensors refuse sizes that are negative or too large") {
  const std::pair<std::function<void()>, const char*> cases[] = {
      {[] { empty({-1}); }, "shape: [-1] has a negative size"},
      {[] {
         full({2, -3}, 1);
       },
       "shape: [2, -3] has a negative size"},
      {[] {
         rand({kHuge, 2});
       },
       "shape: [4611686018427387904, 2] is too large to address"},
      {[] { randperm(-1); }, "randperm: n is -1; it must not be negative"},
      {[] { arange(1e30); }, "arange: steps of 1 do not lead from 0 to 1e+30"},
      {[] { linspace(0, 1, -2); }, "linspace: -2 steps; it must not be negative"},
      {[] { linspace(0, 1, INT64_MAX); },
       "shape: [9223372036854775807] of f32 is too large to address"},
      {[] { eye(-1); }, "eye: -1 rows and -1 columns; neither may be negative"},
      {[] { eye(kHuge); },
       "shape: [4611686018427387904, 4611686018427387904] is too large to address"},
      {[] { tril_mask(2, -1); }, "tril_mask: 2 rows and -1 columns; neither may be negative"},
      {[] { triu_mask(-2, 1); }, "triu_mask: -2 rows and 1 columns; neither may be negative"},
      {[] { padding_mask(tensor({1}), -1); }, "shape: [1, -1] has a negative size"},
      {[] { one_hot(tensor({1}), -2); }, "one_hot: -2 classes; the number must not be negative"},
      {[] { one_hot(tensor({INT64_MAX - 1})); },
       "shape: [1, 9223372036854775807] of i64 is too large to address"},
  };
  for (const auto& [make, why] : cases) CHECK(message_of<Error>(make) == why);
}

TEST_CASE("an allocation that fails reports the requested size") {
  const std::string error = message_of<OutOfMemoryError>([] { core::empty({int64_t{1} << 58}); });
  CAPTURE(error);
  CHECK(error.starts_with("memory: 1152921504606847040 bytes cannot be allocated while "));
  CHECK(error.ends_with(
      " are in use; make sizes or batches smaller, or raise the limit of the process (ulimit -v)"));
  CHECK(message_of<ValueError>([] { Storage::create(-1); }) ==
        "Storage: -1 bytes; the number must not be negative");
}

}  // namespace
}  // namespace tapehead
