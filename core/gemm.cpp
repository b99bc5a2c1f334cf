#include "tapehead/core/detail/gemm.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string_view>
#include <vector>

#include "tapehead/core/allocator.h"
#include "tapehead/core/detail/blas.h"
#include "tapehead/core/detail/ceil_div.h"
#include "tapehead/core/detail/per_thread.h"
#include "tapehead/core/detail/product.h"
#include "tapehead/core/detail/strided.h"
#include "tapehead/core/error.h"
#include "tapehead/core/kernels/panels.h"
#include "tapehead/core/kernels/row_products.h"
#include "tapehead/core/parallel.h"
#include "tapehead/core/precision.h"

namespace tapehead::core {
namespace {

// Minimum multiply-adds of a task: below this, packing the operands twice costs more than the other
// thread saves.
constexpr int64_t kTaskWork = int64_t{1} << 20;
constexpr int64_t kMaxTasks = 16;
constexpr int64_t kGranule = 64;  // block boundaries in C are multiples of this

bool only_openblas() {
  static const bool only = is_openblas_wanted(std::getenv("TAPEHEAD_GEMM"));
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

void run_piece(DType dtype, const Product& p) {
  const kernels::GemmKernels& kernel = kernels::gemm();
  const auto type = static_cast<int>(dtype);
  if (is_floating(dtype) && p.k > 1) have_buffer();
  if (!kernel.room[type]) return kernel.multiply[type](p, nullptr);
  const Room room(kernel.room[type](p));
  kernel.multiply[type](p, room.data());
}

// In one thread.
void run(DType dtype, const Product& p) {
  constexpr int64_t kMost = INT32_MAX;
  const int64_t largest =
      std::max({p.m, p.n, p.k, p.row, p.a.row, p.a.column, p.b.row, p.b.column});
  if (largest <= kMost) return run_piece(dtype, p);
  in_pieces(dtype, p, kMost, [dtype](const Product& piece) { run_piece(dtype, piece); });
}

// The size of `parts` parts, a multiple of `granule`; the last ones may be smaller.
int64_t part_size(int64_t size, int64_t parts, int64_t granule) {
  return ceil_div(ceil_div(size, parts), granule) * granule;
}

// How C is cut into rows and columns of blocks. Depends on the shape alone, never on the threads.
struct Grid {
  int64_t rows = 1, columns = 1;
  int64_t m, n;  // block size

  Grid(const Product& p, int64_t tasks) : m(p.m), n(p.n) {
    while (rows * columns * 2 <= tasks && std::max(m, n) >= 2 * kGranule) {
      (m > n ? rows : columns) *= 2;
      if (rows > 1) m = part_size(p.m, rows, kGranule);
      if (columns > 1) n = part_size(p.n, columns, kGranule);
    }
  }
};

// Packed columns of B, of each thread for itself: they are used at once, from its own caches, and
// again in its next tasks.
struct PackedColumns {
  Room room;
  int64_t first = -1;  // of the packed columns
  explicit PackedColumns(int64_t bytes) : room(bytes) {}
};

thread_local bool in_bf16 = false;

bool is_bf16_product(DType a, DType b) {
  return a == DType::bf16 || b == DType::bf16 || multiplies_in_bf16();
}
const kernels::PanelKernels& panel_kernels(bool of_bf16) {
  return of_bf16 ? kernels::bf16_panels() : kernels::panels();
}

// Rounding a B in f32 to bf16 would not save reading it.
const kernels::RowProductKernels& row_kernels(DType b) {
  return b == DType::bf16 ? kernels::bf16_row_products() : kernels::row_products();
}

// Whether there are kernels for a left operand of this type.
bool has_kernels(DType a) { return (a == DType::f32 || a == DType::bf16) && !only_openblas(); }

bool suits_rows(const PanelProduct& p) {
  return has_kernels(p.a_type) && row_kernels(p.b_type).suits(p);
}

bool suits_panels(DType a, DType b, const Product& p) {
  return has_kernels(a) && panel_kernels(is_bf16_product(a, b)).suits(p);
}

PanelProduct block_of(const PanelProduct& p, int64_t i, int64_t j, int64_t m, int64_t n) {
  PanelProduct q = p;
  q.m = m;
  q.n = n;
  q.a.data = advance(p.a.data, p.a_type, i * p.a.row);
  q.b.data = advance(p.b.data, p.b_type, j * p.b.column);
  q.c = const_cast<void*>(advance(p.c, p.c_type, i * p.row + j));
  if (p.bias) q.bias += j;
  return q;
}

// How C is cut into blocks for products in panels. Each thread packs the columns of B for itself,
// so rows are only cut where columns are few or rows are many.
struct PanelGrid {
  int64_t rows, columns, m, n;  // numbers of blocks, and their sizes

  PanelGrid(const PanelProduct& p, int64_t tasks, int64_t width) {
    // Columns: A is packed for each block of them. A few rows cannot be cut instead.
    const int64_t fewest = p.m < 256 ? 128 : 256;
    constexpr int64_t kMost = 416;
    // A power of two, which two or four threads share evenly.
    const auto wanted = static_cast<uint64_t>(std::clamp<int64_t>(p.n / fewest, 1, tasks));
    columns = std::max(static_cast<int64_t>(std::bit_ceil(wanted)), ceil_div(p.n, kMost));
    rows = p.m >= 512 || columns == 1
               ? std::clamp<int64_t>(tasks / columns, 1, std::max<int64_t>(p.m / 64, 1))
               : 1;
    m = ceil_div(p.m, rows);
    n = part_size(p.n, columns, width);
  }
};

// Adds up C in f32 with compute(), without beta and bias, then rounds it.
template <class F>
void in_f32(const PanelProduct& p, F compute) {
  constexpr int64_t kGrain = 1 << 16;  // elements
  const Room room(p.m * p.n * size_of(DType::f32));
  PanelProduct q = p;
  q.c = room.data();
  q.c_type = DType::f32;
  q.row = p.n;
  q.beta = 0;
  q.bias = nullptr;
  compute(q);
  parallel_range(p.m, ceil_div(kGrain, p.n), [&](int64_t begin, int64_t end) {
    std::vector<float> before(static_cast<size_t>(p.beta ? p.n : 0));
    for (int64_t i = begin; i < end; ++i) {
      float* const row = static_cast<float*>(room.data()) + i * p.n;
      void* const to = const_cast<void*>(advance(p.c, p.c_type, i * p.row));
      if (p.beta) {
        strided::convert(p.c_type, to, 1, DType::f32, before.data(), 1, p.n);
        strided::add(row, 1, before.data(), 1, p.n);
      }
      if (p.bias) strided::add(row, 1, p.bias, 1, p.n);
      strided::convert(DType::f32, row, 1, p.c_type, to, 1, p.n);
    }
  });
}

// Whether k has so many parts that the kernel, which rounds a C in bf16 after the last one, would
// take so few columns at a time that rows of A are packed too often.
bool adds_up_in_f32(const kernels::PanelKernels& kernel, const PanelProduct& p) {
  constexpr int64_t kMost = 2;
  return p.c_type != DType::f32 && kernel.parts(p.k) > kMost;
}

// Multiplies parts of k with a packed B or, if `packed` is null, packs it on the way.
void multiply_panels(const kernels::PanelKernels& kernel, const PanelProduct& p, int64_t part,
                     int64_t end, const void* packed) {
  const int64_t work = p.m * p.n * (p.k * (end - part) / kernel.parts(p.k));
  const PanelGrid grid(p, std::clamp<int64_t>(work / kTaskWork, 1, kMaxTasks), kernel.width());
  // Where no rows follow, a part is packed just before it is used, and stays in the L2 cache.
  const int64_t together = grid.rows == 1 && p.c_type == DType::f32 ? 1 : end - part;
  int64_t bytes = 0;
  for (int64_t i = part; i < end; i += together)
    bytes = std::max(bytes, kernel.packed_size(p.k, grid.n, i, i + together));
  PerThread<PackedColumns> columns;
  const auto run_task = [&](int64_t task) {
    const int64_t i = task % grid.rows * grid.m, j = task / grid.rows * grid.n;
    if (i >= p.m || j >= p.n) return;
    const int64_t m = std::min(grid.m, p.m - i), n = std::min(grid.n, p.n - j);
    if (packed) return kernel.multiply(block_of(p, i, 0, m, p.n), part, end, j, j + n, packed);
    const PanelProduct block = block_of(p, i, j, m, n);
    PackedColumns& mine = columns.mine(bytes);
    for (int64_t first = part; first < end; first += together) {
      if (together < end - part || mine.first != j)
        for (int64_t q = first; q < first + together; ++q)
          kernel.pack(block, q, 0, n,
                      static_cast<char*>(mine.room.data()) + kernel.packed_size(p.k, n, first, q));
      mine.first = j;
      kernel.multiply(block, first, first + together, 0, n, mine.room.data());
    }
  };
  parallel_for(grid.rows * grid.columns, run_task, Denormals::flush);
}

void run_panels(const kernels::PanelKernels& kernel, const PanelProduct& p) {
  if (adds_up_in_f32(kernel, p))
    return in_f32(p, [&](const PanelProduct& q) { run_panels(kernel, q); });
  constexpr int64_t kParts = 12;  // of k at a time, so that packed columns stay in the L3 cache
  const int64_t parts = kernel.parts(p.k), together = p.c_type == DType::f32 ? kParts : parts;
  for (int64_t part = 0; part < parts; part += together)
    multiply_panels(kernel, p, part, std::min(part + together, parts), nullptr);
}

// A product with few rows.
void run_rows(const PanelProduct& p) {
  const kernels::RowProductKernels& kernel = row_kernels(p.b_type);
  // Elements of B, which a thread reads or multiplies with some rows in some tens of microseconds.
  constexpr int64_t kTaskElements = 1 << 18, kTaskRows = 8;
  constexpr int64_t kSmall = 4096;
  alignas(64) char small[kSmall];
  const int64_t bytes = kernel.packed_size(p.m, p.k);
  std::optional<Room> room;
  if (bytes > kSmall) room.emplace(bytes);
  void* const packed = room ? room->data() : small;
  kernel.pack(p, packed);
  const int64_t work = p.n * p.k * ceil_div(p.m, kTaskRows);
  const int64_t tasks = std::clamp<int64_t>(work / kTaskElements, 1, kMaxTasks);
  const int64_t step = part_size(p.n, tasks, kGranule);
  const auto run_task = [&](int64_t task) {
    const int64_t first = task * step, last = std::min(p.n, first + step);
    if (first < last) kernel.multiply(p, first, last, packed);
  };
  parallel_for(tasks, run_task, Denormals::flush);
}

// A matrix in f32: itself, or a copy in `room`.
Matrix widened(const Matrix& x, DType type, int64_t rows, int64_t columns,
               std::optional<Room>& room) {
  if (type == DType::f32) return x;
  const bool by_rows = x.column == 1;
  const int64_t lines = by_rows ? rows : columns, n = by_rows ? columns : rows;
  room.emplace(rows * columns * size_of(DType::f32));
  float* const to = static_cast<float*>(room->data());
  for (int64_t i = 0; i < lines; ++i)
    strided::convert(type, advance(x.data, type, i * (by_rows ? x.row : x.column)), 1, DType::f32,
                     to + i * n, 1, n);
  return by_rows ? Matrix{to, n, 1} : Matrix{to, 1, n};
}

// The product for which there are no panels, in f32.
void run_widened(const PanelProduct& p) {
  std::optional<Room> a_room, b_room;
  const Matrix a = widened(p.a, p.a_type, p.m, p.k, a_room);
  const Matrix b = widened(p.b, p.b_type, p.k, p.n, b_room);
  in_f32(p, [&](const PanelProduct& q) { gemm(DType::f32, q.m, q.n, q.k, a, b, q.c, q.row); });
}

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
  // Chosen here, because other threads may not be in the scope of Bf16Products.
  const kernels::PanelKernels& panels = panel_kernels(is_bf16_product(dtype, dtype));
  const auto nth_panels = [&](int64_t i) {
    const Product p = nth(i);
    return PanelProduct{m, n, k, p.a, p.b, dtype, dtype, dtype, p.c, row, beta, nullptr};
  };
  const bool in_rows = suits_rows(nth_panels(0));
  const bool in_panels = !in_rows && suits_panels(dtype, dtype, first),
             whole = in_rows || in_panels;
  const auto run_whole = [&](int64_t i) {
    if (in_rows) run_rows(nth_panels(i));
    else run_panels(panels, nth_panels(i));
  };
  // Products with a tiny dimension are memory-bound: weight their work higher.
  const int64_t per_element = std::min({m, n, k}) < 8 ? 8 : 1;
  const int64_t work = m * n * std::max<int64_t>(k, 1) * per_element;
  const bool small = batch * work < 2 * kTaskWork;  // the whole batch is one task
  if (batch < kMaxTasks && (in_rows || (in_panels && !small))) {
    for (int64_t i = 0; i < batch; ++i) run_whole(i);
    return;
  }
  const Grid grid(first,
                  small || whole || batch >= kMaxTasks ? 1 : std::min(kMaxTasks, work / kTaskWork));
  const int64_t blocks = grid.rows * grid.columns;
  const int64_t products = small ? batch : std::max<int64_t>(1, kTaskWork / work);  // per task
  const int64_t groups = ceil_div(batch, products);
  const auto run_task = [&](int64_t task) {
    const int64_t block = task % blocks, group = task / blocks;
    const int64_t i = block / grid.columns * grid.m, j = block % grid.columns * grid.n;
    if (i >= m || j >= n) return;
    for (int64_t l = group * products; l < std::min(batch, (group + 1) * products); ++l)
      if (whole) run_whole(l);
      else
        run(dtype, block_of(dtype, nth(l), i, j, std::min(grid.m, m - i), std::min(grid.n, n - j)));
  };
  parallel_for(groups * blocks, run_task, Denormals::flush);
}

void gemm(ProductTypes types, int64_t m, int64_t n, int64_t k, Matrix a, Matrix b, void* c,
          int64_t row, int beta, const float* bias) {
  if (m == 0 || n == 0) return;
  const PanelProduct p{m, n, k, a, b, types.a, types.b, types.c, c, row, beta, bias};
  if (suits_rows(p)) run_rows(p);
  else if (suits_panels(types.a, types.b, {m, n, k, a, b, c, row, beta}))
    run_panels(panel_kernels(is_bf16_product(types.a, types.b)), p);
  else if (types.a == types.b && types.a == types.c && !bias)
    gemm(types.a, m, n, k, a, b, c, row, beta);
  else run_widened(p);
}

bool is_openblas_wanted(const char* value) {
  if (!value || std::string_view(value) == "own") return false;
  if (std::string_view(value) == "openblas") return true;
  throw ValueError(fmt::format(
      "TAPEHEAD_GEMM: '{}' is not a set of matrix products; use own or openblas", value));
}

Bf16Products::Bf16Products(bool on) : before_(in_bf16) { in_bf16 = on; }
Bf16Products::~Bf16Products() { in_bf16 = before_; }
bool multiplies_in_bf16() { return in_bf16 || matmul_precision() == Precision::medium; }

bool has_own_products() {
  constexpr int64_t kSize = 1000;  // any that is not small
  const Matrix matrix{nullptr, kSize, 1};
  return suits_panels(DType::f32, DType::f32,
                      {kSize, kSize, kSize, matrix, matrix, nullptr, kSize, 0});
}

PackedMatrix::PackedMatrix(DType type, DType other, int64_t k, int64_t n, Matrix b)
    : type_(type), other_(other), in_bf16_(is_bf16_product(other, type)), k_(k), n_(n), b_(b) {
  constexpr int64_t kRows = 64;  // any number that is not small
  if (!suits_panels(other, type, {.m = kRows, .n = n, .k = k, .a = {nullptr, k, 1}, .b = b}))
    return;
  const kernels::PanelKernels& kernel = panel_kernels(in_bf16_);
  const int64_t parts = kernel.parts(k), width = kernel.width();
  bytes_ = static_cast<size_t>(kernel.packed_size(k, n, 0, parts));
  packed_ = detail::allocate(bytes_);
  constexpr int64_t kGrain = 1 << 16;  // elements
  const PanelProduct p{.n = n, .k = k, .b = b, .b_type = type};
  parallel_range(ceil_div(n, width), std::max<int64_t>(kGrain / (width * k), 1),
                 [&](int64_t begin, int64_t end) {
                   for (int64_t part = 0; part < parts; ++part)
                     kernel.pack(p, part, begin * width, std::min(end * width, n),
                                 static_cast<char*>(packed_) + kernel.packed_size(k, n, 0, part));
                 });
}
PackedMatrix::~PackedMatrix() {
  if (packed_) detail::deallocate(packed_, bytes_);
}

void PackedMatrix::multiply(int64_t m, Matrix a, DType c_type, void* c, int64_t row, int beta,
                            const float* bias) const {
  if (!packed_ || m < 2) return gemm({other_, type_, c_type}, m, n_, k_, a, b_, c, row, beta, bias);
  const kernels::PanelKernels& kernel = panel_kernels(in_bf16_);
  const PanelProduct p{m, n_, k_, a, b_, other_, type_, c_type, c, row, beta, bias};
  const auto run = [&](const PanelProduct& q) {
    multiply_panels(kernel, q, 0, kernel.parts(k_), packed_);
  };
  if (adds_up_in_f32(kernel, p)) in_f32(p, run);
  else run(p);
}

}  // namespace tapehead::core
