// The checks of a row's gradients.
#pragma once

#include "tapehead/tests/op_inputs.h"

namespace tapehead::op_tests {

/// The failure found by a check, if any. An exception counts as a failure.
using Problem = std::optional<std::string>;

/// If the operands have more elements in all, derivatives are checked in random directions only.
inline constexpr int64_t kSmall = 64;

/// Under the address sanitizer derivatives are checked in one random direction only: more would
/// only repeat the same calls.
#ifdef __SANITIZE_ADDRESS__
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

/// Turns on gradient tracking for all floating operands, or for one of them only.
void track(Tensors& operands, std::optional<size_t> only = {});

/// The results and gradients of a call.
struct Derived {
  Arrays results;
  std::vector<std::optional<Array>> grads;  // one per operand; nullopt if undefined
};
/// Calls the op and runs backward with random gradients of the results, whose values are
/// representable in the layout `gradient_fits`; if `gradient_lies_so`, they also have that layout.
/// Throws if the gradients differ with create_graph.
Derived derive(const Sample& s, const Tensors& operands, Layout gradient_fits = Layout::kPlain,
               bool gradient_lies_so = false);

Arrays rounded_to(const Sample& s, Arrays values, DType dtype);

Problem compare_results(const Sample& s, const Arrays& got, const Arrays& wanted, DType dtype);
Problem compare_grads(const Sample& s, const Derived& got, const Derived& wanted, DType dtype);

/// Runs gradcheck and gradgradcheck in f64.
Problem differences(const Sample& s);
/// Checks that the gradients in f32 or bf16 agree with those in f64.
Problem gradients(const Sample& s, DType dtype);
/// Checks that the gradient of an operand does not depend on whether the others are tracked.
Problem one_at_a_time(const Sample& s);
/// Checks that operands of another layout, one or all of them, have the same results as contiguous
/// ones.
Problem layouts(const Sample& s, DType dtype, Layout layout);
/// Checks the same for incoming gradients, such as the expanded gradient of sum().
Problem arriving_gradients(const Sample& s, Layout layout);

}  // namespace tapehead::op_tests
