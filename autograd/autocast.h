// Automatic mixed precision, per thread, as torch.autocast.
//
// Within autocast(bf16, ...), products convert their f32 operands to bf16, and their results are
// bf16: matmul, linear and what is computed by them, scaled_dot_product_attention, convolutions,
// recurrent layers and prelu. Losses, and other ops that lose much in bf16, convert bf16 operands
// to f32: prod, quantile, trace, cdist, grid_sample, Fourier transforms, and functions of linalg.h
// except products. All other ops compute in the type of their operands, as do products of vectors
// and of a matrix with a vector (dot, mv, addmv, addr), and bilinear.
//
// Parameters stay f32, and so do their gradients: backward() computes in the types of the forward
// pass, whether it is called inside or outside.
#pragma once

#include <type_traits>
#include <utility>

#include "tapehead/core/tensor.h"

namespace tapehead {

namespace detail {

// f32 if autocast is off.
inline thread_local DType autocast_mode = DType::f32;

/// Throws DTypeError unless autocast supports the type.
void check_autocast_type(DType dtype);

inline bool is_f32_or_bf16(const Tensor& x) {
  return x.dtype() == DType::f32 || x.dtype() == DType::bf16;
}
/// Whether a product of a and b is computed in bf16 because autocast is on.
bool autocasts(const Tensor& a, const Tensor& b);
/// An operand of such a product.
Tensor autocast(const Tensor& x);
/// f32 if autocast is on and the type is bf16, else the type: of ops that are not computed in bf16.
inline DType in_f32(DType dtype) {
  return autocast_mode != DType::f32 && dtype == DType::bf16 ? DType::f32 : dtype;
}
/// An operand of such an op.
Tensor in_f32(const Tensor& x);

}  // namespace detail

/// Whether autocast is on in this thread.
inline bool is_autocast_enabled() { return detail::autocast_mode != DType::f32; }

/// Turns autocast on, or off, in this thread while in scope. Throws DTypeError if the type is not
/// bf16.
class AutocastMode {
 public:
  explicit AutocastMode(DType dtype, bool enabled = true) : before_(detail::autocast_mode) {
    detail::check_autocast_type(dtype);
    detail::autocast_mode = enabled ? dtype : DType::f32;
  }
  ~AutocastMode() { detail::autocast_mode = before_; }
  AutocastMode(const AutocastMode&) = delete;
  AutocastMode& operator=(const AutocastMode&) = delete;

 private:
  DType before_;
};

/// Calls f with autocast on and returns its result:
///
///     const Tensor loss = autocast(bf16, [&] { return model.loss(batch); });
///     loss.backward();
template <class F>
std::invoke_result_t<F> autocast(DType dtype, F&& f) {
  const AutocastMode on(dtype);
  return std::forward<F>(f)();
}

}  // namespace tapehead
