// Values are compared with PyTorch's in tests/parity/products.cpp.
#include "tapehead/autograd/ops/products.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <functional>

#include "tapehead/tests/expect.h"
#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {
namespace {

Sample product_of(std::vector<Operand> operands, std::function<Tensor(const Tensors&)> call) {
  Sample s;
  s.operands = std::move(operands);
  s.call = [call = std::move(call)](const Tensors& x) { return Tensors{call(x)}; };
  s.reduces = 8;
  s.roundings = 6;
  return s;
}
Sample product_of(std::vector<Operand> operands, Tensor (*f)(const Tensor&, const Tensor&)) {
  return product_of(std::move(operands), [f](const Tensors& x) { return f(x[0], x[1]); });
}

using AddFunction = Tensor (*)(const Tensor&, const Tensor&, const Tensor&, const Number&,
                               const Number&);
std::vector<Sample> sums(AddFunction f, const Shape& full, const Shape& broadcast, const Shape& a,
                         const Shape& b) {
  std::vector<Sample> out;
  const auto add = [&](const Shape& input, double beta, double alpha) {
    out.push_back(product_of({input, a, b}, [f, beta, alpha](const Tensors& x) {
      return f(x[0], x[1], x[2], beta, alpha);
    }));
  };
  add(full, 1, 1), add(broadcast, 1, -0.5), add(full, 0.5, 1), add(full, 0, 2);
  return out;
}

Tensor ones_of(const Shape& shape) { return ones(shape); }

}  // namespace

TAPEHEAD_OP_TEST(mm)
    .sample(product_of({Operand({3, 4}), Operand({4, 2})}, mm))
    .bad<ShapeError>(
        [] {
          mm(ones_of({2, 3, 4}), ones_of({4, 5}));
        },
        "mm: a is [2, 3, 4], b is [4, 5]; expected [N, M] and [M, P]; use matmul for "
        "other ranks")
    .bad<ShapeError>(
        [] {
          mm(ones_of({3, 4}), ones_of({5, 2}));
        },
        "mm: inner sizes differ: a is [3, 4], b is [5, 2]; a.size(1) must equal "
        "b.size(0)");
TAPEHEAD_OP_TEST(bmm)
    .sample(product_of({Operand({2, 3, 4}), Operand({2, 4, 2})}, bmm))
    .bad<ShapeError>(
        [] {
          bmm(ones_of({2, 3, 4}), ones_of({1, 4, 5}));
        },
        "bmm: a is [2, 3, 4], b is [1, 4, 5]; a.size(0) must equal b.size(0); use "
        "matmul to broadcast");
TAPEHEAD_OP_TEST(mv)
    .sample(product_of({Operand({3, 4}), Operand({4})}, mv))
    .bad<ShapeError>(
        [] {
          mv(ones_of({3, 4}), ones_of({3}));
        },
        "mv: inner sizes differ: a is [3, 4], b is [3]; a.size(1) must equal "
        "b.size(0)");
TAPEHEAD_OP_TEST(dot)
    .sample(product_of({Operand({7}), Operand({7})}, dot))
    .bad<ShapeError>([] { dot(ones_of({3}), ones_of({4})); },
                     "dot: inner sizes differ: a is [3], b is [4]; a.size(0) must equal b.size(0)");
TAPEHEAD_OP_TEST(vdot).sample(product_of({Operand({7}), Operand({7})}, vdot));
TAPEHEAD_OP_TEST(inner)
    .sample(product_of({Operand({2, 3}), Operand({4, 3})}, inner))
    .sample(product_of({Operand({2, 3}), Operand(Shape{})}, inner))
    .bad<ShapeError>(
        [] {
          inner(ones_of({2, 3}), ones_of({3, 2}));
        },
        "inner: inner sizes differ: a is [2, 3], b is [3, 2]; a.size(-1) must equal "
        "b.size(-1)");
TAPEHEAD_OP_TEST(outer).sample(product_of({Operand({3}), Operand({4})}, outer));
TAPEHEAD_OP_TEST(ger)
    .sample(product_of({Operand({3}), Operand({4})}, ger))
    .bad<ShapeError>(
        [] {
          ger(ones_of({3}), ones_of({4, 1}));
        },
        "ger: a is [3], b is [4, 1]; expected [N] and [M]; use matmul for other "
        "ranks");
