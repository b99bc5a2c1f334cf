#include "tapehead/optim/adafactor.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "tapehead/autograd/ops.h"

namespace tapehead::optim {
namespace {

std::optional<Shape> whole(const Shape& parameter) {
  return parameter.rank() < 2 ? std::optional(parameter) : std::nullopt;
}
// The parameter's shape with one entry along the axis.
StateSpec::ShapeOf mean_over(int from_end) {
  return [from_end](const Shape& parameter) -> std::optional<Shape> {
    if (parameter.rank() < 2) return std::nullopt;
    Shape shape = parameter;
    shape[parameter.rank() - from_end] = 1;
    return shape;
  };
}

double root_mean_square(const Tensor& x) {
  return x.numel() == 0 ? 0 : norm(x).item() / std::sqrt(static_cast<double>(x.numel()));
}

// Moves the second moment and returns it: [..., rows, 1] × [..., 1, columns] over the mean of rows.
Tensor factored_moment(Parameter& p, const Tensor& squares, double move, double eps) {
  Tensor &row = p.state("row_var"), &column = p.state("col_var");
  row = lerp(row, mean(squares, -1, true), move);
  column = lerp(column, mean(squares, -2, true), move);
  return matmul(row, column) / clamp(mean(row, -2, true), eps);
}

}  // namespace

Adafactor::Adafactor(const ParamList& params, const AdafactorOptions& options,
                     const std::vector<GroupRule<AdafactorOptions>>& groups)
    : Optimizer("Adafactor", params, options,
                {{"row_var", mean_over(1)}, {"col_var", mean_over(2)}, {"variance", whole}},
                groups) {}

void Adafactor::update(Parameter& p) {
  const auto o = p.options<AdafactorOptions>();
  double eps = o.eps.value()[0];
  if (eps == 0)
    eps = p.value.dtype() == f64 ? std::numeric_limits<double>::epsilon()
                                 : std::numeric_limits<float>::epsilon();
  const auto t = static_cast<double>(p.step);
  const double move = std::pow(t, o.beta2_decay), lr = o.lr;
  const double step_size =
      std::max(o.eps.value()[1], root_mean_square(p.value)) * std::min(lr, 1 / std::sqrt(t));
  if (o.weight_decay != 0) p.value.mul_(1 - lr * o.weight_decay);
  const Tensor squares = square(p.grad);
  Tensor moment;
  if (p.value.dim() < 2) moment = p.state("variance") = lerp(p.state("variance"), squares, move);
  else moment = factored_moment(p, squares, move, eps);
  const Tensor update = p.grad * rsqrt(clamp(moment, eps * eps));
  const double scale = step_size / std::max(1.0, root_mean_square(update) / o.d);
  p.value.sub_((o.maximize ? -scale : scale) * update);
}

}  // namespace tapehead::optim
