#include "tapehead/core/from_blob.h"

#include <doctest/doctest.h>

#include <utility>
#include <vector>

#include "tapehead/core/allocator.h"
#include "tapehead/core/creation.h"
#include "tapehead/tests/expect.h"

namespace tapehead {
namespace {

using testing::Doubles;
using testing::error_of;
using testing::values;

TEST_CASE("from_blob: reads and writes the memory of the caller, and releases it once") {
  std::vector<float> samples{1, 2, 3, 4, 5, 6};
  int released = 0;
  {
    const Tensor x = from_blob(samples.data(), {2, 3}, [&](void* p) {
      CHECK(p == samples.data());
      ++released;
    });
    CHECK(x.dtype() == f32);
    CHECK(x.raw() == reinterpret_cast<char*>(samples.data()));
    const Tensor row = x[1];
    row.add_(10);
    x[0][1].fill_(-1);
    CHECK(samples == std::vector<float>{1, -1, 3, 14, 15, 16});
    samples[0] = 7;
    CHECK(x[0][0].item() == 7);
    const Tensor detached = x.detach();
  }
  CHECK(released == 1);
  CHECK(samples[3] == 14);  // still the caller's
  {
    const Tensor view = from_blob(samples.data(), {6}, [&](void*) { ++released; }).slice(0, 1, 3);
    CHECK(released == 1);
    CHECK(values(view) == Doubles{-1, 3});
  }
  CHECK(released == 2);
}

TEST_CASE("from_blob: strides, dtypes, spans") {
  std::vector<int32_t> numbers{0, 1, 2, 3, 4, 5};
  CHECK(values(from_blob(numbers.data(), {3, 2}, {1, 3})) == Doubles{0, 3, 1, 4, 2, 5});
  CHECK(values(from_blob(numbers.data(), {2, 2}, {0, 1})) == Doubles{0, 1, 0, 1});
  CHECK(values(from_blob(static_cast<void*>(numbers.data()), {2}, i32)) == Doubles{0, 1});
  CHECK(values(from_blob(static_cast<void*>(numbers.data()), {2}, {5}, i32)) == Doubles{0, 5});
  CHECK(values(from_blob(std::span(numbers).subspan(4))) == Doubles{4, 5});
  CHECK(from_blob(std::span(numbers), {2, 3}).shape() == Shape{2, 3});
  CHECK(from_blob(static_cast<float*>(nullptr), {0, 3}).numel() == 0);
  bool flags[] = {true, false};
  CHECK(from_blob(flags, {2}).dtype() == boolean);
}

TEST_CASE("from_blob: elements need only their natural alignment") {
  alignas(64) float memory[40];
  for (int i = 0; i < 40; ++i) memory[i] = static_cast<float>(i);
  for (int offset = 0; offset < 4; ++offset) {
    const Tensor x = from_blob(memory + offset, {33}), copy = x.clone();
    CHECK(values(x) == values(copy));
    x.mul_(1).add_(copy).sub_(copy);
    CHECK(values(x) == values(copy));
  }
}

TEST_CASE("from_blob: const memory is read-only") {
  const std::vector<double> table{1, 2, 3};
  for (const Tensor& x : {from_blob(table.data(), {3}), from_blob(std::span(table))}) {
    CHECK(values(x) == Doubles{1, 2, 3});
    CHECK(error_of<ValueError>([&] { x[0].fill_(1); }) ==
          "fill_: [] f64 is over read-only memory; clone() it first");
    CHECK(error_of<ValueError>([&] { x.detach().add_(1); }) ==
          "add_: [3] f64 is over read-only memory; clone() it first");
    x.clone().add_(1);
  }
}

TEST_CASE("from_blob: errors") {
  std::vector<float> memory(8);
  float* const p = memory.data();
  CHECK(error_of<ValueError>([] { from_blob(static_cast<float*>(nullptr), {2}); }) ==
        "from_blob: the pointer is null; [2] has 2 elements");
  CHECK(error_of<ValueError>(
            [&] { from_blob(static_cast<void*>(reinterpret_cast<char*>(p) + 2), {1}, f32); }) ==
        "from_blob: the pointer is 2 bytes after a multiple of 4; elements of f32 must be aligned "
        "to their size");
  for (const Shape& strides : {Shape{-1}, Shape{1, 1}, Shape{INT64_MAX}})
    CHECK(error_of<ShapeError>([&] { from_blob(p, {3}, strides); }) ==
          "from_blob: strides " + strides.str() +
              " for sizes [3]; pass one for each size, none negative, that reach addressable "
              "memory");
  CHECK(error_of<ShapeError>([&] { from_blob(p, {-1}); }).find("-1") != std::string::npos);
  CHECK(error_of<ShapeError>([&] {
          from_blob(std::span(memory), {3, 3});
        }) == "from_blob: shape [3, 3] has 9 elements, the span 8");
  int released = 0;
  CHECK_THROWS(from_blob(p, {3}, {-1}, [&](void*) { ++released; }));
  CHECK(released == 0);
}

TEST_CASE("from_vector: a vector that moves in is the memory of the tensor") {
  std::vector<double> numbers{1, 2, 3, 4};
  const double* const memory = numbers.data();
  const Tensor x = from_vector(std::move(numbers), {2, 2});
  CHECK(x.data<double>() == memory);
  x[1].fill_(9);
  CHECK(values(x) == Doubles{1, 2, 9, 9});
  CHECK(values(from_vector(std::vector<int64_t>{5, 6})) == Doubles{5, 6});
  CHECK(from_vector(std::vector<bool>{true, false}).dtype() == boolean);
  CHECK(error_of<ShapeError>([] { from_vector(std::vector<float>(3), {2}); }) ==
        "from_vector: shape [2] has 2 elements, the vector 3");
  const std::vector<float> kept{1, 2};
  CHECK(from_vector(kept).data<float>() != kept.data());

  // The allocator neither counts it nor keeps it.
  std::vector<float> large(1 << 20);
  const int64_t before = memory_stats().live_bytes;
  const Tensor y = from_vector(std::move(large));
  CHECK(memory_stats().live_bytes - before < 4096);
}

TEST_CASE("span: the elements of a contiguous tensor") {
  const Tensor x = from_vector(std::vector<float>{1, 2, 3, 4, 5, 6}, {2, 3});
  const std::span<float> all = x.span<float>();
  all[4] = 50;
  CHECK(x[1][1].item() == 50);
  const std::span<const float> row = x[1].span<const float>();
  CHECK(std::vector<float>(row.begin(), row.end()) == std::vector<float>{4, 50, 6});
  CHECK(error_of<ShapeError>([&] { x.transpose(0, 1).span<float>(); }) ==
        "span: [3, 2] f32 with strides [1, 3] is not contiguous; call contiguous()");
  CHECK(error_of<DTypeError>([&] { x.span<double>(); }) ==
        "data: the tensor is f32, not f64; use data<T>() with its element type or convert with "
        "to(f64)");
}

}  // namespace
}  // namespace tapehead
