#include "tapehead/core/detail/gemm.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>

#include "tapehead/core/creation.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/matmul.h"
#include "tapehead/core/detail/views.h"
#include "tapehead/core/error.h"
#include "tapehead/core/kernels/panels.h"
#include "tapehead/core/precision.h"
#include "tapehead/tests/on_each_isa.h"
#include "tapehead/tests/threads.h"

using namespace tapehead;
using core::Matrix;

namespace {

struct Layout {
  bool a_transposed, b_transposed;
  int64_t gap;  // elements between the rows in memory
};

// A matrix whose rows, or columns if it is transposed, lie `gap` further apart than their length.
struct Factor {
  Tensor data;  // [lines, length + gap]
  Matrix matrix;

  Factor(int64_t rows, int64_t columns, bool transposed, int64_t gap, DType type,
         Generator& generator) {
    const int64_t lines = transposed ? columns : rows, length = transposed ? rows : columns;
    data = randn({lines, length + gap}, f32, generator).to(type);
    matrix = transposed ? Matrix{data.raw(), 1, length + gap} : Matrix{data.raw(), length + gap, 1};
  }
};

// Compares results with sums in double.
void check(core::ProductTypes types, int64_t m, int64_t n, int64_t k, const Layout& layout,
           bool with_bias, int beta) {
  Generator generator{.seed = static_cast<uint64_t>(m * 10007 + n * 101 + k)};
  const Factor a(m, k, layout.a_transposed, layout.gap, types.a, generator);
  const Factor b(k, n, layout.b_transposed, layout.gap, types.b, generator);
  const Tensor bias = randn({n}, f32, generator);
  const int64_t row = n + layout.gap;
  const Tensor before = randn({m, row}, f32, generator).to(types.c);
  const bool rounds = types.a == bf16 || types.b == bf16;
  const Tensor wide_a = a.data.to(rounds ? bf16 : f32).to(f64);
  const Tensor wide_b = b.data.to(rounds ? bf16 : f32).to(f64), wide_c = before.to(f64);
  const double* x = wide_a.data<double>();
  const double* y = wide_b.data<double>();
  Tensor results[2];  // with and without packing before
  const float* add = with_bias ? bias.data<float>() : nullptr;
  for (Tensor& c : results) c = before.clone();
  core::gemm(types, m, n, k, a.matrix, b.matrix, results[0].raw(), row, beta, add);
  core::PackedMatrix(types.b, types.a, k, n, b.matrix)
      .multiply(m, a.matrix, types.c, results[1].raw(), row, beta, add);
  for (Tensor& c : results) c = c.to(f64);
  double worst = 0;
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < row; ++j) {
      double sum = j >= n || beta ? wide_c.data<double>()[i * row + j] : 0, size = std::abs(sum);
      if (j < n && add) sum += add[j], size += std::abs(add[j]);
      for (int64_t l = 0; j < n && l < k; ++l) {
        const double term =
            x[i * a.matrix.row + l * a.matrix.column] * y[l * b.matrix.row + j * b.matrix.column];
        sum += term;
        size += std::abs(term);
      }
      // On CPUs without bf16 products, f32 operands are not rounded.
      const double operands = types.a != types.b ? 0x1p-8 : 0;
      const double rounding = types.c == bf16 ? std::abs(sum) * 0x1p-8 : 0;
      const double bound = size * (0x1p-21 + operands) + rounding + 1e-30;
      for (const Tensor& c : results)
        worst = std::max(worst, std::abs(c.data<double>()[i * row + j] - sum) / bound);
    }
  CHECK(worst <= 1);
}

}  // namespace

TEST_CASE("gemm: all types, layouts, tails and parts of the sums") {
  constexpr core::ProductTypes kTypes[] = {{f32, f32, f32},  {bf16, bf16, f32}, {bf16, bf16, bf16},
                                           {f32, bf16, f32}, {bf16, f32, f32},  {f32, bf16, bf16},
                                           {bf16, f32, bf16}};
  constexpr int64_t kShapes[][3] = {{1, 1, 1},     {1, 40, 70},   {40, 1, 70},    {3, 5, 7},
                                    {14, 32, 1},   {15, 33, 2},   {29, 97, 51},   {30, 65, 390},
                                    {17, 40, 771}, {5, 300, 100}, {20, 31, 1600}, {20, 31, 3300}};
  kernels::on_each_isa([&] {
    int turn = 0;
    for (const auto& types : kTypes)
      for (const auto& shape : kShapes) {
        const int64_t m = shape[0], n = shape[1], k = shape[2];
        CAPTURE(m);
        CAPTURE(n);
        CAPTURE(k);
        CAPTURE(std::string(name(types.a)) + name(types.b) + name(types.c));
        for (const bool a : {false, true})
          for (const bool b : {false, true}) {
            const int gap = ++turn % 3, beta = turn / 2 % 2;
            check(types, m, n, k, {a, b, gap}, turn % 5 < 2, beta);
          }
      }
  });
}

