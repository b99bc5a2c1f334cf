// Rows of linalg.h. Values are compared with PyTorch's in tests/parity/linalg.cpp, and properties
// of the factors are tested in factorizations_test.cpp.
#include "tapehead/autograd/ops/linalg.h"

#include <cmath>

#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {
namespace {

Tensor matrix_transpose(const Tensor& x) { return x.transpose(-1, -2); }

// A sample of a function of matrices with elements in ±0.5, to which 3, 6, 9, … are added along the
// diagonal (of the rows in reverse order, if `flipped`), so that they are far from singular and
// from equal eigenvalues. The functions do not take bf16 and f16, which are converted.
using Function = std::function<Tensors(const Tensors&)>;
Sample of(std::vector<Operand> operands, Function f, bool flipped = false) {
  for (Operand& o : operands) o.from = -0.5, o.to = 0.5;
  Sample s;
  s.operands = std::move(operands);
  s.call = [f = std::move(f), flipped](const Tensors& given) {
    const DType dtype = given[0].dtype();
    Tensors x;
    for (const Tensor& t : given) {
      x.push_back(is_reduced_floating(t.dtype()) ? t.to(f32) : t);
      if (t.dim() < 2) continue;
      const int64_t M = t.size(-2), N = t.size(-1);
      const Tensor base =
          eye(M, N, x.back().dtype()) * arange(3.0, 3.0 * N + 1, 3.0, x.back().dtype());
      x.back() = x.back() + (flipped ? flip(base, 0) : base);
    }
    Tensors out = f(x);
    for (Tensor& t : out)
      if (is_floating(t.dtype())) t = t.to(dtype);
    return out;
  };
  s.reduces = 64;
  s.roundings = 4;
  return s;
}
Sample of(std::vector<Operand> operands, Tensor (*f)(const Tensor&)) {
  return of(std::move(operands), [f](const Tensors& x) { return Tensors{f(x[0])}; });
}

Tensor symmetric(const Tensor& x) { return x + matrix_transpose(x); }
Tensor spd(const Tensor& x) { return matmul(x, matrix_transpose(x)) + eye(x.size(-1), x.dtype()); }
// A triangular matrix with a diagonal of at least 1.
Tensor lower(const Tensor& x) { return tril(x); }

const Tensor kSingular = tensor({{{1.0, 2.0}, {3.0, 4.0}}, {{1.0, 2.0}, {2.0, 4.0}}});

template <class F>
auto not_finite(F f) {
  return [f] { f(full({2, 2}, NAN)); };
}

}  // namespace

TAPEHEAD_OP_TEST(linalg_cholesky)
    .sample(of({Operand({2, 3, 3})}, [](const Tensor& x) { return linalg_cholesky(spd(x)); }))
    .sample(of({Operand({3, 3})}, [](const Tensor& x) { return linalg_cholesky(spd(x), true); }))
    .bad<ValueError>([] { linalg_cholesky(kSingular); },
                     "linalg_cholesky: matrix 0 of the batch is not positive-definite: its leading "
                     "minor of order 2 is not positive")
    .bad<ShapeError>(
        [] {
          linalg_cholesky(ones({2, 3}));
        },
        "linalg_cholesky: [2, 3] f32 is not a batch of square matrices")
    .bad<ShapeError>([] { linalg_cholesky(ones({2})); },
                     "linalg_cholesky: [2] f32 is not a batch of matrices")
    .bad<DTypeError>(
        [] {
          linalg_cholesky(ones({2, 2}, bf16));
        },
        "linalg_cholesky: expected f32 or f64, got [2, 2] bf16; convert with to(f32)");
TAPEHEAD_OP_TEST(cholesky_solve)
    .sample(of({Operand({3, 2}), Operand({2, 3, 3})},
               [](const Tensors& x) { return Tensors{cholesky_solve(x[0], lower(x[1]))}; }))
    .sample(of({Operand({3, 2}), Operand({3, 3})}, [](const Tensors& x) {
      return Tensors{cholesky_solve(x[0], matrix_transpose(lower(x[1])), true)};
    }));
TAPEHEAD_OP_TEST(cholesky_inverse).sample(of({Operand({3, 3})}, [](const Tensor& x) {
  return cholesky_inverse(lower(x));
}));

