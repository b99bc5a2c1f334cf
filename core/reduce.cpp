#include "tapehead/core/detail/reduce.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "tapehead/core/detail/ceil_div.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"
#include "tapehead/core/kernels/loop.h"
#include "tapehead/core/parallel.h"

namespace tapehead::core {
namespace {

using kernels::Reducer;

constexpr int64_t kReduceGrain = 1 << 15;  // elements that justify a thread
constexpr int64_t kMaxColumns = 256;       // columns whose totals a task holds
constexpr int64_t kMaxPieces = 64;         // limit for splitting one long reduction

// One axis of the loops; strides in bytes.
struct Axis {
  int64_t size, step, out_step;
};

struct AxisList {
  Axis axes[Shape::kMaxRank];
  int count = 0;

  int64_t numel() const {
    int64_t n = 1;
    for (int i = 0; i < count; ++i) n *= axes[i].size;
    return n;
  }
  // Appends an axis inside the last one, merging the two if both strides allow it.
  void append(const Axis& a) {
    if (a.size == 1) return;
    if (count > 0) {
      Axis& last = axes[count - 1];
      if (last.step == a.step * a.size && last.out_step == a.out_step * a.size) {
        last = {last.size * a.size, a.step, a.out_step};
        return;
      }
    }
    axes[count++] = a;
  }
  // Removes the axis with the smallest stride.
  Axis take_inner() {
    if (count == 0) return {1, 0, 0};
    int best = count - 1;
    for (int i = count - 2; i >= 0; --i)
      if (std::abs(axes[i].step) < std::abs(axes[best].step)) best = i;
    const Axis inner = axes[best];
    std::copy(axes + best + 1, axes + count, axes + best);
    --count;
    return inner;
  }
  // Byte offsets of a row-major position.
  Axis offset(int64_t position) const {
    Axis at{0, 0, 0};
    for (int i = count - 1; i >= 0; --i) {
      const int64_t index = position % axes[i].size;
      position /= axes[i].size;
      at.step += index * axes[i].step;
      at.out_step += index * axes[i].out_step;
    }
    return at;
  }
};

// The loops of a reduction: tiles of rows (reduced) x cols (kept) within the other axes.
struct Plan {
  AxisList kept, reduced;
  Axis rows, cols;
  int64_t outer, steps;              // positions of the other kept and reduced axes
  int64_t block, blocks;             // columns per block, and the number of blocks
  int64_t rows_at_once, row_cuts;    // pieces of a long reduction: rows of one step ...
  int64_t steps_at_once, step_cuts;  // ... or whole steps

  Plan(const Tensor& x, const Tensor& out, uint32_t mask) {
    const int64_t bytes = size_of(x.dtype());
    int64_t out_step = out.numel() * size_of(out.dtype());
    AxisList gone;
    for (int i = 0; i < x.dim(); ++i) {
      const int64_t size = x.shape()[i], step = x.strides()[i] * bytes;
      if (mask >> i & 1) gone.append({size, step, 0});
      else kept.append({size, step, out_step /= size});
    }
    // Stable, and without the memory that std::stable_sort allocates.
    for (int i = 1; i < gone.count; ++i)
      for (int at = i; at > 0 && std::abs(gone.axes[at - 1].step) < std::abs(gone.axes[at].step);
           --at)
        std::swap(gone.axes[at - 1], gone.axes[at]);
    for (int i = 0; i < gone.count; ++i) reduced.append(gone.axes[i]);
    rows = reduced.take_inner();
    cols = kept.take_inner();
    outer = kept.numel();
    steps = reduced.numel();
    cut(cols.step != bytes || cols.size == 1);
  }

  int64_t pieces() const { return row_cuts * step_cuts; }

