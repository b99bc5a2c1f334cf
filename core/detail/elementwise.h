// Elementwise computation: type promotion, broadcasting, any strides. Nothing here is recorded.
//
// Those that take `op` throw ShapeError and DTypeError that name it.
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

/// It was made from a C++ number, whose type adapts to that of other operands.
bool is_number(const Tensor& t);
/// Throws ValueError, in the name of `op`, when the only element is outside of the range of
/// `dtype`.
void check_range(const char* op, const Tensor& x, DType dtype);

/// The type of an op on all of these: PyTorch's rule, by which 0-d tensors and C++ numbers only
/// raise the category (bool, integer, floating) of the others.
DType result_type(const Tensor& a, const Tensor& b);
DType result_type(const Tensor& a, const Tensor& b, const Tensor& c);

/// Runs `loop` over the broadcast shape of `out`. tensors[0] is the result, whose shape every
/// operand must broadcast to; types are the kernel's.
void run_loop(kernels::Loop loop, std::span<const Tensor* const> tensors,
              const double* numbers = nullptr);

/// The same elements as another type; a new tensor unless it already has it.
Tensor cast(const Tensor& x, DType dtype);
/// Integers and bool as f32, others as they are: what functions such as exp compute with.
Tensor floating(const Tensor& x);
/// Copies elements, converting them; `from` broadcasts to `to`.
void copy_into(const Tensor& to, const Tensor& from);
/// A row-major copy.
Tensor clone(const Tensor& x);
/// Adds to elements in place; `x` broadcasts to `to` and has its type.
void add_into(const Tensor& to, const Tensor& x);
/// Row-major without gaps: itself, or a copy.
Tensor contiguous(const Tensor& x);

/// A result of the operand's type.
Tensor unary(const char* op, kernels::Unary kernel, const Tensor& x);
Tensor activation(const char* op, kernels::Activation kernel, const Tensor& x,
                  std::initializer_list<double> numbers = {});
/// A bool result.
Tensor predicate(const char* op, kernels::Predicate kernel, const Tensor& x);

/// Promotes and broadcasts.
Tensor binary(const char* op, kernels::Binary kernel, const Tensor& a, const Tensor& b);
Tensor ternary(const char* op, kernels::Ternary kernel, const Tensor& a, const Tensor& b,
               const Tensor& c);
/// Promotes and broadcasts; a bool result.
Tensor compare(const char* op, kernels::Compare kernel, const Tensor& a, const Tensor& b);
/// condition ? a : b, broadcast; the condition is bool.
Tensor where(const char* op, const Tensor& condition, const Tensor& a, const Tensor& b);

/// The gradient of an elementwise function's operand, from that of its result and a tensor that it
/// saved.
Tensor gradient(kernels::Gradient kernel, const Tensor& dy, const Tensor& saved,
                std::initializer_list<double> numbers = {});

}  // namespace tapehead::core
