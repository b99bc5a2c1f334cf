#include "tapehead/core/detail/loop.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "tapehead/core/detail/ceil_div.h"
#include "tapehead/core/kernels/elementwise_kernels.h"
#include "tapehead/core/kernels/index.h"
#include "tapehead/core/parallel.h"

namespace tapehead::core {
namespace {

constexpr int64_t kLoopGrain = 1 << 15;  // elements that justify a thread

bool is_dense(const LoopOperand& x) {
  int64_t step = 1;
  for (int i = x.sizes->rank() - 1; i >= 0; --i) {
    const int64_t size = (*x.sizes)[i];
    if (size == 1) continue;
    if ((*x.strides)[i] != step) return false;
    step *= size;
  }
  return true;
}

// The axes of an elementwise loop, innermost first, merged where all operands allow it.
struct LoopAxes {
  int operands;
  int rank = 0;
  int64_t sizes[Shape::kMaxRank];
  int64_t strides[Shape::kMaxRank][kMaxOperands];  // in bytes

  explicit LoopAxes(std::span<const LoopOperand> list) : operands(static_cast<int>(list.size())) {
    const Shape& shape = *list[0].sizes;
    for (int axis = shape.rank() - 1; axis >= 0; --axis) {
      if (shape[axis] == 1) continue;
      int64_t step[kMaxOperands];
      for (int k = 0; k < operands; ++k)
        step[k] = byte_stride(list[static_cast<size_t>(k)], shape.rank() - axis);
      if (!join(shape[axis], step)) append(shape[axis], step);
    }
    if (rank == 0) {
      const int64_t none[kMaxOperands] = {};
      append(1, none);
    }
  }

 private:
  static int64_t byte_stride(const LoopOperand& x, int from_the_end) {
    const int axis = x.sizes->rank() - from_the_end;
    if (axis < 0 || (*x.sizes)[axis] == 1) return 0;
    return (*x.strides)[axis] * x.item;
  }
  bool join(int64_t size, const int64_t* step) {
    if (rank == 0) return false;
    for (int k = 0; k < operands; ++k)
      if (step[k] != strides[rank - 1][k] * sizes[rank - 1]) return false;
    sizes[rank - 1] *= size;
    return true;
  }
  void append(int64_t size, const int64_t* step) {
    sizes[rank] = size;
    std::copy_n(step, operands, strides[rank++]);
  }
};

// The inner loop, and the conversions of operands that are not of its types.
class InnerLoop {
 public:
  InnerLoop(kernels::Loop loop, std::span<const LoopOperand> operands, const double* numbers)
      : loop_(loop), operands_(operands), numbers_(numbers) {
    for (const LoopOperand& x : operands) converts_ |= x.convert != nullptr;
  }

  void operator()(char* const* data, const int64_t* strides, int64_t n) const {
    if (!converts_) loop_(data, strides, n, numbers_);
    else in_blocks(data, strides, n);
  }

 private:
  void in_blocks(char* const* data, const int64_t* strides, int64_t n) const {
    constexpr int64_t kBlock = 1024;
    alignas(64) char buffers[kMaxOperands][kBlock * kLargest];
    char* at[kMaxOperands];
    int64_t steps[kMaxOperands];
    for (int64_t begin = 0; begin < n; begin += kBlock) {
      const int64_t count = std::min(n - begin, kBlock);
      for (size_t k = 0; k < operands_.size(); ++k) {
        const LoopOperand& x = operands_[k];
        at[k] = data[k] + begin * strides[k];
        steps[k] = strides[k];
        if (!x.convert) continue;
        char* const original = std::exchange(at[k], buffers[k]);
        const bool is_single = k > 0 && strides[k] == 0;
        steps[k] = is_single ? 0 : x.converted_item;
        if (k == 0 || (is_single && begin > 0)) continue;
        char* const both[] = {buffers[k], original};
        const int64_t both_steps[] = {x.converted_item, strides[k]};
        x.convert(both, both_steps, is_single ? 1 : count, nullptr);
      }
      loop_(at, steps, count, numbers_);
      if (!operands_[0].convert) continue;
      char* const both[] = {data[0] + begin * strides[0], buffers[0]};
      const int64_t both_steps[] = {strides[0], operands_[0].converted_item};
      operands_[0].convert(both, both_steps, count, nullptr);
    }
  }

  static constexpr int64_t kLargest = 4;  // elements are converted from and to f32 and i32

