// dropout.
#ifndef TAPEHEAD_ROWS
#include <fmt/format.h>

#include <algorithm>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/dropout.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

// The mask is not kept: the same draw gives it again.
struct Dropout : CustomOp {
  static constexpr const char* kName = "dropout";
  double p;
  Generator draw;
  Tensor forward(const Tensor& x, double probability, const Generator& at) {
    p = probability;
    draw = at;
    return core::drop(x, p, draw);
  }
  Tensor backward(const Tensor& dy) const { return apply<Dropout>(dy, p, draw); }
};

}  // namespace

Tensor dropout(const Tensor& x, double p, bool training, Generator& generator) {
  if (!(p >= 0 && p <= 1))
    throw ValueError(fmt::format("dropout: the probability {} is outside 0..1", p));
  if (!is_floating(x.dtype()))
    throw DTypeError(fmt::format("dropout: {} is not f32, f64 or bf16; convert with to(f32)",
                                 core::describe(x)));
  if (!training || p == 0) return x;
  const Generator draw = generator;
  ++generator.draws;
  return apply<Dropout>(x, p, draw);
}

}  // namespace tapehead

#else  // TAPEHEAD_ROWS: the rows of these ops in the table of tests
#include "tapehead/core/creation.h"
#include "tapehead/tests/op_row.h"

namespace tapehead::rows {
namespace {

Tensors dropped(const Tensors& in) {
  Generator generator{1, 2};
  return {dropout(in[0], 0.25, true, generator)};
}

// The mask, from the op itself; what it must be like is tested in core/random_test.cpp.
Arrays dropped_of_ones(Arrays& in) {
  const std::vector<double> kept = dropped({ones(in[0].shape, f64)})[0].to_vector<double>();
  Array out = in[0];
  for (int64_t i = 0; i < out.numel(); ++i) out[i] *= kept[static_cast<size_t>(i)];
  return {out};
}

}  // namespace

TAPEHEAD_ROW(dropout)
    .sample({{Operand({20, 7})}, dropped, dropped_of_ones})
    .sample({{Operand({3})},
             [](const Tensors& in) { return Tensors{dropout(in[0], 1)}; },
             [](Arrays&) { return Arrays{Array({3})}; }})
    .sample({{Operand({3})},
             [](const Tensors& in) { return Tensors{dropout(in[0], 0.5, false) * 1}; },
             [](Arrays& in) { return in; }})
    .bad<ValueError>([] { dropout(zeros({2}), 1.5); },
                     "dropout: the probability 1.5 is outside 0..1")
    .bad<ValueError>([] { dropout(zeros({2}), -0.5, false); },
                     "dropout: the probability -0.5 is outside 0..1")
    .bad<DTypeError>([] { dropout(zeros({2}, i64), 0.5); },
                     "dropout: [2] i64 is not f32, f64 or bf16; convert with to(f32)");

}  // namespace tapehead::rows
#endif
