// The functions of LAPACK, overloaded for f32 and f64. Debian's OpenBLAS has them only under their
// Fortran names, without a header. The lengths of strings come last, as in gfortran.
#pragma once

#include <cblas.h>

#include <cstddef>

// NOLINTBEGIN(readability-identifier-naming, bugprone-macro-parentheses)
extern "C" {
#define TAPEHEAD_LAPACK(type, p)                                                                   \
  void p##potrf_(const char* uplo, const int* n, type* a, const int* lda, int* info, size_t);      \
  void p##getrf_(const int* m, const int* n, type* a, const int* lda, int* ipiv, int* info);       \
  void p##getrs_(const char* trans, const int* n, const int* nrhs, const type* a, const int* lda,  \
                 const int* ipiv, type* b, const int* ldb, int* info, size_t);                     \
  void p##geqrf_(const int* m, const int* n, type* a, const int* lda, type* tau, type* work,       \
                 const int* lwork, int* info);                                                     \
  void p##orgqr_(const int* m, const int* n, const int* k, type* a, const int* lda,                \
                 const type* tau, type* work, const int* lwork, int* info);                        \
  void p##syevd_(const char* jobz, const char* uplo, const int* n, type* a, const int* lda,        \
                 type* w, type* work, const int* lwork, int* iwork, const int* liwork, int* info,  \
                 size_t, size_t);                                                                  \
  void p##gesdd_(const char* jobz, const int* m, const int* n, type* a, const int* lda, type* s,   \
                 type* u, const int* ldu, type* vt, const int* ldvt, type* work, const int* lwork, \
                 int* iwork, int* info, size_t);                                                   \
  void p##gelsd_(const int* m, const int* n, const int* nrhs, type* a, const int* lda, type* b,    \
                 const int* ldb, type* s, const type* rcond, int* rank, type* work,                \
                 const int* lwork, int* iwork, int* info);
TAPEHEAD_LAPACK(float, s)
TAPEHEAD_LAPACK(double, d)
#undef TAPEHEAD_LAPACK
}
// NOLINTEND(readability-identifier-naming, bugprone-macro-parentheses)

namespace tapehead::core::lapack {

// The functions for f32 and f64.
template <class T>
struct Calls;
#define TAPEHEAD_LAPACK(type, p)                   \
  template <>                                      \
  struct Calls<type> {                             \
    static constexpr auto kPotrf = p##potrf_;      \
    static constexpr auto kGetrf = p##getrf_;      \
    static constexpr auto kGetrs = p##getrs_;      \
    static constexpr auto kGeqrf = p##geqrf_;      \
    static constexpr auto kOrgqr = p##orgqr_;      \
    static constexpr auto kSyevd = p##syevd_;      \
    static constexpr auto kGesdd = p##gesdd_;      \
    static constexpr auto kGelsd = p##gelsd_;      \
    static constexpr auto kTrsm = cblas_##p##trsm; \
  };
TAPEHEAD_LAPACK(float, s)
TAPEHEAD_LAPACK(double, d)
#undef TAPEHEAD_LAPACK

}  // namespace tapehead::core::lapack