  kernels::Loop loop_;
  std::span<const LoopOperand> operands_;
  const double* numbers_;
  bool converts_ = false;
};

void swap_axes(LoopAxes& axes, int a, int b) {
  std::swap(axes.sizes[a], axes.sizes[b]);
  for (int k = 0; k < axes.operands; ++k) std::swap(axes.strides[a][k], axes.strides[b][k]);
}

// Calls the inner loop for rows first..last of the outer axes.
void run_rows(const InnerLoop& loop, const LoopAxes& axes, char* const* base, int64_t first,
              int64_t last) {
  int64_t position[Shape::kMaxRank] = {};
  char* data[kMaxOperands];
  std::copy_n(base, axes.operands, data);
  int64_t rest = first;
  for (int a = 1; a < axes.rank; ++a) {
    position[a] = rest % axes.sizes[a];
    rest /= axes.sizes[a];
    for (int k = 0; k < axes.operands; ++k) data[k] += position[a] * axes.strides[a][k];
  }
  for (int64_t row = first; row < last; ++row) {
    loop(data, axes.strides[0], axes.sizes[0]);
    for (int a = 1; a < axes.rank; ++a) {
      for (int k = 0; k < axes.operands; ++k) data[k] += axes.strides[a][k];
      if (++position[a] < axes.sizes[a]) break;
      for (int k = 0; k < axes.operands; ++k) data[k] -= axes.strides[a][k] * axes.sizes[a];
      position[a] = 0;
    }
  }
}

// Splits a single run of elements among threads.
void run_flat(const InnerLoop& loop, char* const* base, const int64_t* strides, int operands,
              int64_t n) {
  parallel_range(n, kLoopGrain, [&](int64_t begin, int64_t end) {
    char* data[kMaxOperands];
    for (int k = 0; k < operands; ++k) data[k] = base[k] + begin * strides[k];
    loop(data, strides, end - begin);
  });
}

}  // namespace

void run_loop(kernels::Loop kernel, std::span<const LoopOperand> operands, const double* numbers) {
  const int64_t n = operands[0].sizes->numel();
  if (n == 0) return;
  const InnerLoop loop(kernel, operands, numbers);
  const int count = static_cast<int>(operands.size());
  char* base[kMaxOperands];
  int64_t strides[kMaxOperands];
  // The common case: every operand has one element, or is contiguous with the result's shape.
  bool flat = true;
  for (int k = 0; k < count; ++k) {
    const LoopOperand& x = operands[static_cast<size_t>(k)];
    base[k] = x.data;
    const int64_t elements = x.sizes->numel();
    strides[k] = elements == n ? x.item : 0;
    flat = flat && (elements == 1 || (elements == n && is_dense(x)));
  }
  if (flat) return run_flat(loop, base, strides, count, n);

  const LoopAxes axes(operands);
  if (axes.rank == 1) return run_flat(loop, base, axes.strides[0], count, n);
  const int64_t rows = n / axes.sizes[0];
  parallel_range(rows, std::max<int64_t>(1, kLoopGrain / axes.sizes[0]),
                 [&](int64_t begin, int64_t end) { run_rows(loop, axes, base, begin, end); });
}

namespace {

// The axis along which the elements of `from` are adjacent, if it is not the innermost of `to`,
// whose elements are adjacent there; else 0. Both must be long.
int transposed_axis(const LoopAxes& axes, int64_t item) {
  constexpr int64_t kLong = 8;
  const int64_t to = axes.strides[0][0], from = axes.strides[0][1];
  if (to != item || from == item || from == 0 || axes.sizes[0] < kLong) return 0;
  for (int a = 1; a < axes.rank; ++a)
    if (axes.strides[a][1] == item && axes.sizes[a] >= kLong) return a;
  return 0;
}

// Copies planes of axes 0 and 1, which are transposed in memory, in bands of rows.
void run_transposed(const LoopAxes& axes, char* to, char* from, DType dtype) {
  constexpr int64_t kBand = 64;
  const auto transpose = kernels::index().transpose[static_cast<int>(dtype)];
  const int64_t item = size_of(dtype), rows = axes.sizes[1], columns = axes.sizes[0];
  const int64_t bands = ceil_div(rows, kBand);
  int64_t planes = 1;
  for (int a = 2; a < axes.rank; ++a) planes *= axes.sizes[a];
  const auto copy_band = [&](int64_t task) {
    const int64_t first = task % bands * kBand;
    int64_t rest = task / bands, at[2];
    for (int k = 0; k < 2; ++k) at[k] = first * axes.strides[1][k];
    for (int a = 2; a < axes.rank; ++a) {
      for (int k = 0; k < 2; ++k) at[k] += rest % axes.sizes[a] * axes.strides[a][k];
      rest /= axes.sizes[a];
    }
    transpose(to + at[0], axes.strides[1][0] / item, from + at[1], axes.strides[0][1] / item,
              std::min(kBand, rows - first), columns);
  };
  parallel_range(planes * bands, std::max<int64_t>(1, kLoopGrain / (kBand * columns)),
                 [&](int64_t begin, int64_t end) {
                   for (int64_t task = begin; task < end; ++task) copy_band(task);
                 });
}

}  // namespace

void run_copy(const LoopOperand& to, const LoopOperand& from, DType dtype) {
  constexpr int64_t kShort = 8;
  const kernels::Loop loop = kernels::cast_loop(dtype, dtype);
  const LoopOperand operands[] = {to, from};
  if (to.sizes->numel() == 0 || (is_dense(to) && is_dense(from)))
    return run_loop(loop, operands, nullptr);
  LoopAxes axes(operands);
  if (const int axis = transposed_axis(axes, to.item)) {
    swap_axes(axes, 1, axis);
    return run_transposed(axes, to.data, from.data, dtype);
  }
  // Loops over a longer axis than a short innermost one, whose elements are close together.
  const auto step = [&](int a) {
    return std::abs(axes.strides[a][0]) + std::abs(axes.strides[a][1]);
  };
  int longer = 0;
  for (int a = 1; a < axes.rank; ++a)
    if (axes.sizes[a] >= 2 * kShort && (longer == 0 || step(a) < step(longer))) longer = a;
  if (axes.sizes[0] >= kShort || longer == 0) return run_loop(loop, operands, nullptr);
  swap_axes(axes, 0, longer);
  char* const base[] = {to.data, from.data};
  const int64_t rows = to.sizes->numel() / axes.sizes[0];
  parallel_range(rows, std::max<int64_t>(1, kLoopGrain / axes.sizes[0]),
                 [&](int64_t begin, int64_t end) {
                   run_rows(InnerLoop(loop, operands, nullptr), axes, base, begin, end);
                 });
}

}  // namespace tapehead::core
