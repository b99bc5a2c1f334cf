#include "tapehead/core/detail/elementwise.h"

#include <fmt/format.h>

#include <algorithm>

#include "tapehead/core/error.h"
#include "tapehead/core/parallel.h"

namespace tapehead::core {
namespace {

constexpr int kMaxOperands = 6;
constexpr int64_t kGrain = 1 << 15;  // elements that are worth a thread

// The axes of an elementwise loop, innermost first, joined where all operands allow it.
struct Axes {
  int operands;
  int rank = 0;
  int64_t sizes[Shape::kMaxRank];
  int64_t strides[Shape::kMaxRank][kMaxOperands];  // in bytes

  Axes(std::span<const Tensor* const> tensors) : operands(static_cast<int>(tensors.size())) {
    const Shape& shape = tensors[0]->shape();
    for (int axis = shape.rank() - 1; axis >= 0; --axis) {
      if (shape[axis] == 1) continue;
      int64_t step[kMaxOperands];
      for (int k = 0; k < operands; ++k) step[k] = byte_stride(*tensors[k], shape.rank() - axis);
      if (!join(shape[axis], step)) append(shape[axis], step);
    }
    if (rank == 0) {
      const int64_t none[kMaxOperands] = {};
      append(1, none);
    }
  }

 private:
  static int64_t byte_stride(const Tensor& t, int from_the_end) {
    const int axis = t.dim() - from_the_end;
    if (axis < 0 || t.shape()[axis] == 1) return 0;
    return t.strides()[axis] * size_of(t.dtype());
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

// Rows first..last of the outer axes, each a call of the inner loop.
void run_rows(kernels::Loop loop, const Axes& axes, char* const* base, int64_t first, int64_t last,
              const double* args) {
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
    loop(data, axes.strides[0], axes.sizes[0], args);
    for (int a = 1; a < axes.rank; ++a) {
      for (int k = 0; k < axes.operands; ++k) data[k] += axes.strides[a][k];
      if (++position[a] < axes.sizes[a]) break;
      for (int k = 0; k < axes.operands; ++k) data[k] -= axes.strides[a][k] * axes.sizes[a];
      position[a] = 0;
    }
  }
}

template <class From>
kernels::Loop cast_loop(DType to) {
  return visit(to, []<class To>() -> kernels::Loop {
    return [](char* const* data, const int64_t* strides, int64_t n, const double*) {
      if (strides[0] == sizeof(To) && strides[1] == sizeof(From)) {
        To* out = reinterpret_cast<To*>(data[0]);
        const From* x = reinterpret_cast<const From*>(data[1]);
        for (int64_t i = 0; i < n; ++i) out[i] = static_cast<To>(x[i]);
        return;
      }
      for (int64_t i = 0; i < n; ++i)
        *reinterpret_cast<To*>(data[0] + i * strides[0]) =
            static_cast<To>(*reinterpret_cast<const From*>(data[1] + i * strides[1]));
    };
  });
}

int category(DType d) { return is_floating(d) ? 2 : is_integral(d) ? 1 : 0; }

// What a C++ number counts as: a double is of the default type, not f64.
DType scalar_type(const Tensor& t) {
  return t.impl()->is_scalar && t.dtype() == f64 ? f32 : t.dtype();
}

}  // namespace

DType result_type(const Tensor& a, const Tensor& b) {
  if (a.dtype() == b.dtype() && a.impl()->is_scalar == b.impl()->is_scalar) return a.dtype();
  const auto priority = [](const Tensor& t) { return t.impl()->is_scalar ? 0 : t.dim() == 0 ? 1 : 2; };
  const int pa = priority(a), pb = priority(b);
  const DType da = scalar_type(a), db = scalar_type(b);
  if (pa == pb) return promote(da, db);
  const auto [strong, weak] = pa > pb ? std::pair(da, db) : std::pair(db, da);
  return category(strong) >= category(weak) ? strong : weak;
}

void run_loop(kernels::Loop loop, std::span<const Tensor* const> tensors, const double* args) {
  const int64_t n = tensors[0]->numel();
  if (n == 0) return;
  const Axes axes(tensors);
  char* base[kMaxOperands];
  for (int k = 0; k < axes.operands; ++k) base[k] = tensors[static_cast<size_t>(k)]->raw();
  if (axes.rank == 1) {
    parallel_range(n, kGrain, [&](int64_t begin, int64_t end) {
      char* data[kMaxOperands];
      for (int k = 0; k < axes.operands; ++k) data[k] = base[k] + begin * axes.strides[0][k];
      loop(data, axes.strides[0], end - begin, args);
    });
    return;
  }
  const int64_t rows = n / axes.sizes[0];
  parallel_range(rows, std::max<int64_t>(1, kGrain / axes.sizes[0]), [&](int64_t begin, int64_t end) {
    run_rows(loop, axes, base, begin, end, args);
  });
}

void copy_into(const Tensor& to, const Tensor& from) {
  if (!broadcasts_to(from.shape(), to.shape()))
    throw ShapeError(fmt::format("copy_: shape {} does not broadcast to {}", from.shape().str(),
                                 to.shape().str()));
  const kernels::Loop loop =
      visit(from.dtype(), [&]<class From>() { return cast_loop<From>(to.dtype()); });
  const Tensor* tensors[] = {&to, &from};
  run_loop(loop, tensors);
}

void add_into(const Tensor& to, const Tensor& x) {
  const Tensor* tensors[] = {&to, &to, &x};
  run_loop(kernels::loop(kernels::Binary::add, to.dtype()), tensors);
}

Tensor cast(const Tensor& x, DType dtype) {
  if (x.dtype() == dtype) return x;
  Tensor out = empty(x.shape(), dtype);
  copy_into(out, x);
  return out;
}

Tensor contiguous(const Tensor& x) {
  if (x.is_contiguous()) return x;
  Tensor out = empty_like(x);
  copy_into(out, x);
  return out;
}

Tensor full(const Shape& shape, double value, DType dtype) {
  Tensor out = empty(shape, dtype);
  copy_into(out, Tensor(value));
  return out;
}

Tensor unary(const char* op, kernels::Unary kernel, const Tensor& x) {
  const kernels::Loop loop = kernels::loop(kernel, x.dtype());
  if (!loop)
    throw DTypeError(fmt::format("{}: {} is not a type it takes; convert with to(f32)", op, describe(x)));
  Tensor out = empty(x.shape(), x.dtype());
  const Tensor* tensors[] = {&out, &x};
  run_loop(loop, tensors);
  return out;
}

Tensor binary(const char* op, kernels::Binary kernel, const Tensor& a, const Tensor& b) {
  const DType dtype = result_type(a, b);
  const kernels::Loop loop = kernels::loop(kernel, dtype);
  if (!loop)
    throw DTypeError(fmt::format("{}: does not take {}; convert with to(f32)", op, name(dtype)));
  const Tensor x = cast(a, dtype), y = cast(b, dtype);
  Tensor out = empty(a.shape() == b.shape() ? a.shape() : broadcast_shapes(op, a.shape(), b.shape()), dtype);
  const Tensor* tensors[] = {&out, &x, &y};
  run_loop(loop, tensors);
  return out;
}

}  // namespace tapehead::core
