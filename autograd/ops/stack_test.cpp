#include "tapehead/autograd/ops/stack.h"

#include <doctest/doctest.h>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/tests/op_test.h"

// Values are compared with PyTorch's in tests/parity/indexing.cpp.
namespace tapehead::op_tests {
namespace {

template <Tensor (*f)(const std::vector<Tensor>&)>
std::vector<Sample> joins() {
  std::vector<Sample> out;
  for (const Shape& shape : {Shape{}, Shape{2}, Shape{2, 3}})
    out.push_back({.operands = {Operand(shape), Operand(shape)},
                   .call = [](const Tensors& in) { return Tensors{f(in)}; },
                   .reference = nullptr});
  return out;
}
Sample splits(Tensors (*call)(const Tensors&)) {
  return {.operands = {Operand({4, 4, 2})}, .call = call, .reference = nullptr};
}
std::string empty_list(const char* op) {
  return std::string(op) + ": the list of tensors is empty; pass at least one";
}

}  // namespace

TAPEHEAD_OP_TEST(hstack)
    .samples(joins<hstack>())
    .bad<ValueError>([] { hstack({}); }, empty_list("hstack"));
TAPEHEAD_OP_TEST(vstack)
    .samples(joins<vstack>())
    .bad<ValueError>([] { vstack({}); }, empty_list("vstack"));
TAPEHEAD_OP_TEST(row_stack).samples(joins<row_stack>());
TAPEHEAD_OP_TEST(dstack).samples(joins<dstack>());
TAPEHEAD_OP_TEST(column_stack).samples(joins<column_stack>());

TAPEHEAD_OP_TEST(tensor_split)
    .sample(splits([](const Tensors& in) { return tensor_split(in[0], 3); }))
    .sample(splits([](const Tensors& in) {
      return tensor_split(in[0], {1, -1, 9}, 1);
    }))
    .bad<ValueError>([] { tensor_split(zeros({3}), 0); },
                     "tensor_split: 0 sections; there must be at least 1")
    .bad<ShapeError>([] { tensor_split(zeros({}), 1); }, "tensor_split: a 0-d tensor has no axes");
TAPEHEAD_OP_TEST(hsplit)
    .sample(splits([](const Tensors& in) { return hsplit(in[0], 2); }))
    .sample(splits([](const Tensors& in) {
      return hsplit(in[0], {1, 2});
    }))
    .bad<ShapeError>(
        [] {
          hsplit(zeros({2, 3}), 2);
        },
        "hsplit: size(1) of [2, 3] f32 is not a multiple of 2 sections")
    .bad<ShapeError>([] { hsplit(zeros({}), 1); }, "hsplit: [] f32 needs at least 1 axes");
TAPEHEAD_OP_TEST(vsplit)
    .sample(splits([](const Tensors& in) { return vsplit(in[0], 2); }))
    .sample(splits([](const Tensors& in) {
      return vsplit(in[0], {1, 3});
    }))
    .bad<ShapeError>(
        [] {
          vsplit(zeros({3, 2}), 2);
        },
        "vsplit: size(0) of [3, 2] f32 is not a multiple of 2 sections");
TAPEHEAD_OP_TEST(dsplit)
    .sample(splits([](const Tensors& in) { return dsplit(in[0], 2); }))
    .sample(splits([](const Tensors& in) {
      return dsplit(in[0], {1, 1});
    }))
    .bad<ShapeError>(
        [] {
          dsplit(zeros({2, 3}), 1);
        },
        "dsplit: [2, 3] f32 needs at least 3 axes");

TEST_CASE("a list of one number is a list of positions or sizes, not a number of parts") {
  const Tensor x = arange(24).reshape({4, 3, 2});
  const auto shapes = [](const std::vector<Tensor>& parts) {
    std::vector<Shape> out;
    for (const Tensor& part : parts) out.push_back(part.shape());
    return out;
  };
  using Shapes = std::vector<Shape>;
  CHECK(shapes(tensor_split(x, {1})) == Shapes{{1, 3, 2}, {3, 3, 2}});
  CHECK(shapes(x.tensor_split({2}, 1)) == Shapes{{4, 2, 2}, {4, 1, 2}});
  CHECK(shapes(vsplit(x, {1})) == Shapes{{1, 3, 2}, {3, 3, 2}});
  CHECK(shapes(hsplit(x, {1})) == Shapes{{4, 1, 2}, {4, 2, 2}});
  CHECK(shapes(x.dsplit({1})) == Shapes{{4, 3, 1}, {4, 3, 1}});
  CHECK(shapes(vsplit(x, {})) == Shapes{{4, 3, 2}});
  CHECK(shapes(split(x, {4})) == Shapes{{4, 3, 2}});
  CHECK_THROWS_AS(x.split({2}), ShapeError);
}

}  // namespace tapehead::op_tests