TAPEHEAD_OP_TEST(tensordot)
    .sample(product_of({Operand({2, 3, 4}), Operand({4, 3, 2})},
                       [](const Tensors& x) {
                         return tensordot(x[0], x[1], {2, 0}, {0, -1});
                       }))
    .sample(product_of({Operand({2, 3}), Operand({3, 2})},
                       [](const Tensors& x) { return tensordot(x[0], x[1], 0); }))
    .sample(product_of({Operand({2, 1}), Operand({3, 4})},
                       [](const Tensors& x) { return tensordot(x[0], x[1], 1); }))
    .bad<ValueError>(
        [] {
          tensordot(ones_of({2, 3}), ones_of({3}), 2);
        },
        "tensordot: axes = 2 is outside 0..1, for a [2, 3] and b [3]")
    .bad<ShapeError>(
        [] {
          tensordot(ones_of({2, 3}), ones_of({4, 5}), 1);
        },
        "tensordot: a is [2, 3], b is [4, 5]; a.size(1) must equal b.size(0)")
    .bad<ShapeError>(
        [] {
          tensordot(ones_of({2, 2}), ones_of({2, 2}), {0, 0}, {0, 1});
        },
        "tensordot: axis 0 is repeated in a_axes = [0, 0]")
    .bad<ValueError>(
        [] {
          tensordot(ones_of({2, 2}), ones_of({2, 2}), {0}, {0, 1});
        },
        "tensordot: a_axes = [0] and b_axes = [0, 1] differ in number");

TAPEHEAD_OP_TEST(addmm)
    .samples(sums(addmm, {3, 2}, {2}, {3, 4}, {4, 2}))
    .bad<ShapeError>(
        [] {
          addmm(ones_of({3}), ones_of({3, 4}), ones_of({4, 2}));
        },
        "addmm: input [3] does not broadcast to the product of a [3, 4] and b [4, 2]")
    .bad<ShapeError>(
        [] {
          addmm(ones_of({3}), ones_of({3, 4}), ones_of({3, 4}));
        },
        "addmm: a is [3, 4], b is [3, 4]; expected [N, M] and [M, P]")
    .bad<DTypeError>(
        [] {
          const Tensor x = ones({2, 2}, i64);
          addmm(x, x, x, 1, 0.5);
        },
        "addmm: alpha = 0.5 is floating, but the operands are i64; pass an integer, or convert "
        "them with to(f32)");
TAPEHEAD_OP_TEST(addmv).samples(sums(addmv, {3}, {1}, {3, 4}, {4}));
TAPEHEAD_OP_TEST(addr).samples(sums(addr, {3, 4}, {3, 1}, {3}, {4}));
TAPEHEAD_OP_TEST(baddbmm).samples(sums(baddbmm, {2, 3, 2}, {3, 1}, {2, 3, 4}, {2, 4, 2}));
TAPEHEAD_OP_TEST(addbmm).samples(sums(addbmm, {3, 2}, {2}, {2, 3, 4}, {2, 4, 2}));

TAPEHEAD_OP_TEST(linalg_multi_dot)
    .sample(product_of({Operand({4}), Operand({4, 2}), Operand({2, 5}), Operand({5, 3})},
                       [](const Tensors& x) { return linalg_multi_dot(x); }))
    .sample(product_of({Operand({3, 4}), Operand({4, 2}), Operand({2})},
                       [](const Tensors& x) { return linalg_multi_dot(x); }))
    .bad<ValueError>(
        [] {
          linalg_multi_dot({ones_of({2, 2})});
        },
        "linalg_multi_dot: 1 tensors; pass at least two")
    .bad<ShapeError>(
        [] {
          linalg_multi_dot({ones_of({2, 3}), ones_of({2, 3})});
        },
        "linalg_multi_dot: tensors[0] is [2, 3], tensors[1] is [2, 3]; their inner "
        "sizes must be equal");
TAPEHEAD_OP_TEST(chain_matmul)
    .sample(product_of({Operand({3, 4}), Operand({4, 2}), Operand({2, 5})},
                       [](const Tensors& x) { return chain_matmul(x); }))
    .bad<ShapeError>(
        [] {
          chain_matmul({ones_of({2, 3}), ones_of({3})});
        },
        "chain_matmul: tensors[1] is [3]; expected a matrix");
