#include "tapehead/tests/op_derive.h"

#include <fmt/format.h>

#include <algorithm>

#include "tapehead/autograd/engine.h"
#include "tapehead/autograd/gradcheck.h"

namespace tapehead::op_tests {

Arrays rounded_to(const Sample& s, Arrays values, DType dtype) {
  for (size_t i = 0; i < values.size(); ++i)
    if (s.operands[i].kind == Operand::kFloating) values[i] = rounded(values[i], dtype);
  return values;
}

void track(Tensors& operands, std::optional<size_t> only) {
  for (size_t i = 0; i < operands.size(); ++i)
    if (is_floating(operands[i].dtype()) && (!only || *only == i)) operands[i].set_requires_grad();
}

Derived derive(const Sample& s, const Tensors& operands, Layout gradient_fits,
               bool gradient_lies_so) {
  Derived out;
  const Tensors results = s.call(operands);
  Tensors outputs, inputs, gradients;
  for (size_t r = 0; r < results.size(); ++r) {
    out.results.push_back(to_array(results[r]));
    if (!results[r].requires_grad()) continue;
    outputs.push_back(results[r]);
    const Array dy = rounded(draw_gradient(results[r].shape(), 7 + r), bf16);
    gradients.push_back(to_tensor(fitting(dy, gradient_fits), results[r].dtype(),
                                  gradient_lies_so ? gradient_fits : Layout::kPlain));
  }
  std::vector<size_t> owner;
  DType least = f64;  // the least precise type of the operands
  for (size_t i = 0; i < operands.size(); ++i) {
    if (!operands[i].requires_grad()) continue;
    inputs.push_back(operands[i]), owner.push_back(i);
    if (size_of(operands[i].dtype()) < size_of(least)) least = operands[i].dtype();
  }
  const auto pull_back = [&](bool create_graph) {
    std::vector<std::optional<Array>> found(operands.size());
    const Tensors grads = grad(outputs, inputs,
                               {.gradients = gradients,
                                .retain_graph = true,
                                .create_graph = create_graph,
                                .allow_unused = true});
    for (size_t k = 0; k < grads.size(); ++k) {
      if (!grads[k].defined()) continue;
      if (grads[k].dtype() != inputs[k].dtype())
        throw std::logic_error(fmt::format("the gradient of operand {} is {}, not {}", owner[k],
                                           name(grads[k].dtype()), name(inputs[k].dtype())));
      found[owner[k]] = to_array(grads[k]);
    }
    return found;
  };
  out.grads = pull_back(false);
  if (auto d = compare_grads(s, {out.results, pull_back(true)}, out, least))
    throw std::logic_error("with create_graph " + *d);
  return out;
}

Problem compare_grads(const Sample& s, const Derived& got, const Derived& wanted, DType dtype) {
  for (size_t i = 0; i < got.grads.size(); ++i) {
    if (!got.grads[i] && !wanted.grads[i]) continue;
    if (!got.grads[i]) return fmt::format("operand {} gets no gradient", i);
    if (!wanted.grads[i]) return fmt::format("operand {} gets a gradient only here", i);
    // A backward may consist of several ops, and sums over broadcast axes.
    int64_t terms = s.reduces;
    for (const Array& r : got.results)
      terms = std::max(terms, r.numel() / std::max<int64_t>(1, wanted.grads[i]->numel()));
    const double scale = scale_of(*wanted.grads[i]);
    if (auto d = difference(*got.grads[i], *wanted.grads[i],
                            tolerance(dtype, 4 * terms, 8 * s.roundings, scale)))
      return fmt::format("the gradient of operand {} {}", i, *d);
  }
  return std::nullopt;
}

Problem compare_results(const Sample& s, const Arrays& got, const Arrays& wanted, DType dtype) {
  if (got.size() != wanted.size())
    return fmt::format("gives {} results, not {}", got.size(), wanted.size());
  for (size_t r = 0; r < got.size(); ++r)
    if (auto d = difference(got[r], wanted[r],
                            tolerance(dtype, s.reduces, s.roundings, scale_of(wanted[r]))))
      return fmt::format("result {} {}", r, *d);
  return std::nullopt;
}

namespace {

Derived derive_values(const Sample& s, const Arrays& values, DType dtype) {
  Tensors operands = to_tensors(s, values, dtype);
  track(operands);
  return derive(s, operands);
}

}  // namespace

// Compares gradients in f32 or bf16 with those in f64 for the same operands.
Problem gradients(const Sample& s, DType dtype) {
  const Arrays values = rounded_to(s, draw(s), dtype);
  return compare_grads(s, derive_values(s, values, dtype), derive_values(s, values, f64), dtype);
}

// Tracks one operand at a time: its gradient must be the same as with all tracked.
Problem one_at_a_time(const Sample& s) {
  const Arrays values = draw(s);
  const Derived all = derive_values(s, values, f64);
  for (size_t i = 0; i < values.size(); ++i) {
    if (s.operands[i].kind != Operand::kFloating) continue;
    Tensors operands = to_tensors(s, values, f64);
    track(operands, i);
    Derived alone = derive(s, operands), wanted = all;
    for (size_t k = 0; k < values.size(); ++k)
      if (k != i) wanted.grads[k].reset();
    if (auto d = compare_grads(s, alone, wanted, f64))
      return fmt::format("only operand {} tracked: {}", i, *d);
  }
  return std::nullopt;
}

// Changes the memory layout of one or all operands: results and gradients must stay the same.
Problem layouts(const Sample& s, DType dtype, Layout layout) {
  const size_t count = s.operands.size();
  for (size_t which = 0; which <= (count > 1 ? count : 0); ++which) {
    Arrays values = rounded_to(s, draw(s), dtype);
    for (size_t i = 0; i < count; ++i)
      if (which == count || which == i) values[i] = fitting(values[i], layout);
    Tensors plain = to_tensors(s, values, dtype), strided = plain;
    const Tensors laid_out = to_tensors(s, values, dtype, layout);
    for (size_t i = 0; i < count; ++i)
      if (which == count || which == i) strided[i] = laid_out[i];
    if (s.differentiable) track(plain), track(strided);
    Derived wanted, got;
    if (s.differentiable) wanted = derive(s, plain), got = derive(s, strided);
    else
      for (const auto& [from, to] : {std::pair(&plain, &wanted), std::pair(&strided, &got)})
        for (const Tensor& r : s.call(*from)) to->results.push_back(to_array(r));
    if (auto d = compare_results(s, got.results, wanted.results, dtype)) return d;
    if (auto d = compare_grads(s, got, wanted, dtype)) return d;
  }
  return std::nullopt;
}

// The incoming gradient may have any layout too: that of sum() is expanded.
Problem arriving_gradients(const Sample& s, Layout layout) {
  Tensors operands = to_tensors(s, draw(s), f64);
  track(operands);
  return compare_grads(s, derive(s, operands, layout, true), derive(s, operands, layout, false),
                       f64);
}

// Compares first and second derivatives with finite differences.
Problem differences(const Sample& s) {
  int64_t size = 0;
  for (const Operand& o : s.operands) size += o.shape.numel();
  const GradcheckOptions options{.directions = kSanitized ? 1 : size > kSmall ? 2 : 0};
  const Tensors operands = to_tensors(s, draw(s), f64);
  gradcheck(s.call, operands, options);
  gradgradcheck(s.call, operands, options);
  return std::nullopt;
}

}  // namespace tapehead::op_tests
