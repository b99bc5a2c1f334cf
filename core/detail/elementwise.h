// Elementwise computation with type promotion, broadcasting and arbitrary strides. Nothing here is
// recorded.
//
// Functions with an `op` parameter throw ShapeError and DTypeError that start with this name.
#pragma once

#include <initializer_list>

#include "tapehead/core/kernels/loop.h"
#include "tapehead/core/tensor.h"

namespace tapehead::kernels {
enum class Unary : uint8_t;
enum class Predicate : uint8_t;
enum class Activation : uint8_t;
enum class Binary : uint8_t;
enum class Compare : uint8_t;
enum class Gradient : uint8_t;
enum class Ternary : uint8_t;
}  // namespace tapehead::kernels

namespace tapehead::core {

/// Whether the tensor was made from a C++ number, whose dtype adapts to the other operands.
bool is_number(const Tensor& t);
/// Throws ValueError, naming `op`, if the only element of x is outside the range of `dtype`.
void check_range(const char* op, const Tensor& x, DType dtype);

/// The result dtype of an op on these operands, by PyTorch's rules: 0-d tensors and C++ numbers
/// affect it only if their category (bool, integer, floating) is higher than that of the other
/// operands.
DType result_type(const Tensor& a, const Tensor& b);
DType result_type(const Tensor& a, const Tensor& b, const Tensor& c);

/// Runs `loop` over the elements of tensors[0], the result; the other tensors must broadcast to its
/// shape. All must have the dtypes of the kernel, or dtypes that it computes (kernel_type()).
void run_loop(kernels::Loop loop, std::span<const Tensor* const> tensors,
              const double* numbers = nullptr);

/// Converts to a dtype; returns x itself if it already has it.
Tensor cast(const Tensor& x, DType dtype);
/// Converts integers and bool to f32, as required by functions such as exp; returns floating
/// tensors unchanged.
Tensor floating(const Tensor& x);
/// Throws DTypeError unless x is floating.
void check_floating(const char* op, const Tensor& x);
/// Copies elements with type conversion; `from` broadcasts to `to`.
void copy_into(const Tensor& to, const Tensor& from);
/// A row-major copy.
Tensor clone(const Tensor& x);
/// Adds x to `to` in place; `x` broadcasts to `to` and has the same dtype.
void add_into(const Tensor& to, const Tensor& x);
/// Returns x itself if it is contiguous, else a row-major copy.
Tensor contiguous(const Tensor& x);

/// The result has the dtype of the operand.
Tensor unary(const char* op, kernels::Unary kernel, const Tensor& x);
Tensor activation(const char* op, kernels::Activation kernel, const Tensor& x,
                  std::initializer_list<double> numbers = {});
/// The result is bool.
Tensor predicate(const char* op, kernels::Predicate kernel, const Tensor& x);

/// Operands are promoted and broadcast.
Tensor binary(const char* op, kernels::Binary kernel, const Tensor& a, const Tensor& b);
/// The same, after converting integers to f32.
Tensor floating_binary(const char* op, kernels::Binary kernel, const Tensor& a, const Tensor& b);
Tensor ternary(const char* op, kernels::Ternary kernel, const Tensor& a, const Tensor& b,
               const Tensor& c, std::initializer_list<double> numbers = {});
/// Operands are promoted and broadcast; the result is bool.
Tensor compare(const char* op, kernels::Compare kernel, const Tensor& a, const Tensor& b);
/// condition ? a : b, elementwise. All three broadcast; the condition is bool.
Tensor where(const char* op, const Tensor& condition, const Tensor& a, const Tensor& b);
/// Stores where() in `out`. The operands have its dtype and broadcast to it; it may be one of them.
void where_into(const Tensor& out, const Tensor& condition, const Tensor& a, const Tensor& b);

/// The gradient of an elementwise function's operand, from the gradient `dy` of its result and the
/// saved operand or result.
Tensor gradient(kernels::Gradient kernel, const Tensor& dy, const Tensor& saved,
                std::initializer_list<double> numbers = {});

}  // namespace tapehead::core
