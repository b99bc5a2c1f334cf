// Bilinear layers.
#pragma once

#include "tapehead/nn/params.h"

namespace tapehead::nn {

struct BilinearOptions {
  bool bias = true;
};

/// y[k] = x1' weight[k] x2 + bias[k]. Maps x1 [..., in1] and x2 [..., in2] to [..., out].
/// Parameters are initialised uniformly in ± 1 / sqrt(in1).
/// Example: nn::Bilinear(at, 4, 5, 3)(randn({8, 4}), randn({8, 5}))  // shape [8, 3]
class Bilinear {
 public:
  Bilinear(Scope at, int64_t in1, int64_t in2, int64_t out, const BilinearOptions& options = {});
  Bilinear(int64_t in1, int64_t in2, int64_t out, const BilinearOptions& options = {})
      : Bilinear(Scope(), in1, in2, out, options) {}
  /// Throws ShapeError if the last axes are not in1 and in2, or the others differ.
  Tensor operator()(const Tensor& x1, const Tensor& x2) const;
  const Scope& scope() const { return at_; }

  Tensor weight;  ///< [out, in1, in2]
  Tensor bias;    ///< [out], or undefined

 private:
  Scope at_;
};

}  // namespace tapehead::nn
