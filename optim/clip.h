// Clipping of gradients.
#pragma once

#include <vector>

#include "tapehead/nn/params.h"

namespace tapehead::optim {

struct NormOptions {
  /// 1, 2 or infinity: the sum of absolutes, the root of the sum of squares, the largest absolute.
  double norm_type = 2;
  /// Throws ValueError, with the names of the parameters to blame, when the norm is infinite or
  /// NaN.
  bool error_if_nonfinite = false;
};

/// The norm of all gradients, as of one long vector; 0 when there are none. Computed in double and
/// added in an order that the shapes alone fix.
double grad_norm(const nn::Params& params, const NormOptions& options = {});
double grad_norm(const std::vector<nn::Param>& params, const NormOptions& options = {});

/// Scales all gradients so that their norm is at most `max_norm` (Pascanu et al. 2013), and returns
/// the norm before. A norm that is not finite spoils every gradient, as in PyTorch. Throws
/// ValueError unless max_norm > 0.
double clip_grad_norm(const nn::Params& params, double max_norm, const NormOptions& options = {});
double clip_grad_norm(const std::vector<nn::Param>& params, double max_norm,
                      const NormOptions& options = {});

/// What clip_grad_norm multiplies gradients of this norm by. Handing it to the optimizer saves the
/// pass over the gradients: `opt.step({.grad_scale =
/// optim::clip_factor(optim::grad_norm(params), 1.0)})`.
double clip_factor(double norm, double max_norm);

/// Limits every element of every gradient to -limit … limit. Throws ValueError unless limit >= 0.
void clip_grad_value(const nn::Params& params, double limit);
void clip_grad_value(const std::vector<nn::Param>& params, double limit);

}  // namespace tapehead::optim
