#include "tapehead/core/detail/elementwise.h"

#include <fmt/format.h>

#include <algorithm>

#include "tapehead/core/detail/loop.h"
#include "tapehead/core/error.h"
#include "tapehead/core/kernels/elementwise_kernels.h"

namespace tapehead::core {
namespace {

int category(DType d) { return is_floating(d) ? 2 : is_integral(d) ? 1 : 0; }

// Priority in type promotion: C++ numbers yield to 0-d tensors, and those to all others.
int rank_of(const Tensor& t) { return is_number(t) ? 0 : t.dim() == 0 ? 1 : 2; }

// The type for promotion: a C++ double counts as the default type, not f64.
DType type_of(const Tensor& t) { return is_number(t) && t.dtype() == f64 ? f32 : t.dtype(); }

// The elements of a tensor as they are in memory.
LoopOperand stored(const Tensor& t) {
  return {t.raw(), &t.shape(), &t.strides(), size_of(t.dtype())};
}

// As an operand of a kernel, which computes in kernel_type(dtype).
LoopOperand computed(LoopOperand x, DType dtype) {
  const DType type = kernels::kernel_type(dtype);
  if (type != dtype) {
    x.convert = kernels::cast_loop(dtype, type);
    x.converted_item = size_of(type);
  }
  return x;
}
// Likewise, as the result.
LoopOperand computed_result(LoopOperand x, DType dtype) {
  x = computed(x, dtype);
  if (x.convert) x.convert = kernels::cast_loop(kernels::kernel_type(dtype), dtype);
  return x;
}
LoopOperand operand_of(const Tensor& t) { return computed(stored(t), t.dtype()); }
LoopOperand result_of(const Tensor& t) { return computed_result(stored(t), t.dtype()); }

void convert(const LoopOperand& to, DType to_type, const LoopOperand& from, DType from_type) {
  if (const kernels::Loop direct = kernels::cast_loop(from_type, to_type)) {
    const LoopOperand operands[] = {to, from};
    return run_loop(direct, operands, nullptr);
  }
  const LoopOperand operands[] = {computed_result(to, to_type), computed(from, from_type)};
  run_loop(kernels::cast_loop(kernels::kernel_type(from_type), kernels::kernel_type(to_type)),
           operands, nullptr);
}

// An operand converted to `dtype`: the tensor itself or a copy. A single element, such as a C++
// number, is converted without allocating a tensor.
class Converted {
 public:
  enum For { kCopy, kCompute };  // the loop copies elements, or computes in kernel_type(dtype)

  Converted(const char* op, const Tensor& t, DType dtype, For loop = kCompute) {
    if (is_number(t) && t.dtype() != dtype && !is_floating(dtype)) check_range(op, t, dtype);
    if (t.dtype() == dtype) {
      set(stored(t), dtype, loop);
    } else if (t.numel() != 1) {
      copy_ = cast(t, dtype);
      set(stored(copy_), dtype, loop);
    } else {  // a number is not rounded to f16
      const DType type = is_number(t) && loop == kCompute ? kernels::kernel_type(dtype) : dtype;
      static const Shape no_axes;
      const LoopOperand value{value_, &no_axes, &no_axes, size_of(type)};
      convert(value, type, {t.raw(), &no_axes, &no_axes, size_of(t.dtype())}, t.dtype());
      set({value_, &t.shape(), &t.strides(), size_of(type)}, type, loop);
    }
  }
  Converted(const Converted&) = delete;
  operator const LoopOperand&() const { return operand_; }

 private:
  void set(const LoopOperand& x, DType dtype, For loop) {
    operand_ = loop == kCopy ? x : computed(x, dtype);
  }

