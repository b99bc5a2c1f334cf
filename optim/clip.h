// Clipping of gradients.
#pragma once

#include <vector>

#include "tapehead/nn/params.h"

namespace tapehead::optim {

struct GradNormOptions {
  /// 1, 2 or infinity: the sum of absolute values, the root of the sum of squares, the largest
  /// absolute value.
  double norm_type = 2;
  /// Throws ValueError that names the parameters whose gradients are not finite, when the norm is
  /// infinite or NaN.
  bool error_if_nonfinite = false;
};

/// The norm of all gradients together, as of one vector; 0 when there are none. Computed in double,
/// in an order that depends on the shapes alone.
double grad_norm(const nn::Params& params, const GradNormOptions& options = {});
double grad_norm(const std::vector<nn::Param>& params, const GradNormOptions& options = {});

/// Scales all gradients so that their norm is at most `max_norm` (Pascanu et al. 2013), and returns
/// the norm before. A norm that is not finite makes every gradient NaN or 0, as in PyTorch. Throws
/// ValueError unless max_norm > 0.
double clip_grad_norm(const nn::Params& params, double max_norm,
                      const GradNormOptions& options = {});
double clip_grad_norm(const std::vector<nn::Param>& params, double max_norm,
                      const GradNormOptions& options = {});

/// The factor by which clip_grad_norm scales gradients of this norm. Given to the optimizer, it
/// saves a pass over the gradients:
/// `opt.step({.grad_scale = optim::clip_factor(optim::grad_norm(params), 1.0)})`.
double clip_factor(double norm, double max_norm);

/// Limits every element of every gradient to -limit … limit. Throws ValueError unless limit >= 0.
void clip_grad_value(const nn::Params& params, double limit);
void clip_grad_value(const std::vector<nn::Param>& params, double limit);

}  // namespace tapehead::optim
