#include "tapehead/core/detail/lapack.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "tapehead/core/creation.h"
#include "tapehead/core/detail/blas.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/lapack_calls.h"
#include "tapehead/core/detail/views.h"
#include "tapehead/core/error.h"
#include "tapehead/core/kernels/elementwise_kernels.h"
#include "tapehead/core/parallel.h"

namespace tapehead::core::lapack {
namespace {

constexpr int64_t kFactorWork = 1 << 16;  // multiply-adds for which a task is worth its start

int rows(const Tensor& x) { return static_cast<int>(x.size(-1)); }
int columns(const Tensor& x) { return static_cast<int>(x.size(-2)); }
// LAPACK's leading dimension, which must be positive for empty matrices, too.
int leading(const Tensor& x) { return std::max(rows(x), 1); }
int shorter(const Tensor& x) { return std::min(rows(x), columns(x)); }

Shape with(Shape shape, std::initializer_list<int64_t> sizes) {
  for (const int64_t size : sizes) shape.push_back(size);
  return shape;
}
template <class T>
T* nth(const Tensor& x, int64_t i, int axes = 2) {
  int64_t step = 1;
  for (int axis = x.dim() - axes; axis < x.dim(); ++axis) step *= x.shape()[axis];
  return x.data<T>() + i * step;
}

// Calls f<T>(i) for each matrix of a batch, on several threads.
template <class F>
void each_matrix(const Tensor& x, F f) {
  if (std::max(x.size(-1), x.size(-2)) > INT32_MAX)
    throw ShapeError(fmt::format("linalg: {} is larger than LAPACK supports", x.shape().str()));
  const int64_t work = std::max<int64_t>(x.size(-1) * x.size(-2) * shorter(x), 1);
  visit_wide(x.dtype(), [&]<class T>() {
    parallel_range(batch_of(x).numel(), std::max<int64_t>(1, kFactorWork / work),
                   [&](int64_t first, int64_t last) {
                     have_buffer();
                     for (int64_t i = first; i < last; ++i) f.template operator()<T>(i);
                   });
  });
}

void check_converged(const char* op, const Tensor& x, int64_t i, int info) {
  if (info != 0)
    throw ValueError(
        fmt::format("{}: the algorithm did not converge for {}", op, matrix_name(x, i)));
}

// Memory that LAPACK asks for: it returns the size in the first element of the work array.
template <class T>
struct Work {
  int size;
  std::unique_ptr<T[]> memory;
  explicit Work(double wanted)
      : size(static_cast<int>(std::max(wanted, 1.0))), memory(new T[static_cast<size_t>(size)]) {}
};
constexpr int kQuery = -1;

}  // namespace

Tensor columns_of(const Tensor& x) { return clone(x.transpose(-1, -2)); }

std::string matrix_name(const Tensor& x, int64_t i) {
  return x.dim() == 2 ? "the matrix" : fmt::format("matrix {} of the batch", i);
}

void check_finite(const char* op, const Tensor& x) {
  const Tensor finite = predicate(op, kernels::Predicate::isfinite, contiguous(x));
  const void* at = std::memchr(finite.raw(), 0, static_cast<size_t>(finite.numel()));
  if (!at) return;
  const int64_t i = (static_cast<const char*>(at) - finite.raw()) / (x.size(-1) * x.size(-2));
  throw ValueError(fmt::format("{}: {} contains NaN or infinity", op, matrix_name(x, i)));
}

void cholesky(const char* op, const Tensor& x, bool upper) {
  each_matrix(x, [&]<class T>(int64_t i) {
    const int n = rows(x), lda = leading(x);
    int info = 0;
    Calls<T>::kPotrf(upper ? "U" : "L", &n, nth<T>(x, i), &lda, &info, 1);
    if (info > 0)
      throw ValueError(
          fmt::format("{}: {} is not positive-definite: its leading minor of order {} "
                      "is not positive",
                      op, matrix_name(x, i), info));
  });
}

Lu lu(const Tensor& x) {
  const Shape batch = batch_of(x);
  const Lu out{x, empty(with(batch, {shorter(x)}), i32), empty(batch, i32)};
  each_matrix(x, [&]<class T>(int64_t i) {
    const int m = rows(x), n = columns(x), lda = leading(x);
    Calls<T>::kGetrf(&m, &n, nth<T>(x, i), &lda, nth<int32_t>(out.pivots, i, 1),
                     nth<int32_t>(out.zero, i, 0));
  });
  return out;
}

void check_not_singular(const char* op, const Lu& lu) {
  const auto* zero = lu.zero.data<int32_t>();
  for (int64_t i = 0; i < lu.zero.numel(); ++i)
    if (zero[i] != 0)
      throw ValueError(
          fmt::format("{}: {} is singular: U[{}, {}] is 0; use linalg_pinv or "
                      "linalg_lstsq",
                      op, matrix_name(lu.lu, i), zero[i] - 1, zero[i] - 1));
}

void lu_solve(const Lu& lu, const Tensor& b, bool transposed) {
  each_matrix(b, [&]<class T>(int64_t i) {
    const int n = rows(b), count = columns(b), lda = leading(lu.lu);
    int info = 0;
    Calls<T>::kGetrs(transposed ? "T" : "N", &n, &count, nth<T>(lu.lu, i), &lda,
                     nth<int32_t>(lu.pivots, i, 1), nth<T>(b, i), &lda, &info, 1);
  });
}

Tensor qr(const Tensor& x) {
  const Tensor factors = empty(with(batch_of(x), {shorter(x)}), x.dtype());
  each_matrix(x, [&]<class T>(int64_t i) {
    const int m = rows(x), n = columns(x), lda = leading(x);
    int info = 0;
    T size = 0;
    T *a = nth<T>(x, i), *tau = nth<T>(factors, i, 1);
    Calls<T>::kGeqrf(&m, &n, a, &lda, tau, &size, &kQuery, &info);
    const Work<T> work(size);
    Calls<T>::kGeqrf(&m, &n, a, &lda, tau, work.memory.get(), &work.size, &info);
  });
  return factors;
}

void householder_product(const Tensor& x, const Tensor& factors) {
  each_matrix(x, [&]<class T>(int64_t i) {
    const int m = rows(x), n = columns(x), lda = leading(x), k = static_cast<int>(factors.size(-1));
    int info = 0;
    T size = 0;
    T *a = nth<T>(x, i), *tau = nth<T>(factors, i, 1);
    Calls<T>::kOrgqr(&m, &n, &k, a, &lda, tau, &size, &kQuery, &info);
    const Work<T> work(size);
    Calls<T>::kOrgqr(&m, &n, &k, a, &lda, tau, work.memory.get(), &work.size, &info);
  });
}

Tensor eigh(const char* op, const Tensor& x, bool upper, bool vectors) {
  const Tensor values = empty(with(batch_of(x), {x.size(-1)}), x.dtype());
  check_finite(op, x);
  each_matrix(x, [&]<class T>(int64_t i) {
    const int n = rows(x), lda = leading(x);
    const char *job = vectors ? "V" : "N", *uplo = upper ? "U" : "L";
    int info = 0, isize = 0;
    T size = 0;
    T *a = nth<T>(x, i), *w = nth<T>(values, i, 1);
    Calls<T>::kSyevd(job, uplo, &n, a, &lda, w, &size, &kQuery, &isize, &kQuery, &info, 1, 1);
    const Work<T> work(size);
    const Work<int> iwork(isize);
    Calls<T>::kSyevd(job, uplo, &n, a, &lda, w, work.memory.get(), &work.size, iwork.memory.get(),
                     &iwork.size, &info, 1, 1);
    check_converged(op, x, i, info);
  });
  return values;
}

Svd svd(const char* op, const Tensor& x, bool vectors, bool full) {
  const Shape batch = batch_of(x);
  const int64_t k = shorter(x);
  Svd out{{}, empty(with(batch, {k}), x.dtype()), {}};
  if (vectors) {
    out.u = empty(with(batch, {full ? rows(x) : k, rows(x)}), x.dtype());
    out.vt = empty(with(batch, {columns(x), full ? columns(x) : k}), x.dtype());
  }
  if (k == 0 && vectors && full) {  // LAPACK leaves the vectors of an empty matrix as they are
    copy_into(out.u, eye(rows(x), x.dtype()));
    copy_into(out.vt, eye(columns(x), x.dtype()));
    return out;
  }
  check_finite(op, x);
  each_matrix(x, [&]<class T>(int64_t i) {
    const int m = rows(x), n = columns(x), lda = leading(x);
    const int ldu = vectors ? leading(out.u) : 1, ldvt = vectors ? leading(out.vt) : 1;
    const char* job = !vectors ? "N" : full ? "A" : "S";
    int info = 0;
    T size = 0;
    T *a = nth<T>(x, i), *s = nth<T>(out.s, i, 1);
    T *u = vectors ? nth<T>(out.u, i) : nullptr, *vt = vectors ? nth<T>(out.vt, i) : nullptr;
    const Work<int> iwork(8.0 * static_cast<double>(k));
    Calls<T>::kGesdd(job, &m, &n, a, &lda, s, u, &ldu, vt, &ldvt, &size, &kQuery,
                     iwork.memory.get(), &info, 1);
    const Work<T> work(size);
    Calls<T>::kGesdd(job, &m, &n, a, &lda, s, u, &ldu, vt, &ldvt, work.memory.get(), &work.size,
                     iwork.memory.get(), &info, 1);
    check_converged(op, x, i, info);
  });
  return out;
}

LeastSquares least_squares(const char* op, const Tensor& x, const Tensor& b, double rcond) {
  const Shape batch = batch_of(x);
  const LeastSquares out{empty(batch, i64), empty(with(batch, {shorter(x)}), x.dtype())};
  check_finite(op, x);
  each_matrix(x, [&]<class T>(int64_t i) {
    const int m = rows(x), n = columns(x), count = columns(b), lda = leading(x), ldb = leading(b);
    const T least = static_cast<T>(rcond);
    int info = 0, isize = 0, rank = 0;
    T size = 0;
    T *a = nth<T>(x, i), *y = nth<T>(b, i), *s = nth<T>(out.singular_values, i, 1);
    Calls<T>::kGelsd(&m, &n, &count, a, &lda, y, &ldb, s, &least, &rank, &size, &kQuery, &isize,
                     &info);
    const Work<T> work(size);
    const Work<int> iwork(isize);
    Calls<T>::kGelsd(&m, &n, &count, a, &lda, y, &ldb, s, &least, &rank, work.memory.get(),
                     &work.size, iwork.memory.get(), &info);
    check_converged(op, x, i, info);
    *nth<int64_t>(out.ranks, i, 0) = rank;
  });
  return out;
}

void solve_triangular(const Tensor& a, const Tensor& b, const Triangular& kind) {
  if (b.numel() == 0) return;
  each_matrix(b, [&]<class T>(int64_t i) {
    const int m = static_cast<int>(b.size(-2)), n = static_cast<int>(b.size(-1));
    Calls<T>::kTrsm(
        CblasRowMajor, kind.left ? CblasLeft : CblasRight, kind.upper ? CblasUpper : CblasLower,
        kind.transposed ? CblasTrans : CblasNoTrans, kind.unit ? CblasUnit : CblasNonUnit, m, n, 1,
        nth<T>(a, i), leading(a), nth<T>(b, i), n);
  });
}

}  // namespace tapehead::core::lapack