TAPEHEAD_OP_TEST(linalg_qr)
    .samples([] {
      std::vector<Sample> out;
      for (const Shape& shape : {Shape{3, 3}, {2, 4, 3}, {2, 3, 4}})
        out.push_back(of({shape}, [](const Tensors& x) {
          const auto [q, r] = linalg_qr(x[0]);
          return Tensors{q, r};
        }));
      return out;
    }())
    .sample(of({Operand({2, 3})},
               [](const Tensors& x) {
                 const auto [q, r] = linalg_qr(x[0], "complete");
                 return Tensors{q, r};
               }))
    .bad<ValueError>(
        [] {
          linalg_qr(ones({2, 2}), "full");
        },
        "linalg_qr: mode = 'full'; expected 'reduced', 'complete' or 'r'")
    .bad<GraphError>(
        [] {
          sum(linalg_qr(ones({3, 2}).set_requires_grad(), "complete")[1]).backward();
        },
        "linalg_qr: mode = 'complete' has no gradient for more rows (3) than columns (2); use "
        "'reduced'")
    .bad<GraphError>(
        [] {
          sum(linalg_qr(ones({3, 2}).set_requires_grad(), "r")[1]).backward();
        },
        "linalg_qr: mode = 'r' has no gradient; use 'reduced'");

TAPEHEAD_OP_TEST(linalg_eigh)
    .sample(of({Operand({2, 3, 3})},
               [](const Tensors& x) {
                 const auto [w, q] = linalg_eigh(symmetric(x[0]));
                 return Tensors{w, square(q)};
               }))
    .sample(of({Operand({3, 3})},
               [](const Tensors& x) {
                 const auto [w, q] = linalg_eigh(symmetric(x[0]), "U");
                 return Tensors{matmul(q * square(w), matrix_transpose(q))};
               }))
    .bad<ValueError>(not_finite([](const Tensor& x) { linalg_eigh(x); }),
                     "linalg_eigh: the matrix contains NaN or infinity")
    .bad<ValueError>(
        [] {
          linalg_eigh(ones({2, 2}), "upper");
        },
        "linalg_eigh: uplo = 'upper'; expected 'L' or 'U'");
TAPEHEAD_OP_TEST(linalg_eigvalsh).sample(of({Operand({2, 3, 3})}, [](const Tensor& x) {
  return linalg_eigvalsh(symmetric(x));
}));

TAPEHEAD_OP_TEST(linalg_svd)
    .samples([] {
      std::vector<Sample> out;
      for (const Shape& shape : {Shape{3, 3}, {2, 4, 3}, {2, 3, 4}})
        out.push_back(of({shape}, [](const Tensors& x) {
          const auto [u, s, vh] = linalg_svd(x[0], false);
          return Tensors{square(u), s, square(vh), matmul(u * square(s).unsqueeze(-2), vh)};
        }));
      return out;
    }())
    .sample(of({Operand({4, 2})},
               [](const Tensors& x) {
                 const auto [u, s, vh] = linalg_svd(x[0]);
                 return Tensors{s, square(u.slice(-1, 0, 2))};
               }))
    .bad<ValueError>(not_finite([](const Tensor& x) { linalg_svd(x); }),
                     "linalg_svd: the matrix contains NaN or infinity");
TAPEHEAD_OP_TEST(linalg_svdvals).sample(of({Operand({2, 3, 4})}, linalg_svdvals));

TAPEHEAD_OP_TEST(linalg_lu).samples([] {
  std::vector<Sample> out;
  for (const Shape& shape : {Shape{2, 3, 3}, {4, 3}, {3, 4}})
    out.push_back(of(
        {shape},
        [](const Tensors& x) {
          const auto [p, l, u] = linalg_lu(x[0]);
          return Tensors{l, u};
        },
        true));
  return out;
}());
TAPEHEAD_OP_TEST(linalg_lu_factor)
    .sample(of(
        {Operand({2, 3, 3})}, [](const Tensors& x) { return Tensors{linalg_lu_factor(x[0])[0]}; },
        true));
