// The checks of a row that concern gradients, and their parts.
#pragma once

#include "tapehead/tests/op_inputs.h"

namespace tapehead::op_tests {

/// What is wrong, if anything. A check that throws has found something too.
using Problem = std::optional<std::string>;

/// Of tensors with more elements, derivatives are compared in random directions only.
inline constexpr int64_t kSmall = 64;

/// Tracks every floating operand, or the one of that number only.
void track(Tensors& operands, std::optional<size_t> only = {});

/// What a call and a backward through it give.
struct Derived {
  Arrays results;
  std::vector<std::optional<Array>> grads;  // of each operand; none where none flows
};
/// Arriving gradients are random. Their values fit `gradient_fits`; only when `gradient_lies_so`
/// they also lie in memory like that. Throws when create_graph gives other gradients.
Derived derive(const Sample& s, const Tensors& operands, Layout gradient_fits = Layout::kPlain,
               bool gradient_lies_so = false);

Arrays rounded_to(const Sample& s, Arrays values, DType dtype);

Problem compare_results(const Sample& s, const Arrays& got, const Arrays& wanted, DType dtype);
Problem compare_grads(const Sample& s, const Derived& got, const Derived& wanted, DType dtype);

/// gradcheck and gradgradcheck in f64.
Problem differences(const Sample& s);
/// Gradients in f32 or bf16 are those in f64 of the same operands.
Problem gradients(const Sample& s, DType dtype);
/// The gradient of an operand is the same whether or not the others are tracked.
Problem one_at_a_time(const Sample& s);
/// Operands that lie otherwise in memory, one or all of them, give what contiguous ones give.
Problem layouts(const Sample& s, DType dtype, Layout layout);
/// So do gradients that arrive from above: that of sum() is expanded.
Problem arriving_gradients(const Sample& s, Layout layout);

}  // namespace tapehead::op_tests