TEST_CASE("gemm: bits do not depend on threads, nor on packing before") {
  constexpr core::ProductTypes kTypes[] = {{f32, f32, f32}, {bf16, bf16, f32}, {f32, bf16, bf16}};
  constexpr int64_t kShapes[][3] = {{1100, 530, 400}, {300, 900, 1600}, {4096, 70, 130},
                                    {60, 2000, 500},  {640, 640, 640},  {70, 300, 3300}};
  kernels::on_each_isa([&] {
    for (const auto& types : kTypes)
      for (const auto& shape : kShapes) {
        const int64_t m = shape[0], n = shape[1], k = shape[2];
        CAPTURE(m);
        Generator generator{.seed = 3};
        const Factor a(m, k, false, 0, types.a, generator), b(k, n, true, 0, types.b, generator);
        std::optional<Tensor> first;
        for (const int threads : {1, 2, 4})
          for (const bool packed : {false, true}) {
            const testing::Threads set(threads);
            const Tensor c = core::empty({m, n}, types.c);
            if (packed)
              core::PackedMatrix(types.b, types.a, k, n, b.matrix)
                  .multiply(m, a.matrix, types.c, c.raw(), n);
            else core::gemm(types, m, n, k, a.matrix, b.matrix, c.raw(), n, 0, nullptr);
            if (!first) first = c;
            CHECK(std::memcmp(first->raw(), c.raw(),
                              static_cast<size_t>(m * n * size_of(types.c))) == 0);
          }
      }
  });
}

// Regression: the threads of a batch did not know that the calling one multiplies in bf16.
TEST_CASE("gemm: f32 products in bf16 are those of rounded operands, on any number of threads") {
  constexpr int64_t kBatch = 20, kM = 60, kN = 90, kK = 120;
  kernels::on_each_isa([&] {
    Generator generator{.seed = 9};
    const Tensor a = randn({kBatch, kM, kK}, f32, generator), b = randn({kK, kN}, f32, generator);
    const auto product = [&](const Tensor& x, const Tensor& y) {
      return core::matmul("matmul", x, y).to_vector<float>();
    };
    const bool in_bf16 = kernels::bf16_panels().pack != kernels::panels().pack;
    const Tensor batch_b = b.expand({kBatch, kK, kN}).contiguous();
    const std::vector<float> exact = product(a, batch_b);
    const std::vector<float> wanted =
        in_bf16 ? core::matmul("matmul", a.to(bf16), batch_b.to(bf16), f32).to_vector<float>()
                : exact;
    CHECK((wanted != exact) == in_bf16);
    for (const int threads : {1, 2, 4}) {
      const testing::Threads set(threads);
      {
        const core::Bf16Products scope(true);
        CHECK(product(a, batch_b) == wanted);
      }
      set_matmul_precision(Precision::medium);
      CHECK(product(a, batch_b) == wanted);
      set_matmul_precision(Precision::highest);
      CHECK(product(a, batch_b) == exact);
    }
  });
}

TEST_CASE("gemm: few rows, of all counts, layouts, tails and types") {
  constexpr core::ProductTypes kTypes[] = {{f32, f32, f32},  {bf16, bf16, f32}, {bf16, bf16, bf16},
                                           {f32, bf16, f32}, {bf16, f32, bf16}, {f32, f32, bf16}};
  // Columns and terms: less than a vector, several with a rest, a tile of columns more or less, and
  // more than the L1 cache holds of several rows.
  constexpr int64_t kShapes[][2] = {{1, 1},   {2, 33},   {5, 16},   {66, 31},   {63, 64},
                                    {67, 97}, {129, 48}, {18, 515}, {300, 130}, {9, 3100}};
  kernels::on_each_isa([&] {
    int turn = 0;
    for (const auto& types : kTypes)
      for (int64_t m = 1; m <= 17; ++m)
        for (const auto& shape : kShapes) {
          const int64_t n = shape[0], k = shape[1];
          CAPTURE(m);
          CAPTURE(n);
          CAPTURE(k);
          CAPTURE(std::string(name(types.a)) + name(types.b) + name(types.c));
          ++turn;
          for (const bool b : {false, true})
            check(types, m, n, k, {turn % 4 == 0, b, turn % 3}, turn % 5 < 2, turn / 2 % 2);
        }
    for (const int64_t m : {31, 32, 33, 47, 48, 49})
      for (const int64_t k : {70, 300})
        check({bf16, bf16, f32}, m, 45, k, {false, true, 0}, true, 0);
  });
}