TAPEHEAD_OP_TEST(kron)
    .sample(product_of({Operand({2, 3}), Operand({3, 2})}, kron))
    .sample(product_of({Operand({2}), Operand({2, 1, 3})}, kron))
    .bad<ShapeError>(
        [] {
          kron(ones_of({1, 1, 1, 1, 1}), ones_of({2}));
        },
        "kron: a is [1, 1, 1, 1, 1], b is [2]; at most 4 axes are supported");
TAPEHEAD_OP_TEST(cross)
    .sample(product_of({Operand({5, 3}), Operand({5, 3})},
                       [](const Tensors& x) { return cross(x[0], x[1]); }))
    .sample(product_of({Operand({2, 3, 4}), Operand({3, 1})},
                       [](const Tensors& x) { return cross(x[0], x[1], 1); }))
    .bad<ShapeError>(
        [] {
          cross(ones_of({3, 2}), ones_of({3, 2}));
        },
        "cross: a is [3, 2], b is [3, 2]; size(-1) must be 3");
TAPEHEAD_OP_TEST(bilinear)
    .sample(product_of({Operand({2, 2, 3}), Operand({2, 2, 4}), Operand({2, 3, 4}), Operand({2})},
                       [](const Tensors& x) { return bilinear(x[0], x[1], x[2], x[3]); }))
    .sample(product_of({Operand({3}), Operand({2}), Operand({4, 3, 2})},
                       [](const Tensors& x) { return bilinear(x[0], x[1], x[2]); }))
    .bad<ShapeError>(
        [] {
          bilinear(ones_of({2, 3}), ones_of({3, 3}), ones_of({4, 3, 3}));
        },
        "bilinear: x1 is [2, 3], x2 is [3, 3]; the axes before the last must be "
        "equal")
    .bad<ShapeError>(
        [] {
          bilinear(ones_of({2, 3}), ones_of({2, 3}), ones_of({4, 3, 3}), ones_of({3}));
        },
        "bilinear: bias is [3], weight is [4, 3, 3]; bias must be [4]");

TEST_CASE("errors about types of products name the function that was called") {
  const auto mat = [](DType dtype) { return ones({3, 3}, dtype); };
  const auto row = [](DType dtype) { return ones({3}, dtype); };
  const auto batch = [](DType dtype) { return ones({2, 3, 3}, dtype); };
  const struct {
    const char* op;
    std::function<void(DType)> call;
  } calls[] = {
      {"matmul", [&](DType t) { matmul(mat(t), mat(t)); }},
      {"mm", [&](DType t) { mm(mat(t), mat(t)); }},
      {"bmm", [&](DType t) { bmm(batch(t), batch(t)); }},
      {"mv", [&](DType t) { mv(mat(t), row(t)); }},
      {"dot", [&](DType t) { dot(row(t), row(t)); }},
      {"vdot", [&](DType t) { vdot(row(t), row(t)); }},
      {"inner", [&](DType t) { inner(mat(t), row(t)); }},
      {"tensordot", [&](DType t) { tensordot(mat(t), mat(t), 1); }},
      {"einsum",
       [&](DType t) {
         einsum("ij,jk", {mat(t), mat(t)});
       }},
      {"addmm", [&](DType t) { addmm(mat(t), mat(t), mat(t)); }},
      {"addmv", [&](DType t) { addmv(row(t), mat(t), row(t)); }},
      {"addr", [&](DType t) { addr(mat(t), row(t), row(t)); }},
      {"baddbmm", [&](DType t) { baddbmm(batch(t), batch(t), batch(t)); }},
      {"addbmm", [&](DType t) { addbmm(mat(t), batch(t), batch(t)); }},
      {"linalg_multi_dot",
       [&](DType t) {
         linalg_multi_dot({mat(t), mat(t), mat(t)});
       }},
      {"chain_matmul",
       [&](DType t) {
         chain_matmul({mat(t), mat(t)});
       }},
      {"bilinear",
       [&](DType t) {
         bilinear(mat(t), mat(t), ones({2, 3, 3}, t));
       }},
      {"linear", [&](DType t) { linear(mat(t), mat(t)); }},
  };
  for (const auto& [op, call] : calls)
    for (const DType dtype : {boolean, u8}) {
      CAPTURE(op);
      CHECK(testing::error_of<DTypeError>([&] { call(dtype); }) ==
            fmt::format("{}: {} is not supported; convert with to(f32)", op, name(dtype)));
    }
}

}  // namespace tapehead::op_tests
