#include "tapehead/core/detail/gemm.h"

#include <cblas.h>
#include <omp.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "tapehead/core/allocator.h"
#include "tapehead/core/detail/blas.h"
#include "tapehead/core/detail/product.h"
#include "tapehead/core/parallel.h"

namespace tapehead::core {
namespace {

// Multiply-adds that are worth a task of their own: less, and packing the operands twice costs more
// than the other thread saves.
constexpr int64_t kTaskWork = int64_t{1} << 22;
constexpr int64_t kMaxTasks = 16;
constexpr int64_t kGranule = 64;  // blocks of C start at multiples of it

int leading(const Matrix& x, bool transposed) {
  return static_cast<int>(std::max<int64_t>(transposed ? x.column : x.row, 1));
}

// A matrix of one row or column may have any stride there.
bool is_transposed(const Matrix& x, int64_t columns) { return x.column != 1 && columns != 1; }

int blas_leading(const Matrix& x, bool transposed, int64_t rows, int64_t columns) {
  return std::max(leading(x, transposed),
                  static_cast<int>(std::max<int64_t>(transposed ? rows : columns, 1)));
}

// y = A x for the rows x columns matrix A.
template <class T>
void vector_product(const Matrix& a, int64_t rows, int64_t columns, const void* x, int64_t x_step,
                    void* y, int64_t y_step, int beta) {
  const bool transposed = is_transposed(a, columns);
  const auto [gemv_rows, gemv_columns] =
      transposed ? std::pair(columns, rows) : std::pair(rows, columns);
  const auto gemv = [&] {
    if constexpr (std::is_same_v<T, float>) return cblas_sgemv;
    else return cblas_dgemv;
  }();
  gemv(CblasRowMajor, transposed ? CblasTrans : CblasNoTrans, static_cast<int>(gemv_rows),
       static_cast<int>(gemv_columns), T(1), static_cast<const T*>(a.data),
       blas_leading(a, transposed, rows, columns), static_cast<const T*>(x),
       static_cast<int>(x_step), static_cast<T>(beta), static_cast<T*>(y),
       static_cast<int>(y_step));
}

// c (+)= a b' for a column a and a row b.
template <class T>
void outer_product(const Product& p) {
  const T *a = static_cast<const T*>(p.a.data), *b = static_cast<const T*>(p.b.data);
  for (int64_t i = 0; i < p.m; ++i) {
    T* c = static_cast<T*>(p.c) + i * p.row;
    const T x = a[i * p.a.row];
    if (p.beta)
      for (int64_t j = 0; j < p.n; ++j) c[j] += x * b[j * p.b.column];
    else
      for (int64_t j = 0; j < p.n; ++j) c[j] = x * b[j * p.b.column];
  }
}

template <class T>
void plain(const Product& p) {
  const T* a = static_cast<const T*>(p.a.data);
  const T* b = static_cast<const T*>(p.b.data);
  for (int64_t i = 0; i < p.m; ++i) {
    T* c = static_cast<T*>(p.c) + i * p.row;
    if (!p.beta) std::fill_n(c, p.n, T(0));
    for (int64_t j = 0; j < p.k; ++j) {
      const T x = a[i * p.a.row + j * p.a.column];
      for (int64_t l = 0; l < p.n; ++l) c[l] += x * b[j * p.b.row + l * p.b.column];
    }
  }
}

template <class T, auto kGemm>
void blas(const Product& p) {
  if (p.k == 0) return plain<T>(p);  // gemv leaves the result as it was
  if (p.k == 1) return outer_product<T>(p);
  have_buffer();
  if (p.m == 1 && p.n > 1)
    return vector_product<T>({p.b.data, p.b.column, p.b.row}, p.n, p.k, p.a.data, p.a.column, p.c,
                             1, p.beta);
  if (p.n == 1 && p.m > 1)
    return vector_product<T>(p.a, p.m, p.k, p.b.data, p.b.row, p.c, p.row, p.beta);
  const bool ta = is_transposed(p.a, p.k), tb = is_transposed(p.b, p.n);
  kGemm(CblasRowMajor, ta ? CblasTrans : CblasNoTrans, tb ? CblasTrans : CblasNoTrans,
        static_cast<int>(p.m), static_cast<int>(p.n), static_cast<int>(p.k), T(1),
        static_cast<const T*>(p.a.data), blas_leading(p.a, ta, p.m, p.k),
        static_cast<const T*>(p.b.data), blas_leading(p.b, tb, p.k, p.n), static_cast<T>(p.beta),
        static_cast<T*>(p.c), static_cast<int>(p.row));
}

// Operands widened to f32, the result rounded once.
void through_f32(const Product& p) {
  const auto widen = [](const Matrix& x, int64_t rows, int64_t columns) {
    std::vector<float> wide(static_cast<size_t>(rows * columns));
    const auto* data = static_cast<const bfloat16*>(x.data);
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t j = 0; j < columns; ++j)
        wide[static_cast<size_t>(i * columns + j)] = data[i * x.row + j * x.column];
    return wide;
  };
  const std::vector<float> a = widen(p.a, p.m, p.k), b = widen(p.b, p.k, p.n);
  std::vector<float> c(static_cast<size_t>(p.m * p.n));
  auto* out = static_cast<bfloat16*>(p.c);
  if (p.beta)
    for (int64_t i = 0; i < p.m; ++i) std::copy_n(out + i * p.row, p.n, c.data() + i * p.n);
  blas<float, cblas_sgemm>(
      {p.m, p.n, p.k, {a.data(), p.k, 1}, {b.data(), p.n, 1}, c.data(), p.n, p.beta});
  for (int64_t i = 0; i < p.m; ++i) std::copy_n(c.data() + i * p.n, p.n, out + i * p.row);
}

void run_piece(DType dtype, const Product& p) {
  switch (dtype) {
    case DType::f32: return blas<float, cblas_sgemm>(p);
    case DType::f64: return blas<double, cblas_dgemm>(p);
    case DType::bf16: return through_f32(p);
    case DType::i32: return plain<int32_t>(p);
    default: return plain<int64_t>(p);
  }
}

void run(DType dtype, const Product& p) {
  constexpr int64_t kMost = INT32_MAX;
  const int64_t largest =
      std::max({p.m, p.n, p.k, p.row, p.a.row, p.a.column, p.b.row, p.b.column});
  if (largest <= kMost) return run_piece(dtype, p);
  in_pieces(dtype, p, kMost, [dtype](const Product& piece) { run_piece(dtype, piece); });
}

// How many rows and columns of blocks C is cut into: a function of the shape alone.
struct Grid {
  int64_t rows = 1, columns = 1;
  int64_t m, n;  // of a block

