#include "tapehead/optim/muon.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/error.h"

namespace tapehead::optim {
namespace {

void check_matrix(const std::string& path, const Tensor& value) {
  if (value.dim() != 2)
    throw ShapeError(fmt::format(
        "Muon: '{}' is {}; it trains matrices only, give other parameters to another optimizer",
        path, value.shape().str()));
}

// X = a X + b (X Xᵀ) X + c (X Xᵀ)² X, repeated, with the smaller side first.
Tensor newton_schulz(const Tensor& update, const MuonOptions& o) {
  const auto [a, b, c] = o.ns_coefficients.value();
  const bool tall = update.size(0) > update.size(1);
  Tensor x = tall ? transpose(update, 0, 1) : update;
  x = x / std::max(norm(x).item(), o.eps.value());
  for (int64_t i = 0; i < o.ns_steps; ++i) {
    const Tensor gram = matmul(x, transpose(x, 0, 1));
    x = a * x + matmul(b * gram + c * matmul(gram, gram), x);
  }
  return tall ? transpose(x, 0, 1) : x;
}

double adjusted(double lr, MuonAdjustLr rule, const Shape& shape) {
  const auto rows = static_cast<double>(shape[0]), columns = static_cast<double>(shape[1]);
  if (rule == MuonAdjustLr::match_rms_adamw) return 0.2 * std::sqrt(std::max(rows, columns)) * lr;
  return std::sqrt(std::max(1.0, rows / columns)) * lr;
}

}  // namespace

Muon::Muon(const ParamList& params, const MuonOptions& options,
           const std::vector<GroupRule<MuonOptions>>& groups)
    : Optimizer("Muon", params, options, {"momentum_buffer"}, groups) {
  for (const nn::Param& p : parameters()) check_matrix(p.path, p.value);
}

void Muon::update(Parameter& p) {
  check_matrix(p.path(), p.value);
  const auto o = p.options<MuonOptions>();
  Tensor& momentum = p.state("momentum_buffer");
  momentum = lerp(p.grad, momentum, static_cast<double>(o.momentum));
  const Tensor update =
      o.nesterov ? lerp(p.grad, momentum, static_cast<double>(o.momentum)) : momentum;
  p.value.mul_(1 - o.lr * o.weight_decay);
  p.value.sub_(adjusted(o.lr, o.adjust_lr_fn, p.value.shape()) * newton_schulz(update, o));
}

}  // namespace tapehead::optim
