#include "tapehead/core/detail/gemm.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <list>
#include <mutex>
#include <string_view>
#include <thread>

#include "tapehead/core/allocator.h"
#include "tapehead/core/detail/blas.h"
#include "tapehead/core/detail/product.h"
#include "tapehead/core/error.h"
#include "tapehead/core/kernels/panels.h"
#include "tapehead/core/parallel.h"

namespace tapehead::core {
namespace {

// Minimum multiply-adds of a task: below this, packing the operands twice costs more than the other
// thread saves.
constexpr int64_t kTaskWork = int64_t{1} << 22;
constexpr int64_t kMaxTasks = 16;
constexpr int64_t kGranule = 64;  // block boundaries in C are multiples of this

// Whether environment variable TAPEHEAD_GEMM leaves all products to OpenBLAS.
bool only_openblas() {
  static const bool only = [] {
    const char* wanted = std::getenv("TAPEHEAD_GEMM");
    if (!wanted || std::string_view(wanted) == "own") return false;
    if (std::string_view(wanted) == "openblas") return true;
    throw ValueError(fmt::format(
        "TAPEHEAD_GEMM: '{}' is not a set of matrix products; use own or openblas", wanted));
  }();
  return only;
}

// A scratch block of the allocator.
class Room {
 public:
  explicit Room(int64_t bytes)
      : bytes_(static_cast<size_t>(bytes)), data_(detail::allocate(bytes_)) {}
  ~Room() { detail::deallocate(data_, bytes_); }
  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;
  void* data() const { return data_; }