TEST_CASE("gemm: products of few rows do not depend on threads, and may be empty") {
  constexpr core::ProductTypes kTypes[] = {{f32, f32, f32}, {bf16, bf16, bf16}, {f32, bf16, f32}};
  constexpr int64_t kN = 2047, kK = 901;
  kernels::on_each_isa([&] {
    for (const auto& types : kTypes)
      for (const int64_t m : {1, 2, 4, 5, 16})
        for (const bool transposed : {false, true}) {
          CAPTURE(m);
          Generator generator{.seed = 4};
          const Factor a(m, kK, false, 0, types.a, generator);
          const Factor b(kK, kN, transposed, 0, types.b, generator);
          std::optional<Tensor> first;
          for (const int threads : {1, 2, 4}) {
            const testing::Threads set(threads);
            const Tensor c = core::empty({m, kN}, types.c);
            core::gemm(types, m, kN, kK, a.matrix, b.matrix, c.raw(), kN, 0, nullptr);
            if (!first) first = c;
            CHECK(std::memcmp(first->raw(), c.raw(),
                              static_cast<size_t>(m * kN * size_of(types.c))) == 0);
          }
          // Without terms, C is the bias, or unchanged.
          const Tensor bias = full({kN}, 3, f32), c = full({m, kN}, 2, types.c);
          core::gemm(types, m, kN, 0, a.matrix, b.matrix, c.raw(), kN, 1, nullptr);
          CHECK(c.to(f32).to_vector<float>() == full({m, kN}, 2).to_vector<float>());
          core::gemm(types, m, kN, 0, a.matrix, b.matrix, c.raw(), kN, 0, bias.data<float>());
          CHECK(c.to(f32).to_vector<float>() == full({m, kN}, 3).to_vector<float>());
          core::gemm(types, 0, kN, kK, a.matrix, b.matrix, c.raw(), kN, 0, nullptr);
          core::gemm(types, m, 0, kK, a.matrix, b.matrix, c.raw(), kN, 0, nullptr);
        }
  });
}

TEST_CASE("gemm: batches of products with few rows") {
  constexpr int64_t kN = 37, kK = 53;
  kernels::on_each_isa([&] {
    for (const DType type : {f32, bf16})
      for (const int64_t batch : {3, 40})
        for (const int64_t m : {1, 5}) {
          CAPTURE(batch);
          CAPTURE(m);
          Generator generator{.seed = 5};
          const Tensor a = randn({batch, m, kK}, f32, generator).to(type);
          const Tensor b = randn({batch, kN, kK}, f32, generator).to(type);
          const Tensor c = core::empty({batch, m, kN}, type);
          core::gemm_batched(type, batch, m, kN, kK, {a.raw(), kK, 1}, m * kK, {b.raw(), 1, kK},
                             kN * kK, c.raw(), m * kN, kN);
          for (int64_t i = 0; i < batch; ++i) {
            const Tensor one = core::empty({m, kN}, type);
            core::gemm(type, m, kN, kK, {a.select(0, i).raw(), kK, 1},
                       {b.select(0, i).raw(), 1, kK}, one.raw(), kN);
            CHECK(std::memcmp(one.raw(), c.select(0, i).raw(),
                              static_cast<size_t>(m * kN * size_of(type))) == 0);
          }
        }
  });
}

TEST_CASE("gemm: TAPEHEAD_GEMM") {
  CHECK(!core::is_openblas_wanted(nullptr));
  CHECK(!core::is_openblas_wanted("own"));
  CHECK(core::is_openblas_wanted("openblas"));
  CHECK_THROWS_WITH_AS(core::is_openblas_wanted("mkl"),
                       "TAPEHEAD_GEMM: 'mkl' is not a set of matrix products; use own or openblas",
                       ValueError);
}

TEST_CASE("gemm: infinities, NaN and huge operands reach the results they concern") {
  const float inf = INFINITY;
  const auto check_rows = [&](int64_t rows) {
    for (const DType type : {f32, bf16}) {
      CAPTURE(rows);
      const Tensor a = full({20, 40}, 1, type), b = full({40, 50}, 1, type),
                   c = full({20, 50}, 0, f32);
      const auto set = [&](const Tensor& x, int64_t i, float value) {
        if (type == f32) x.data<float>()[i] = value;
        else x.data<bfloat16>()[i] = value;
      };
      set(a, 2 * 40 + 5, inf);
      set(a, 3 * 40 + 5, NAN);
      set(a, 4 * 40 + 1, 3e38f);
      set(a, 4 * 40 + 2, 3e38f);
      set(b, 7 * 50 + 9, -inf);
      const Tensor columns = core::contiguous(core::transpose(b, 0, 1));
      for (int64_t i = 0; i < 20; i += rows)
        core::gemm({type, type, f32}, rows, 50, 40, {a.select(0, i).raw(), 40, 1},
                   rows == 10 ? Matrix{columns.raw(), 1, 40} : Matrix{b.raw(), 50, 1},
                   c.data<float>() + i * 50, 50, 0, nullptr);
      for (int64_t i = 0; i < 20; ++i)
        for (int64_t j = 0; j < 50; ++j) {
          const float x = c.data<float>()[i * 50 + j];
          CAPTURE(i);
          CAPTURE(j);
          // Partial sums may meet -inf before they overflow.
          if (rows == 10 && i == 4 && j == 9) CHECK((std::isnan(x) || x == -inf));
          else if (i == 3 || (i == 2 && j == 9) || (i == 4 && j == 9)) CHECK(std::isnan(x));
          else if (j == 9) CHECK(x == -inf);
          else if (i == 2 || i == 4) CHECK(x == inf);
          else CHECK(x == 40);
        }
    }
  };
  kernels::on_each_isa([&] {
    for (const int64_t rows : {20, 10, 4, 1}) check_rows(rows);
  });
}
