#include "tapehead/core/detail/gemm.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "tapehead/core/allocator.h"
#include "tapehead/core/detail/blas.h"
#include "tapehead/core/detail/one_thread.h"
#include "tapehead/core/detail/product.h"
#include "tapehead/core/parallel.h"

namespace tapehead::core {
namespace {

// Minimum multiply-adds of a task: below this, packing the operands twice costs more than the other
// thread saves.
constexpr int64_t kTaskWork = int64_t{1} << 22;
constexpr int64_t kMaxTasks = 16;
constexpr int64_t kGranule = 64;  // block boundaries in C are multiples of this

void run_piece(DType dtype, const Product& p) {
  const kernels::GemmKernels& kernel = kernels::gemm();
  const auto type = static_cast<int>(dtype);
  if (is_floating(dtype) && p.k > 1) have_buffer();
  if (!kernel.room[type]) return kernel.multiply[type](p, nullptr);
  const std::unique_ptr<char[]> room(new char[static_cast<size_t>(kernel.room[type](p))]);
  kernel.multiply[type](p, room.get());
}

void run(DType dtype, const Product& p) {
  constexpr int64_t kMost = INT32_MAX;
  const int64_t largest =
      std::max({p.m, p.n, p.k, p.row, p.a.row, p.a.column, p.b.row, p.b.column});
  if (largest <= kMost) return run_piece(dtype, p);
  in_pieces(dtype, p, kMost, [dtype](const Product& piece) { run_piece(dtype, piece); });
}

// How C is cut into rows and columns of blocks. Depends on the shape alone, never on the threads.
struct Grid {
  int64_t rows = 1, columns = 1;
  int64_t m, n;  // block size

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
  // Products with a tiny dimension are memory-bound: weight their work higher.
  const int64_t per_element = std::min({m, n, k}) < 8 ? 8 : 1;
  const int64_t work = m * n * std::max<int64_t>(k, 1) * per_element;
  const bool small = batch * work < 2 * kTaskWork;  // the whole batch is one task
  const Grid grid(first, small || batch >= kMaxTasks ? 1 : std::min(kMaxTasks, work / kTaskWork));
  const int64_t blocks = grid.rows * grid.columns;
  const int64_t products = small ? batch : std::max<int64_t>(1, kTaskWork / work);  // per task
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
