#include "tapehead/optim/clip.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"
#include "tapehead/core/kernels/loop.h"
#include "tapehead/optim/clip_kernel.h"
#include "tapehead/optim/detail/check.h"
#include "tapehead/optim/detail/pieces.h"

namespace tapehead::optim {
namespace {

// Contiguous gradients of the parameters that have one.
struct Gradients {
  std::vector<std::string> paths;
  std::vector<Tensor> originals, values;
  detail::Pieces pieces;

  explicit Gradients(const std::vector<nn::Param>& params) {
    for (const nn::Param& p : params) {
      if (p.is_buffer) continue;
      const Tensor gradient = p.value.grad();
      if (!gradient.defined()) continue;
      paths.push_back(p.path);
      originals.push_back(gradient);
      values.push_back(
          core::contiguous(core::cast(gradient, kernels::kernel_type(gradient.dtype()))));
      pieces.add(gradient.numel());
    }
  }

  // Calls f(kernels, first element, number of elements) for pieces of all gradients, then writes
  // contiguous or converted copies back.
  template <class F>
  void change(const char* op, F f) const {
    pieces.run([&](int64_t, size_t i, int64_t begin, int64_t end) {
      const DType dtype = values[i].dtype();
      f(kernels::clip(dtype), values[i].raw() + begin * size_of(dtype), end - begin);
    });
    for (size_t i = 0; i < values.size(); ++i) {
      if (!values[i].is_same(originals[i])) core::copy_into(originals[i], values[i]);
      originals[i].impl()->storage->changed_by(op);
    }
  }
};

double larger(double a, double b) { return b > a || std::isnan(b) ? b : a; }
double sum(double a, double b) { return a + b; }

double norm_of(const Gradients& gradients, double norm_type) {
  using kernels::ClipKernels;
  const bool largest = norm_type == INFINITY;
  const auto partial = largest          ? &ClipKernels::abs_max
                       : norm_type == 1 ? &ClipKernels::abs_sum
                                        : &ClipKernels::square_sum;
  const auto join = largest ? larger : sum;
  std::vector<double> totals(static_cast<size_t>(gradients.pieces.tasks()));
  gradients.pieces.run([&](int64_t task, size_t i, int64_t begin, int64_t end) {
    const Tensor& g = gradients.values[i];
    double& total = totals[static_cast<size_t>(task)];
    total = join(total, (kernels::clip(g.dtype()).*partial)(g.raw() + begin * size_of(g.dtype()),
                                                            end - begin));
  });
  double norm = 0;
  for (const double total : totals) norm = join(norm, total);
  return norm_type == 2 ? std::sqrt(norm) : norm;
}

[[noreturn]] void blame_nonfinite(const char* op, const Gradients& gradients, double norm) {
  std::string paths;
  int64_t count = 0;
  for (size_t i = 0; i < gradients.values.size(); ++i) {
    const Tensor& g = gradients.values[i];
    if (std::isfinite(kernels::clip(g.dtype()).abs_max(g.raw(), g.numel()))) continue;
    if (++count <= 3) paths += (count > 1 ? ", " : "") + gradients.paths[i];
  }
  if (count > 3) paths += fmt::format(" and {} more", count - 3);
  throw ValueError(
      fmt::format("{}: the norm of the gradients is {}, because of {}; lower the learning rate, "
                  "or look for the op with DetectAnomalyGuard",
                  op, norm, paths.empty() ? "their size" : paths));
}

double checked_norm(const char* op, const Gradients& gradients, const GradNormOptions& options) {
  const double type = options.norm_type;
  detail::check_option(type == 1 || type == 2 || type == INFINITY, op, "norm_type", type,
                       "1, 2 or infinity");
  const double norm = norm_of(gradients, type);
  if (options.error_if_nonfinite && !std::isfinite(norm)) blame_nonfinite(op, gradients, norm);
  return norm;
}

void check_max_norm(const char* op, double max_norm) {
  detail::check_option(max_norm > 0, op, "max_norm", max_norm, "above 0");
}

}  // namespace

double grad_norm(const nn::Params& params, const GradNormOptions& options) {
  return grad_norm(params.all(), options);
}

double grad_norm(const std::vector<nn::Param>& params, const GradNormOptions& options) {
  return checked_norm("grad_norm", Gradients(params), options);
}

double clip_factor(double norm, double max_norm) {
  check_max_norm("clip_factor", max_norm);
  const double factor = max_norm / (norm + 1e-6);  // PyTorch's guard against division by 0
  return factor > 1 ? 1 : factor;
}

double clip_grad_norm_(const nn::Params& params, double max_norm, const GradNormOptions& options) {
  return clip_grad_norm_(params.all(), max_norm, options);
}

double clip_grad_norm_(const std::vector<nn::Param>& params, double max_norm,
                       const GradNormOptions& options) {
  check_max_norm("clip_grad_norm_", max_norm);
  const Gradients gradients(params);
  const double norm = checked_norm("clip_grad_norm_", gradients, options);
  const double factor = clip_factor(norm, max_norm);
  if (factor == 1) return norm;
  gradients.change("clip_grad_norm_", [&](const kernels::ClipKernels& kernel, char* x, int64_t n) {
    kernel.scale(x, n, factor);
  });
  return norm;
}

void clip_grad_value_(const nn::Params& params, double clip_value) {
  clip_grad_value_(params.all(), clip_value);
}

void clip_grad_value_(const std::vector<nn::Param>& params, double clip_value) {
  detail::check_option(clip_value >= 0, "clip_grad_value_", "clip_value", clip_value, "0 or more");
  Gradients(params).change("clip_grad_value_", [&](const kernels::ClipKernels& kernel, char* x,
                                                   int64_t n) { kernel.clamp(x, n, clip_value); });
}

}  // namespace tapehead::optim