  Grid(const Product& p, int64_t tasks) : m(p.m), n(p.n) {
    while (rows * columns * 2 <= tasks && std::max(m, n) >= 2 * kGranule) {
      (m > n ? rows : columns) *= 2;
      m = round_up(p.m, rows);
      n = round_up(p.n, columns);
    }
  }

 private:
  static int64_t round_up(int64_t size, int64_t parts) {
    if (parts == 1) return size;
    return ((size + parts - 1) / parts + kGranule - 1) / kGranule * kGranule;
  }
};

// While in scope OpenBLAS runs in this thread: it would take all of them for a product outside a
// parallel region, and its bits would depend on their number.
class OneThread {
 public:
  OneThread() : before_(omp_in_parallel() ? 1 : omp_get_max_threads()) {
    if (before_ != 1) omp_set_num_threads(1);
  }
  ~OneThread() {
    if (before_ != 1) omp_set_num_threads(before_);
  }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_;
};

}  // namespace

void gemm(DType dtype, int64_t m, int64_t n, int64_t k, Matrix a, Matrix b, void* c, int64_t row,
          int beta) {
  gemm_batched(dtype, 1, m, n, k, a, 0, b, 0, c, 0, row, beta);
}

void gemm_batched(DType dtype, int64_t batch, int64_t m, int64_t n, int64_t k, Matrix a,
                  int64_t a_step, Matrix b, int64_t b_step, void* c, int64_t c_step, int64_t row,
                  int beta) {
  if (m == 0 || n == 0 || batch == 0) return;
  const Product first{m, n, k, a, b, c, row, beta};
  const auto nth = [&](int64_t i) {
    Product p = first;
    p.a.data = advance(a.data, dtype, i * a_step);
    p.b.data = advance(b.data, dtype, i * b_step);
    p.c = const_cast<void*>(advance(c, dtype, i * c_step));
    return p;
  };
  // What touches each element once waits for memory, not for the multiplier.
  const int64_t per_element = std::min({m, n, k}) < 8 ? 8 : 1;
  const int64_t work = m * n * std::max<int64_t>(k, 1) * per_element;
  const bool small = batch * work < 2 * kTaskWork;  // all of it is one task
  const Grid grid(first, small || batch >= kMaxTasks ? 1 : std::min(kMaxTasks, work / kTaskWork));
  const int64_t blocks = grid.rows * grid.columns;
  const int64_t products = small ? batch : std::max<int64_t>(1, kTaskWork / work);  // in one task
  const int64_t groups = (batch + products - 1) / products;
  std::optional<OneThread> alone;
  if (groups * blocks == 1) alone.emplace();
  const auto run_task = [&](int64_t task) {
    const int64_t block = task % blocks, group = task / blocks;
    const int64_t i = block / grid.columns * grid.m, j = block % grid.columns * grid.n;
    if (i >= m || j >= n) return;
    for (int64_t l = group * products; l < std::min(batch, (group + 1) * products); ++l)
      run(dtype, block_of(dtype, nth(l), i, j, std::min(grid.m, m - i), std::min(grid.n, n - j)));
  };
  parallel_for(groups * blocks, run_task, Denormals::flush);
}

}  // namespace tapehead::core