  alignas(8) char value_[8];
  Tensor copy_;
  LoopOperand operand_{};
};

Shape common_shape(const char* op, const Tensor& a, const Tensor& b) {
  if (a.shape() == b.shape() || b.dim() == 0) return a.shape();
  if (a.dim() == 0) return b.shape();
  return broadcast_shapes(op, a.shape(), b.shape());
}

void check_defined(const char* op, std::initializer_list<const Tensor*> operands) {
  int number = 1;
  for (const Tensor* t : operands) {
    if (!t->defined()) [[unlikely]]
      throw ValueError(fmt::format("{}: operand {} is undefined; give it a value before it is used",
                                   op, number));
    ++number;
  }
}

// The type to suggest when the kernel does not support `dtype`.
const char* remedy(DType dtype) { return is_floating(dtype) ? "i64" : "f32"; }
// The kind of types that such a kernel supports.
const char* expected_instead_of(DType dtype) {
  if (dtype == boolean) return "numeric";
  return is_floating(dtype) ? "integer" : "floating";
}

void check(kernels::Loop loop, const char* op, const Tensor& x) {
  if (!loop)
    throw DTypeError(fmt::format("{}: expected {} {} tensor, got {}; convert with to({})", op,
                                 is_floating(x.dtype()) ? "an" : "a",
                                 expected_instead_of(x.dtype()), describe(x), remedy(x.dtype())));
}
void check(kernels::Loop loop, const char* op, DType dtype) {
  if (!loop)
    throw DTypeError(fmt::format("{}: expected {} tensors, got {}; convert with to({})", op,
                                 expected_instead_of(dtype), name(dtype), remedy(dtype)));
}

// The type to compute in for a result of `dtype`: f32 for bf16 if a C++ number among the operands
// has no exact bf16 value; f16 is always computed in f32.
DType computing_type(DType dtype, std::initializer_list<const Tensor*> operands) {
  if (dtype != bf16) return dtype;
  for (const Tensor* t : operands) {
    if (!is_number(*t)) continue;
    const auto value = static_cast<float>(t->item<double>());
    if (static_cast<float>(bfloat16(value)) != value) return f32;
  }
  return bf16;
}

Tensor run_unary(kernels::Loop loop, DType result, const Tensor& x,
                 const double* numbers = nullptr) {
  Tensor out = empty(x.shape(), result);
  const LoopOperand operands[] = {result_of(out), operand_of(x)};
  run_loop(loop, operands, numbers);
  return out;
}

Tensor run_binary(const char* op, kernels::Loop loop, DType operand, DType result, const Tensor& a,
                  const Tensor& b, const double* numbers = nullptr,
                  Converted::For how = Converted::kCompute) {
  check(loop, op, operand);
  const Converted x(op, a, operand, how), y(op, b, operand, how);
  Tensor out = empty(common_shape(op, a, b), result);
  const LoopOperand operands[] = {how == Converted::kCopy ? stored(out) : result_of(out), x, y};
  run_loop(loop, operands, numbers);
  return out;
}

// Whether the bits of an i8 result are those of u8, which has kernels of its own.
bool is_of_bits(kernels::Binary kernel) {
  using enum kernels::Binary;
  return kernel == add || kernel == sub || kernel == mul || kernel == bitwise_and ||
         kernel == bitwise_or || kernel == bitwise_xor;
}
bool is_of_bits(kernels::Compare kernel) {
  return kernel == kernels::Compare::eq || kernel == kernels::Compare::ne;
}

}  // namespace

bool is_number(const Tensor& t) { return t.dim() == 0 && t.impl()->is_scalar; }

void check_range(const char* op, const Tensor& x, DType dtype) {
  if (is_floating(x.dtype())) check_range(op, Number(x.item()), dtype);
  else check_range(op, Number(x.item<int64_t>()), dtype);
}

DType result_type(const Tensor& a, const Tensor& b) {
  const int rank_a = rank_of(a), rank_b = rank_of(b);
  const DType type_a = type_of(a), type_b = type_of(b);
  if (rank_a == rank_b) return promote(type_a, type_b);
  const auto [strong, weak] =
      rank_a > rank_b ? std::pair(type_a, type_b) : std::pair(type_b, type_a);
  return category(strong) >= category(weak) ? strong : weak;
}

DType result_type(const Tensor& a, const Tensor& b, const Tensor& c) {
  // In order of priority: a type of higher priority wins unless its category is lower.
  bool seen[3] = {};
  DType types[3] = {};
  for (const Tensor* t : {&a, &b, &c}) {
    const int rank = rank_of(*t);
    types[rank] = seen[rank] ? promote(types[rank], type_of(*t)) : type_of(*t);
    seen[rank] = true;
  }
  DType result = boolean;
  bool any = false;
  for (int rank = 0; rank < 3; ++rank) {
    if (!seen[rank]) continue;
    if (!any || category(types[rank]) >= category(result)) result = types[rank];
    any = true;
  }
  return result;
}

void run_loop(kernels::Loop loop, std::span<const Tensor* const> tensors, const double* numbers) {
  LoopOperand operands[kMaxOperands];
  std::transform(tensors.begin(), tensors.end(), operands,
                 [](const Tensor* t) { return operand_of(*t); });
  operands[0] = result_of(*tensors[0]);
  run_loop(loop, {operands, tensors.size()}, numbers);
}

void copy_into(const Tensor& to, const Tensor& from) {
  if (!broadcasts_to(from.shape(), to.shape()))
    throw ShapeError(fmt::format("copy_: shape {} does not broadcast to {}", from.shape().str(),
                                 to.shape().str()));
  if (from.dtype() == to.dtype()) return run_copy(stored(to), stored(from), to.dtype());
  convert(stored(to), to.dtype(), stored(from), from.dtype());
}

void add_into(const Tensor& to, const Tensor& x) {
  const Tensor* tensors[] = {&to, &to, &x};
  run_loop(kernels::loop(kernels::Binary::add, to.dtype()), tensors);
}

Tensor cast(const Tensor& x, DType dtype) {
  if (x.dtype() == dtype) return x;
  Tensor out = empty(x.shape(), dtype);
  convert(stored(out), dtype, stored(x), x.dtype());
  return out;
}

void check_floating(const char* op, const Tensor& x) {
  if (!is_floating(x.dtype()))
    throw DTypeError(fmt::format("{}: expected a floating tensor, got {}; convert with to(f32)", op,
                                 describe(x)));
}

Tensor floating(const Tensor& x) { return is_floating(x.dtype()) ? x : cast(x, f32); }

Tensor clone(const Tensor& x) {
  Tensor out = empty_like(x);
  run_copy(stored(out), stored(x), x.dtype());
  return out;
}

Tensor contiguous(const Tensor& x) { return x.is_contiguous() ? x : clone(x); }

Tensor full(const Shape& shape, const Number& value, DType dtype) {
  Tensor out = empty(shape, dtype);
  copy_into(out, Tensor(value));
  return out;
}

Tensor unary(const char* op, kernels::Unary kernel, const Tensor& x) {
  const kernels::Loop loop = kernels::loop(kernel, x.dtype());
  check(loop, op, x);
  return run_unary(loop, x.dtype(), x);
}

Tensor activation(const char* op, kernels::Activation kernel, const Tensor& x,
                  std::initializer_list<double> numbers) {
  const kernels::Loop loop = kernels::loop(kernel, x.dtype());
  check(loop, op, x);
  return run_unary(loop, x.dtype(), x, numbers.begin());
}

Tensor predicate(const char* op, kernels::Predicate kernel, const Tensor& x) {
  const kernels::Loop loop = kernels::loop(kernel, x.dtype());
  check(loop, op, x);
  return run_unary(loop, boolean, x);
}

Tensor binary(const char* op, kernels::Binary kernel, const Tensor& a, const Tensor& b) {
  check_defined(op, {&a, &b});
  const DType dtype = result_type(a, b), type = computing_type(dtype, {&a, &b});
  if (type == i8 && is_of_bits(kernel))
    return run_binary(op, kernels::loop(kernel, u8), i8, i8, a, b, nullptr, Converted::kCopy);
  return cast(run_binary(op, kernels::loop(kernel, type), type, type, a, b), dtype);
}

Tensor floating_binary(const char* op, kernels::Binary kernel, const Tensor& a, const Tensor& b) {
  check_defined(op, {&a, &b});
  if (is_floating(result_type(a, b))) return binary(op, kernel, a, b);
  return binary(op, kernel, floating(a), floating(b));
}

Tensor compare(const char* op, kernels::Compare kernel, const Tensor& a, const Tensor& b) {
  check_defined(op, {&a, &b});
  const DType type = computing_type(result_type(a, b), {&a, &b});
  if (type == i8 && is_of_bits(kernel))
    return run_binary(op, kernels::loop(kernel, u8), i8, boolean, a, b, nullptr, Converted::kCopy);
  return run_binary(op, kernels::loop(kernel, type), type, boolean, a, b);
}

Tensor gradient(kernels::Gradient kernel, const Tensor& dy, const Tensor& saved,
                std::initializer_list<double> numbers) {
  const DType dtype = dy.dtype();
  return run_binary("gradient", kernels::loop(kernel, dtype), dtype, dtype, dy, saved,
                    numbers.begin());
}

Tensor ternary(const char* op, kernels::Ternary kernel, const Tensor& a, const Tensor& b,
               const Tensor& c, std::initializer_list<double> numbers) {
  check_defined(op, {&a, &b, &c});
  const DType dtype = result_type(a, b, c), type = computing_type(dtype, {&a, &b, &c});
  const kernels::Loop loop = kernels::loop(kernel, type);
  check(loop, op, type);
  const Converted x(op, a, type), y(op, b, type), z(op, c, type);
  Tensor out = empty(broadcast_shapes(op, common_shape(op, a, b), c.shape()), type);
  const LoopOperand operands[] = {result_of(out), x, y, z};
  run_loop(loop, operands, numbers.begin());
  return cast(out, dtype);
}

Tensor where(const char* op, const Tensor& condition, const Tensor& a, const Tensor& b) {
  check_defined(op, {&condition, &a, &b});
  if (condition.dtype() != boolean)
    throw DTypeError(fmt::format("{}: the condition is {}; it must be bool, such as x > 0", op,
                                 describe(condition)));
  const DType dtype = result_type(a, b);
  const Converted x(op, a, dtype, Converted::kCopy), y(op, b, dtype, Converted::kCopy);
  Tensor out = empty(broadcast_shapes(op, common_shape(op, a, b), condition.shape()), dtype);
  const LoopOperand operands[] = {stored(out), stored(condition), x, y};
  run_loop(kernels::where_loop(dtype), operands, nullptr);
  return out;
}

void where_into(const Tensor& out, const Tensor& condition, const Tensor& a, const Tensor& b) {
  const LoopOperand operands[] = {stored(out), stored(condition), stored(a), stored(b)};
  run_loop(kernels::where_loop(out.dtype()), operands, nullptr);
}

}  // namespace tapehead::core
