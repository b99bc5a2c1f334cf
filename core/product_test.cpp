#include "tapehead/core/detail/product.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "tapehead/core/creation.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/matmul.h"

using namespace tapehead;

namespace {

constexpr int64_t kMost = 7;

struct Case {
  int64_t m, n, k, a_row, a_column, b_row, b_column, c_row;
};

// A rows x columns matrix of small integers with the given strides.
struct Operand {
  std::vector<double> values;
  int64_t row, column;

  Operand(int64_t rows, int64_t columns, int64_t row_step, int64_t column_step)
      : values(static_cast<size_t>((rows - 1) * row_step + (columns - 1) * column_step + 1), 1e300),
        row(row_step),
        column(column_step) {
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t j = 0; j < columns; ++j) at(i, j) = static_cast<double>((3 * i + 5 * j) % 7 - 3);
  }
  double& at(int64_t i, int64_t j) { return values[static_cast<size_t>(i * row + j * column)]; }
  core::Matrix matrix() const { return {values.data(), row, column}; }
};

// Computes c += a b after checking that all sizes and strides fit BLAS's integers.
void run(const core::Product& p) {
  const auto strides = [](const core::Matrix& x) { return std::max(x.row, x.column); };
  CHECK(std::max({p.m, p.n, p.k, strides(p.a), strides(p.b)}) <= kMost);
  CHECK((p.row <= kMost || p.m == 1));
  const auto element = [](const core::Matrix& x, int64_t i, int64_t j) {
    return static_cast<const double*>(x.data)[i * x.row + j * x.column];
  };
  for (int64_t i = 0; i < p.m; ++i)
    for (int64_t j = 0; j < p.n; ++j) {
      double& c = static_cast<double*>(p.c)[i * p.row + j];
      if (!p.beta) c = 0;
      for (int64_t l = 0; l < p.k; ++l) c += element(p.a, i, l) * element(p.b, l, j);
    }
}

void multiply(Operand& a, Operand& b, Operand& c, const Case& x, int beta) {
  for (int64_t i = 0; i < x.m; ++i)
    for (int64_t j = 0; j < x.n; ++j) {
      double total = beta ? c.at(i, j) : 0;
      for (int64_t l = 0; l < x.k; ++l) total += a.at(i, l) * b.at(l, j);
      c.at(i, j) = total;
    }
}

}  // namespace

TEST_CASE("a product of longer sizes and strides than BLAS can count is made in pieces") {
  for (const Case& x : {Case{3, 4, 5, 5, 1, 4, 1, 4},        // fits as it is
                        Case{20, 4, 5, 5, 1, 4, 1, 4},       // too many rows
                        Case{3, 20, 5, 5, 1, 20, 1, 20},     // too many columns
                        Case{3, 4, 20, 20, 1, 4, 1, 4},      // too many terms
                        Case{20, 30, 25, 25, 1, 30, 1, 30},  // too many of all
                        Case{20, 30, 25, 1, 20, 1, 25, 30},  // the same, operands transposed
                        Case{2, 3, 4, 100, 1, 3, 1, 3},      // large row stride of a
                        Case{2, 3, 4, 4, 1, 100, 1, 3},      // of b
                        Case{2, 3, 4, 1, 100, 1, 100, 3},    // large column strides
                        Case{2, 3, 4, 4, 1, 3, 1, 100},      // large row stride of c
                        Case{1, 3, 4, 100, 1, 3, 1, 100},    // single row: any stride
                        Case{2, 1, 4, 4, 1, 100, 1, 100}})   // a vector with gaps
    for (const int beta : {0, 1}) {
      CAPTURE(x.m);
      CAPTURE(x.a_row);
      CAPTURE(x.c_row);
      CAPTURE(beta);
      Operand a(x.m, x.k, x.a_row, x.a_column), b(x.k, x.n, x.b_row, x.b_column);
      Operand c(x.m, x.n, x.c_row, 1), wanted = c;
      multiply(a, b, wanted, x, beta);
      core::in_pieces(f64, {x.m, x.n, x.k, a.matrix(), b.matrix(), c.values.data(), c.row, beta},
                      kMost, run);
      CHECK(c.values == wanted.values);
    }
}

// Only two pages of its 9 GB are touched.
TEST_CASE("rows of an operand may lie further apart than an int counts") {
  constexpr int64_t kFar = 2200000000;
  Tensor memory;
  try {
    memory = core::empty({2, kFar}, bf16);
  } catch (const std::bad_alloc&) {
    MESSAGE("not tried: there are no 9 GB of address space");
    return;
  }
  const Tensor x = memory.slice(1, 0, 64);
  core::copy_into(x, Tensor(1));
  CHECK(core::matmul("matmul", x, ones({64, 3}, bf16)).to_vector<double>() ==
        std::vector<double>(6, 64));
}
