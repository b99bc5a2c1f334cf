#include "tapehead/autograd/ops/axes.h"

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/tests/op_test.h"

// Values are compared with PyTorch's in tests/parity/indexing.cpp, those of unsqueeze() here.
namespace tapehead::op_tests {
namespace {

// A sample of one operand whose result has its elements in the same order.
template <class F>
Sample reshapes(const Shape& from, const Shape& to, F f) {
  return {{Operand(from)}, [f](const Tensors& in) { return Tensors{f(in[0])}; }, reshaped(to)};
}
Arrays transposed(Arrays& in) {
  Array out({in[0].shape[1], in[0].shape[0]});
  for (int64_t i = 0; i < out.shape[0]; ++i)
    for (int64_t j = 0; j < out.shape[1]; ++j) out(i, j) = in[0](j, i);
  return {out};
}
Sample transposes(Tensor (*f)(const Tensor&)) {
  return {{Operand({2, 3})}, [f](const Tensors& in) { return Tensors{f(in[0])}; }, transposed};
}

}  // namespace

TAPEHEAD_OP_TEST(unflatten)
    .sample(reshapes({2, 6}, {2, 3, 2},
                     [](const Tensor& x) {
                       return unflatten(x, -1, {3, -1});
                     }))
    .bad<ShapeError>(
        [] {
          unflatten(zeros({2, 6}), 1, {4, -1});
        },
        "unflatten: sizes [4, -1] do not multiply to size(1) of [2, 6] f32; at most "
        "one may be -1")
    .bad<ShapeError>(
        [] {
          unflatten(zeros({6}), 0, {-1, -1});
        },
        "unflatten: sizes [-1, -1] do not multiply to size(0) of [6] f32; at most one "
        "may be -1")
    .bad<ShapeError>([] { unflatten(zeros({}), 0, {1}); }, "unflatten: a 0-d tensor has no axes");
TAPEHEAD_OP_TEST(narrow)
    .sample({{Operand({2, 5})},
             [](const Tensors& in) { return Tensors{narrow(in[0], 1, -3, 2)}; },
             [](Arrays& in) { return Arrays{columns(in[0], 2, 2)}; }})
    .bad<IndexError>(
        [] {
          narrow(zeros({2, 5}), 1, 4, 2);
        },
        "narrow: start 4 and length 2 do not fit into size(1) of [2, 5] f32")
    .bad<IndexError>([] { narrow(zeros({5}), 0, -6, 1); },
                     "narrow: start -6 and length 1 do not fit into size(0) of [5] f32")
    .bad<ShapeError>([] { narrow(zeros({}), 0, 0, 1); }, "narrow: a 0-d tensor has no axes");
TAPEHEAD_OP_TEST(swapaxes).sample(transposes([](const Tensor& x) { return swapaxes(x, 0, 1); }));
TAPEHEAD_OP_TEST(swapdims).sample(transposes([](const Tensor& x) { return swapdims(x, 0, -1); }));
TAPEHEAD_OP_TEST(moveaxis)
    .sample(transposes([](const Tensor& x) { return moveaxis(x, 0, 1); }))
    .sample(transposes([](const Tensor& x) {
      return moveaxis(x, {0, 1}, {1, 0});
    }))
    .bad<ShapeError>(
        [] {
          moveaxis(zeros({2, 3}), Shape{0, 1}, Shape{0});
        },
        "movedim: 2 axes are moved to 1 positions; pass as many")
    .bad<ValueError>(
        [] {
          moveaxis(zeros({2, 3}), {0, 0}, {0, 1});
        },
        "movedim: axis 0 is named twice in [0, 0]; name each axis once");
TAPEHEAD_OP_TEST(atleast_1d).sample(reshapes({}, {1}, atleast_1d));
TAPEHEAD_OP_TEST(atleast_2d).sample(reshapes({3}, {1, 3}, atleast_2d));
TAPEHEAD_OP_TEST(atleast_3d)
    .sample(reshapes({3}, {1, 3, 1}, atleast_3d))
    .sample(reshapes({2, 3}, {2, 3, 1}, atleast_3d));
TAPEHEAD_OP_TEST(expand_as)
    .sample({{Operand({3, 1}), Operand({2, 3, 2})},
             [](const Tensors& in) { return Tensors{expand_as(in[0], in[1]) + in[1]}; },
             [](Arrays& in) {
               return Arrays{map(in, [](const double* x) { return x[0] + x[1]; })};
             }})
    .bad<ShapeError>([] { expand_as(zeros({3}), zeros({2})); },
                     "expand: shape [3] does not broadcast to [2]; only sizes of 1 are repeated");
TAPEHEAD_OP_TEST(view_as).sample(reshapes({2, 3}, {3, 2}, [](const Tensor& x) {
  return view_as(x.contiguous(), ones({3, 2}));
}));
TAPEHEAD_OP_TEST(reshape_as).sample(reshapes({2, 3}, {3, 2}, [](const Tensor& x) {
  return reshape_as(x, ones({3, 2}));
}));
TAPEHEAD_OP_TEST(ravel).sample(reshapes({2, 3}, {6}, ravel));
TAPEHEAD_OP_TEST(broadcast_tensors)
    .sample({{Operand({3, 1}), Operand({2})},
             [](const Tensors& in) { return broadcast_tensors(in); },
             [](Arrays& in) {
               return Arrays{broadcast(in[0], {3, 2}), broadcast(in[1], {3, 2})};
             }})
    .bad<ShapeError>(
        [] {
          broadcast_tensors({zeros({3}), zeros({2})});
        },
        "broadcast_tensors: shapes [3] and [2] do not broadcast: size(-1) is 3 in one "
        "and 2 in the other; sizes must be equal or 1");

}  // namespace tapehead::op_tests