TAPEHEAD_OP_TEST(linalg_lu_solve)
    .samples([] {
      std::vector<Sample> out;
      for (const bool left : {true, false})
        for (const bool adjoint : {true, false})
          out.push_back(of(
              {Operand({3, 3}), Operand({2, 3, 3})},
              [=](const Tensors& x) {
                const auto [lu, pivots] = linalg_lu_factor(x[0]);
                return Tensors{linalg_lu_solve(lu, pivots, x[1], left, adjoint)};
              },
              true));
      return out;
    }())
    .bad<ShapeError>(
        [] {
          linalg_lu_solve(ones({2, 2}), ones({3}, i32), ones({2, 2}));
        },
        "linalg_lu_solve: lu is [2, 2], pivots are [3]; expected [2]")
    .bad<DTypeError>(
        [] {
          linalg_lu_solve(ones({2, 2}), ones({2}), ones({2, 2}));
        },
        "linalg_lu_solve: expected i32 pivots, got [2] f32")
    .bad<IndexError>(
        [] {
          linalg_lu_solve(ones({2, 2}), full({2}, 3, i32), ones({2, 2}));
        },
        "linalg_lu_solve: pivots[0] = 3 is outside 1..2");

TAPEHEAD_OP_TEST(linalg_solve)
    .sample(of(
        {Operand({2, 3, 3}), Operand({3, 2})},
        [](const Tensors& x) { return Tensors{linalg_solve(x[0], x[1])}; }, true))
    .sample(of({Operand({3, 3}), Operand({2, 2, 3})},
               [](const Tensors& x) { return Tensors{linalg_solve(x[0], x[1], false)}; }))
    .sample(of({Operand({3, 3}), Operand({3})},
               [](const Tensors& x) { return Tensors{linalg_solve(x[0], x[1])}; }))
    .bad<ValueError>(
        [] {
          linalg_solve(kSingular, ones({2, 2}));
        },
        "linalg_solve: matrix 1 of the batch is singular: U[1, 1] is 0; use "
        "linalg_pinv or linalg_lstsq")
    .bad<ShapeError>(
        [] {
          linalg_solve(ones({2, 2}), ones({3, 2}));
        },
        "linalg_solve: a is [2, 2], b is [3, 2]; b.size(-2) must equal a.size(-1)")
    .bad<DTypeError>(
        [] {
          linalg_solve(ones({2, 2}), ones({2, 2}, f64));
        },
        "linalg_solve: a is f32, b is f64; convert one of them with to()")
    .bad<ShapeError>(
        [] {
          linalg_solve(ones({2, 2}), ones({2}), false);
        },
        "linalg_solve: b [2] is a batch of vectors; left = false needs matrices");
TAPEHEAD_OP_TEST(linalg_solve_triangular).samples([] {
  std::vector<Sample> out;
  for (const bool upper : {true, false})
    for (const bool left : {true, false})
      for (const bool unit : {true, false})
        out.push_back(of({Operand({2, 3, 3}), Operand({3, 3})}, [=](const Tensors& x) {
          return Tensors{linalg_solve_triangular(x[0], x[1], upper, left, unit)};
        }));
  return out;
}());
TAPEHEAD_OP_TEST(linalg_inv)
    .sample(of({Operand({2, 3, 3})}, linalg_inv))
    .bad<ValueError>([] { linalg_inv(kSingular[1]); },
                     "linalg_inv: the matrix is singular: U[1, 1] is 0; use linalg_pinv or "
                     "linalg_lstsq");
TAPEHEAD_OP_TEST(matrix_power)
    .sample(of({Operand({2, 3, 3})}, [](const Tensor& x) { return matrix_power(x * 0.25, 5); }))
    .sample(of({Operand({3, 3})}, [](const Tensor& x) { return matrix_power(x, -2); }));
TAPEHEAD_OP_TEST(linalg_matrix_exp)
    .sample(of({Operand({2, 3, 3})}, [](const Tensor& x) { return linalg_matrix_exp(x * 0.25); }))
    .sample(of({Operand({2, 2})}, [](const Tensor& x) { return linalg_matrix_exp(-x); }));

TAPEHEAD_OP_TEST(linalg_det).sample(of({Operand({2, 3, 3})}, linalg_det));
TAPEHEAD_OP_TEST(linalg_slogdet)
    .sample(of({Operand({2, 3, 3})},
               [](const Tensors& x) { return Tensors{linalg_slogdet(x[0])[1]}; }))
    .bad<ValueError>(
        [] {
          Tensor x = kSingular.clone();
          sum(linalg_slogdet(x.set_requires_grad())[1]).backward();
        },
        "linalg_slogdet: matrix 1 of the batch is singular: U[1, 1] is 0; use linalg_pinv or "
        "linalg_lstsq");
