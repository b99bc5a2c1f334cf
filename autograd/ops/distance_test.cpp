// Values are compared with PyTorch's in tests/parity/distance.cpp.
#include "tapehead/autograd/ops/distance.h"

#include <cmath>

#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {
namespace {

constexpr double kInfinity = INFINITY;

Sample distance_of(std::vector<Operand> operands, std::function<Tensor(const Tensors&)> call) {
  Sample s;
  s.operands = std::move(operands);
  s.call = [call = std::move(call)](const Tensors& x) { return Tensors{call(x)}; };
  s.reduces = 16;
  s.roundings = 8;
  return s;
}

// Operands differ by at least 1 in each element, because derivatives jump where they are equal.
template <class F>
std::vector<Sample> of_orders(const Shape& a, const Shape& b, F f) {
  std::vector<Sample> out;
  for (const double p : {0.0, 0.5, 1.0, 1.5, 2.0, 3.0, kInfinity}) {
    out.push_back(distance_of({Operand(a, -2, -1), Operand(b, 0, 1)},
                              [p, f](const Tensors& x) { return f(x[0], x[1], p); }));
    out.back().may_alias = false;
    out.back().may_repeat = !std::isinf(p);
  }
  return out;
}

std::vector<Sample> pairs() {
  std::vector<Sample> out;
  for (const double p : {0.0, 0.5, 1.0, 1.5, 2.0, 3.0, kInfinity}) {
    out.push_back(distance_of({given(Shape{4, 2}, {0, 0.1, 1, -1.5, -1, 2, 2.5, 0.7})},
                              [p](const Tensors& x) { return pdist(x[0], p); }));
    out.back().may_repeat = false;
  }
  return out;
}

std::vector<Sample> norms() {
  std::vector<Sample> out;
  for (const double p : {-kInfinity, -1.5, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0, kInfinity}) {
    out.push_back(distance_of({Operand({3, 2, 2}, 0.5, 3)}, [p](const Tensors& x) {
      return linalg_vector_norm(x[0], p, {0, -1}, p > 1);
    }));
    out.back().may_repeat = !std::isinf(p);
  }
  return out;
}

}  // namespace

TAPEHEAD_OP_TEST(linalg_vector_norm)
    .samples(norms())
    .corners([](const Tensor& x) { return linalg_vector_norm(x, 3, 0); }, {0})
    .corners([](const Tensor& x) { return linalg_vector_norm(x, 0.5, 0); }, {0})
    .bad<DTypeError>([] { linalg_vector_norm(ones({2}, i64)); },
                     "linalg_vector_norm: expected a floating tensor, got [2] i64; convert with "
                     "to(f32)")
    .bad<ValueError>([] { linalg_vector_norm(ones({2}), NAN); },
                     "linalg_vector_norm: the order is NaN");
TAPEHEAD_OP_TEST(normalize)
    .sample(distance_of({Operand({3, 4}, -2, 2)}, [](const Tensors& x) { return normalize(x[0]); }))
    .sample(distance_of({Operand({3, 4}, 0.5, 2)},
                        [](const Tensors& x) { return normalize(x[0], 1.5, 0); }))
    .bad<DTypeError>(
        [] {
          normalize(ones({2, 2}, i64));
        },
        "normalize: expected a floating tensor, got [2, 2] i64; convert with to(f32)");
TAPEHEAD_OP_TEST(pairwise_distance)
    .samples(of_orders({2, 4}, {4},
                       [](const Tensor& a, const Tensor& b, double p) {
                         return pairwise_distance(a, b, p, 1e-6, p > 1);
                       }))
    .bad<DTypeError>([] { pairwise_distance(ones({2}, i64), ones({2}, i64)); },
                     "pairwise_distance: expected floating tensors, got [2] i64 and [2] i64; "
                     "convert with to(f32)");
TAPEHEAD_OP_TEST(cdist)
    .samples(of_orders({2, 3, 4}, {2, 4}, cdist))
    .samples(of_orders({2, 2}, {19, 2}, cdist))  // enough rows to be computed side by side
    .sample(distance_of({Operand({2, 17}, -2, -1), Operand({27, 17}, 0, 1)},
                        [](const Tensors& x) { return cdist(x[0], x[1]); }))
    .bad<ShapeError>(
        [] {
          cdist(ones({2, 3}), ones({2, 4}));
        },
        "cdist: x1 is [2, 3], x2 is [2, 4]; expected [..., P, M] and [..., R, M]")
    .bad<ValueError>(
        [] {
          cdist(ones({2, 3}), ones({2, 3}), -1);
        },
        "cdist: p = -1 is negative")
    .bad<DTypeError>(
        [] {
          cdist(ones({2, 3}), ones({2, 3}, i64)).sum();
          cdist(ones({2, 3}, i64), ones({2, 3}, i64));
        },
        "cdist: expected a floating tensor, got [2, 3] i64; convert with to(f32)");
TAPEHEAD_OP_TEST(pdist).samples(pairs()).bad<ShapeError>([] { pdist(ones({3})); },
                                                         "pdist: [3] f32 is not a matrix [N, M]");

}  // namespace tapehead::op_tests