 private:
  void cut(bool by_rows) {
    const int64_t each = rows.size * steps;
    block = std::min(cols.size, kMaxColumns);
    if (by_rows) block = std::min(block, std::max<int64_t>(1, kReduceGrain / each));
    blocks = ceil_div(cols.size, block);
    rows_at_once = rows.size;
    steps_at_once = steps;
    if (each * block > 2 * kReduceGrain) {
      if (steps > 1) steps_at_once = piece(steps, kReduceGrain / (rows.size * block));
      else rows_at_once = piece(rows.size, kReduceGrain / block);
    }
    row_cuts = ceil_div(rows.size, rows_at_once);
    step_cuts = ceil_div(steps, steps_at_once);
  }
  static int64_t piece(int64_t size, int64_t wanted) {
    return std::max({int64_t{1}, wanted, ceil_div(size, kMaxPieces)});
  }
};

// Accumulates piece `piece` of one block of columns into totals.
void run_piece(const Reducer& kernel, const Plan& p, const char* x, int64_t count, int64_t piece,
               char* totals) {
  const int64_t row = piece % p.row_cuts * p.rows_at_once;
  const int64_t rows = std::min(p.rows_at_once, p.rows.size - row);
  const int64_t first = piece / p.row_cuts * p.steps_at_once;
  const int64_t last = std::min(first + p.steps_at_once, p.steps);
  kernel.start(totals, count);
  for (int64_t s = first; s < last; ++s)
    kernel.tile(x + p.reduced.offset(s).step + row * p.rows.step, rows, count, p.rows.step,
                p.cols.step, totals);
}

struct Unit {
  const char* x;
  char* out;
  int64_t count;
};

// Unit u is one block of columns at one position of the outer kept axes.
Unit unit_at(const Plan& p, const Tensor& x, const Tensor& out, int64_t u) {
  const int64_t first = u % p.blocks * p.block;
  const Axis at = p.kept.offset(u / p.blocks);
  return {x.raw() + at.step + first * p.cols.step,
          out.raw() + at.out_step + first * p.cols.out_step,
          std::min(p.block, p.cols.size - first)};
}

void run(const Reducer& kernel, const Plan& p, const Tensor& x, const Tensor& out, double arg) {
  const int64_t units = p.outer * p.blocks, pieces = p.pieces();
  const int64_t each = p.rows.size * p.steps;
  const auto finish = [&](const Unit& u, const char* totals) {
    kernel.finish(totals, u.count, u.out, p.cols.out_step, static_cast<double>(each), arg);
  };
  if (pieces == 1) {
    parallel_range(units, std::max<int64_t>(1, kReduceGrain / (p.block * each)),
                   [&](int64_t begin, int64_t end) {
                     alignas(64) char totals[kMaxColumns * Reducer::kMaxRecord];
                     for (int64_t u = begin; u < end; ++u) {
                       const Unit unit = unit_at(p, x, out, u);
                       run_piece(kernel, p, unit.x, unit.count, 0, totals);
                       finish(unit, totals);
                     }
                   });
    return;
  }
  const int64_t bytes = p.block * kernel.record;
  const Tensor partials = empty({units * pieces * bytes}, u8);
  char* const all = partials.raw();
  parallel_for(units * pieces, [&](int64_t task) {
    const Unit unit = unit_at(p, x, out, task / pieces);
    run_piece(kernel, p, unit.x, unit.count, task % pieces, all + task * bytes);
  });
  for (int64_t u = 0; u < units; ++u) {
    const Unit unit = unit_at(p, x, out, u);
    char* const totals = all + u * pieces * bytes;
    for (int64_t piece = 1; piece < pieces; ++piece)
      kernel.merge(totals, totals + piece * bytes, unit.count);
    finish(unit, totals);
  }
}

}  // namespace

Shape reduced_shape(const Shape& shape, uint32_t mask, bool keepdim) {
  Shape out;
  for (int i = 0; i < shape.rank(); ++i) {
    if (!(mask >> i & 1)) out.push_back(shape[i]);
    else if (keepdim) out.push_back(1);
  }
  return out;
}

Tensor reduce(const char* op, kernels::Reduce kernel, const Tensor& x, uint32_t mask, bool keepdim,
              double arg) {
  const DType type = kernels::kernel_type(x.dtype());
  const Reducer& reducer = kernels::reducer(kernel, type);
  if (!reducer.tile)
    throw DTypeError(fmt::format("{}: expected a floating tensor, got {}; convert with to(f32)", op,
                                 describe(x)));
  if (type != x.dtype()) {
    const Tensor out = reduce(op, kernel, cast(x, type), mask, keepdim, arg);
    return cast(out, reducer.result == type ? x.dtype() : reducer.result);
  }
  const Tensor out = empty(reduced_shape(x.shape(), mask, keepdim), reducer.result);
  if (out.numel() == 0) return out;
  if (x.numel() == 0) {
    alignas(16) char total[Reducer::kMaxRecord];
    reducer.start(total, 1);
    for (int64_t i = 0; i < out.numel(); ++i)
      reducer.finish(total, 1, out.raw() + i * size_of(out.dtype()), 0, 0, arg);
    return out;
  }
  run(reducer, Plan(x, out, mask), x, out, arg);
  return out;
}

Tensor sum_to(const Tensor& x, const Shape& shape) {
  uint32_t mask = 0;
  const int added = x.dim() - shape.rank();
  for (int i = 0; i < x.dim(); ++i)
    if (i < added || (shape[i - added] == 1 && x.shape()[i] != 1)) mask |= 1u << i;
  if (mask == 0) return x;
  const Tensor out = reduce("sum_to", kernels::Reduce::sum, x, mask, true);
  return view_of(out, shape, contiguous_strides(shape), 0);
}

}  // namespace tapehead::core