TAPEHEAD_OP_TEST(logdet).sample(of({Operand({2, 3, 3})}, logdet));

TAPEHEAD_OP_TEST(linalg_pinv)
    .samples([] {
      std::vector<Sample> out;
      for (const Shape& shape : {Shape{3, 3}, {2, 4, 3}, {3, 4}})
        out.push_back(of({shape}, [](const Tensors& x) { return Tensors{linalg_pinv(x[0])}; }));
      return out;
    }())
    .sample(of({Operand({3, 3})},
               [](const Tensor& x) { return linalg_pinv(symmetric(x), {.hermitian = true}); }))
    .sample(of({Operand({4, 2}), Operand({2, 3})}, [](const Tensors& x) {
      return Tensors{linalg_pinv(matmul(x[0], x[1]), {.rtol = 1e-4})};  // of rank 2
    }));
TAPEHEAD_OP_TEST(linalg_matrix_rank).sample([] {
  Sample s = of({Operand({4, 2}), Operand({2, 3})}, [](const Tensors& x) {
    return Tensors{linalg_matrix_rank(matmul(x[0], x[1]), {.atol = 1e-3}),
                   linalg_matrix_rank(symmetric(x[0].slice(0, 0, 2)), {.hermitian = true})};
  });
  s.differentiable = false;
  return s;
}());
TAPEHEAD_OP_TEST(linalg_lstsq)
    .samples([] {
      std::vector<Sample> out;
      for (const Shape& shape : {Shape{2, 4, 3}, {3, 4}})
        out.push_back(of({shape, Shape{shape[shape.rank() - 2], 2}},
                         [](const Tensors& x) { return Tensors{linalg_lstsq(x[0], x[1])[0]}; }));
      return out;
    }())
    .sample(of({Operand({4, 3}), Operand({4})},
               [](const Tensors& x) {
                 const auto [solution, residuals, ranks, values] = linalg_lstsq(x[0], x[1]);
                 return Tensors{solution, residuals};
               }))
    .bad<ShapeError>(
        [] {
          linalg_lstsq(ones({3, 2}), ones({2, 2}));
        },
        "linalg_lstsq: a is [3, 2], b is [2, 2]; a.size(-2) must equal b.size(-2)");

TAPEHEAD_OP_TEST(linalg_matrix_norm)
    .samples([] {
      std::vector<Sample> out;
      for (const char* ord : {"fro", "nuc"})
        out.push_back(of({Operand({2, 3, 4})}, [ord](const Tensors& x) {
          return Tensors{linalg_matrix_norm(x[0], ord, {-1, 1}, true)};
        }));
      const double infinity = INFINITY;
      for (const double ord : {1.0, -1.0, 2.0, -2.0, infinity, -infinity}) {
        out.push_back(of({Operand({2, 3, 3})}, [ord](const Tensors& x) {
          return Tensors{linalg_matrix_norm(x[0], ord, {-1, 1}, ord > 1)};
        }));
        out.back().has_derivative = std::abs(ord) == 2;
      }
      return out;
    }())
    .bad<ValueError>(
        [] {
          linalg_matrix_norm(ones({2, 2}), 3);
        },
        "linalg_matrix_norm: ord = 3; expected 'fro', 'nuc', 1, 2, infinity, -1, -2 "
        "or -infinity")
    .bad<ShapeError>(
        [] {
          linalg_matrix_norm(ones({2, 2}), 2, {0, -2});
        },
        "linalg_matrix_norm: axes 0 and -2 are the same");
TAPEHEAD_OP_TEST(linalg_norm)
    .sample(of({Operand({2, 3})},
               [](const Tensors& x) {
                 return Tensors{linalg_norm(x[0]), linalg_norm(x[0], 2), linalg_norm(x[0], "nuc"),
                                linalg_norm(x[0], 3, 1)};
               }))
    .bad<ShapeError>(
        [] {
          linalg_norm(ones({2, 2, 2}), 2);
        },
        "linalg_norm: [2, 2, 2] f32 is neither a vector nor a matrix; pass axes");

}  // namespace tapehead::op_tests