 private:
  size_t bytes_;
  void* data_;
};

// For kernels that do not take a bias.
Product with_bias_in_c(DType dtype, Product p) {
  if (!p.bias) return p;
  const size_t row = static_cast<size_t>(p.n * size_of(dtype));
  for (int64_t i = 0; i < p.m; ++i)
    std::memcpy(const_cast<void*>(advance(p.c, dtype, i * p.row)), p.bias, row);
  p.bias = nullptr;
  p.beta = 1;
  return p;
}

void run_piece(DType dtype, const Product& p) {
  const kernels::GemmKernels& kernel = kernels::gemm();
  const auto type = static_cast<int>(dtype);
  if (is_floating(dtype) && p.k > 1) have_buffer();
  if (!kernel.room[type]) return kernel.multiply[type](p, nullptr);
  const Room room(kernel.room[type](p));
  kernel.multiply[type](p, room.data());
}

// In one thread.
void run(DType dtype, const Product& given) {
  constexpr int64_t kMost = INT32_MAX;
  const Product p = with_bias_in_c(dtype, given);
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

// Packed columns of B, of each thread for itself: they are used at once, from its own caches, and
// again in its next tasks.
class PackedColumns {
 public:
  explicit PackedColumns(int64_t bytes) : bytes_(bytes) {}

  struct Mine {
    Mine(std::thread::id t, int64_t bytes) : thread(t), room(bytes) {}
    std::thread::id thread;
    Room room;
    int64_t first = -1;  // of the packed columns
  };
  Mine& mine() {
    const std::lock_guard lock(mutex_);
    for (Mine& one : all_)
      if (one.thread == std::this_thread::get_id()) return one;
    return all_.emplace_back(std::this_thread::get_id(), bytes_);
  }

 private:
  int64_t bytes_;
  std::mutex mutex_;
  std::list<Mine> all_;
};

// How C is cut into blocks for products in panels. Each thread packs the columns of B for itself,
// so rows are only cut where columns are few or rows are many.
struct PanelGrid {
  int64_t rows, columns, m, n;  // numbers of blocks, and their sizes

  PanelGrid(const Product& p, int64_t tasks, int64_t width) {
    constexpr int64_t kFewest = 256, kMost = 416;  // columns: A is packed for each block
    // A power of two, which two or four threads share evenly.
    const auto wanted = static_cast<uint64_t>(std::clamp<int64_t>(p.n / kFewest, 1, tasks));
    columns = std::max(static_cast<int64_t>(std::bit_ceil(wanted)), (p.n + kMost - 1) / kMost);
    rows = p.m >= 512 || columns == 1
               ? std::clamp<int64_t>(tasks / columns, 1, std::max<int64_t>(p.m / 64, 1))
               : 1;
    m = (p.m + rows - 1) / rows;
    n = ((p.n + columns - 1) / columns + width - 1) / width * width;
  }
};

// Multiplies parts of k with a packed B or, if `packed` is null, packs it on the way.
void multiply_panels(DType dtype, const Product& p, int64_t part, int64_t end, const void* packed) {
  const kernels::PanelKernels& kernel = kernels::panels();
  const int64_t work = p.m * p.n * (p.k * (end - part) / kernel.parts(p.k));
  const PanelGrid grid(p, std::clamp<int64_t>(work / kTaskWork, 1, kMaxTasks), kernel.width());
  // Where no rows follow, a part is packed just before it is used, and stays in the L2 cache.
  const int64_t together = grid.rows == 1 ? 1 : end - part;
  int64_t bytes = 0;
  for (int64_t i = part; i < end; i += together)
    bytes = std::max(bytes, kernel.packed_size(p.k, grid.n, i, i + together));
  PackedColumns columns(bytes);
  const auto run_task = [&](int64_t task) {
    const int64_t i = task % grid.rows * grid.m, j = task / grid.rows * grid.n;
    if (i >= p.m || j >= p.n) return;
    const int64_t n = std::min(grid.n, p.n - j);
    Product block = block_of(dtype, p, i, packed ? 0 : j, std::min(grid.m, p.m - i), packed ? p.n : n);
    if (packed) return kernel.multiply(block, part, end, j, j + n, packed);
    PackedColumns::Mine& mine = columns.mine();
    for (int64_t first = part; first < end; first += together) {
      if (grid.rows == 1 || mine.first != j)
        for (int64_t q = first; q < first + together; ++q)
          kernel.pack(block, q, 0, n,
                      static_cast<char*>(mine.room.data()) + kernel.packed_size(p.k, n, first, q));
      mine.first = j;
      kernel.multiply(block, first, first + together, 0, n, mine.room.data());
    }
  };
  parallel_for(grid.rows * grid.columns, run_task, Denormals::flush);
}

void run_panels(DType dtype, const Product& p) {
  constexpr int64_t kParts = 12;  // of k at a time, so that packed columns stay in the L3 cache
  const int64_t parts = kernels::panels().parts(p.k);
  for (int64_t part = 0; part < parts; part += kParts)
    multiply_panels(dtype, p, part, std::min(part + kParts, parts), nullptr);
}

bool suits_panels(DType dtype, const Product& p) {
  return dtype == DType::f32 && !only_openblas() && kernels::panels().suits(p);
}

}  // namespace

void gemm(DType dtype, int64_t m, int64_t n, int64_t k, Matrix a, Matrix b, void* c, int64_t row,
          int beta, const void* bias) {
  gemm_batched(dtype, 1, m, n, k, a, 0, b, 0, c, 0, row, beta, bias);
}

void gemm_batched(DType dtype, int64_t batch, int64_t m, int64_t n, int64_t k, Matrix a,
                  int64_t a_step, Matrix b, int64_t b_step, void* c, int64_t c_step, int64_t row,
                  int beta, const void* bias) {
  if (m == 0 || n == 0 || batch == 0) return;
  const Product first{m, n, k, a, b, c, row, beta, bias};
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
  const bool in_panels = suits_panels(dtype, first);
  if (in_panels && batch < kMaxTasks && !small) {
    for (int64_t i = 0; i < batch; ++i) run_panels(dtype, nth(i));
    return;
  }
  const Grid grid(
      first, small || in_panels || batch >= kMaxTasks ? 1 : std::min(kMaxTasks, work / kTaskWork));
  const int64_t blocks = grid.rows * grid.columns;
  const int64_t products = small ? batch : std::max<int64_t>(1, kTaskWork / work);  // per task
  const int64_t groups = (batch + products - 1) / products;
  const auto run_task = [&](int64_t task) {
    const int64_t block = task % blocks, group = task / blocks;
    const int64_t i = block / grid.columns * grid.m, j = block % grid.columns * grid.n;
    if (i >= m || j >= n) return;
    for (int64_t l = group * products; l < std::min(batch, (group + 1) * products); ++l)
      if (in_panels) run_panels(dtype, nth(l));
      else
        run(dtype, block_of(dtype, nth(l), i, j, std::min(grid.m, m - i), std::min(grid.n, n - j)));
  };
  parallel_for(groups * blocks, run_task, Denormals::flush);
}

PackedMatrix::PackedMatrix(DType dtype, int64_t k, int64_t n, Matrix b)
    : dtype_(dtype), k_(k), n_(n), b_(b) {
  constexpr int64_t kRows = 64;  // any number that is not small
  if (!suits_panels(dtype, {.m = kRows, .n = n, .k = k, .a = {nullptr, k, 1}, .b = b})) return;
  const kernels::PanelKernels& kernel = kernels::panels();
  const int64_t parts = kernel.parts(k), width = kernel.width();
  bytes_ = static_cast<size_t>(kernel.packed_size(k, n, 0, parts));
  packed_ = detail::allocate(bytes_);
  constexpr int64_t kGrain = 1 << 16;  // elements
  parallel_range((n + width - 1) / width, std::max<int64_t>(kGrain / (width * k), 1),
                 [&](int64_t begin, int64_t end) {
                   for (int64_t part = 0; part < parts; ++part)
                     kernel.pack({.n = n, .k = k, .b = b}, part, begin * width,
                                 std::min(end * width, n),
                                 static_cast<char*>(packed_) + kernel.packed_size(k, n, 0, part));
                 });
}
PackedMatrix::~PackedMatrix() {
  if (packed_) detail::deallocate(packed_, bytes_);
}

void gemm(int64_t m, Matrix a, const PackedMatrix& b, void* c, int64_t row, int beta,
          const void* bias) {
  if (!b.packed_ || m < 2) return gemm(b.dtype_, m, b.n_, b.k_, a, b.b_, c, row, beta, bias);
  multiply_panels(b.dtype_, {m, b.n_, b.k_, a, b.b_, c, row, beta, bias}, 0,
                  kernels::panels().parts(b.k_), b.packed_);
}

}  // namespace tapehead::core
