// Gradient clipping.
#pragma once

#include <vector>

#include "tapehead/nn/params.h"

namespace tapehead::optim {

struct GradNormOptions {
  /// 1, 2 or infinity: the sum of absolute values, the root of the sum of squares, or the largest
  /// absolute value.
  double norm_type = 2;
  /// Throw ValueError, naming the parameters at fault, if the norm is infinite or NaN.
  bool error_if_nonfinite = false;
};

/// The norm of all gradients taken as one vector; 0 if there are none. PyTorch's get_total_norm(),
/// which is given the gradients. Computed in double, in an order that depends only on the shapes.
double grad_norm(const nn::Params& params, const GradNormOptions& options = {});
double grad_norm(const std::vector<nn::Param>& params, const GradNormOptions& options = {});

/// Scales the gradients in place so that their norm is at most `max_norm` (Pascanu et al. 2013),
/// and returns the norm before scaling. A norm that is not finite makes every gradient NaN or 0, as
/// in PyTorch. Throws ValueError unless max_norm > 0.
double clip_grad_norm_(const nn::Params& params, double max_norm,
                       const GradNormOptions& options = {});
double clip_grad_norm_(const std::vector<nn::Param>& params, double max_norm,
                       const GradNormOptions& options = {});

/// The factor by which clip_grad_norm_() scales gradients of this norm. Passing it to the optimizer
/// saves a pass over the gradients:
/// `opt.step({.grad_scale = optim::clip_factor(optim::grad_norm(params), 1.0)})`.
double clip_factor(double norm, double max_norm);

/// Clamps every element of every gradient, in place, to -clip_value … clip_value. Throws ValueError
/// unless clip_value >= 0.
void clip_grad_value_(const nn::Params& params, double clip_value);
void clip_grad_value_(const std::vector<nn::Param>& params, double clip_value);

}  // namespace tapehead::optim
