// What optimizers do to parameters and gradients, a piece of one tensor at a time.
#pragma once

#include <cstdint>

#include "tapehead/core/dtype.h"
#include "tapehead/core/kernels/family.h"

namespace tapehead::kernels {

/// A piece of one parameter and what belongs to it. State is f64 for f64 parameters, else f32. A
/// bf16 parameter is computed on `master`, its f32 copy, and gets the result rounded; where it is
/// no longer its master rounded, somebody else has changed it, and its own value counts.
struct OptimPiece {
  char* param = nullptr;
  const char* grad = nullptr;
  char* master = nullptr;  // of bf16 only
  // SGD: the momentum, or null. Adam: the first moment, the second, the largest second or null.
  // RMSprop: the mean square, the mean or null, the momentum or null.
  char* state[3] = {};
  int64_t n = 0;
};

struct SgdNumbers {
  double grad_scale;  // the gradient is multiplied by it
  double lr;
  double weight_decay;  // times the parameter, added to the gradient
  double momentum;
  double intake;  // the share of the gradient that the momentum takes in
  bool nesterov;
};

struct AdamNumbers {
  double grad_scale;    // the gradient is multiplied by it
  double weight_decay;  // times the parameter, added to the gradient
  double keep;          // the parameter is multiplied by it
  double beta1, beta2;
  double step_size;   // the learning rate, the first moment's bias corrected
  double root_scale;  // on the root of the second moment: corrects its bias
  double eps;
};

struct RmspropNumbers {
  double grad_scale;    // the gradient is multiplied by it
  double weight_decay;  // times the parameter, added to the gradient
  double lr;
  double alpha;  // how much of the means each step keeps
  double eps;
  double momentum;
  bool centered;  // the mean's square is taken off the mean square
};

/// Entries are by DType; null unless it is floating.
struct OptimKernels {
  void (*sgd[kDTypes])(const OptimPiece&, const SgdNumbers&);
  void (*adam[kDTypes])(const OptimPiece&, const AdamNumbers&);
  void (*rmsprop[kDTypes])(const OptimPiece&, const RmspropNumbers&);
  /// Moves `average`, of the type that state has, by `weight` towards the values.
  void (*average[kDTypes])(char* average, const char* values, int64_t n, double weight);

  // Over gradients.
  double (*abs_sum[kDTypes])(const char* x, int64_t n);
  double (*square_sum[kDTypes])(const char* x, int64_t n);
  double (*abs_max[kDTypes])(const char* x, int64_t n);  // NaN when there is one
  void (*scale[kDTypes])(char* x, int64_t n, double by);
  void (*clamp[kDTypes])(char* x, int64_t n, double bound);  // to ± bound; NaN stays
};

}  // namespace tapehead::kernels

TAPEHEAD_KERNELS(optim, OptimKernels, "")
