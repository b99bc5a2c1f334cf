// Elementwise computation: type promotion, broadcasting, any strides. Nothing here is recorded.
#pragma once

#include "tapehead/core/kernels/kernels.h"
#include "tapehead/core/tensor.h"

namespace tapehead::core {

/// The type of an op on both: PyTorch's rule, by which 0-d tensors and C++ numbers only raise the category
/// (bool, integer, floating) of the others.
DType result_type(const Tensor& a, const Tensor& b);

/// Runs `loop` over the broadcast shape of `out`. tensors[0] is the result, whose shape every operand must
/// broadcast to; types are the kernel's.
void run_loop(kernels::Loop loop, std::span<const Tensor* const> tensors, const double* args = nullptr);

/// The same elements as another type; a new tensor unless it already has it.
Tensor cast(const Tensor& x, DType dtype);
/// Copies elements, converting them; `from` broadcasts to `to`.
void copy_into(const Tensor& to, const Tensor& from);
/// Adds to elements in place; `x` broadcasts to `to` and has its type.
void add_into(const Tensor& to, const Tensor& x);
/// Row-major without gaps: itself, or a copy.
Tensor contiguous(const Tensor& x);

/// Throws DTypeError that names `op` when the kernel does not take the tensor's type.
Tensor unary(const char* op, kernels::Unary kernel, const Tensor& x);
/// Promotes and broadcasts. Throws ShapeError and DTypeError that name `op`.
Tensor binary(const char* op, kernels::Binary kernel, const Tensor& a, const Tensor& b);

}  // namespace tapehead::core
