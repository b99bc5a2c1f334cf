#include "tapehead/nn/bilinear.h"

#include <cmath>
#include <utility>

#include "tapehead/autograd/ops.h"

namespace tapehead::nn {

Bilinear::Bilinear(Scope at, int64_t in1, int64_t in2, int64_t out, const BilinearOptions& options)
    : at_(std::move(at)) {
  const double bound = in1 > 0 ? 1 / std::sqrt(static_cast<double>(in1)) : 0;
  weight = at_.param("weight", {out, in1, in2}, init::uniform(-bound, bound));
  if (options.bias) bias = at_.param("bias", {out}, init::uniform(-bound, bound));
}

Tensor Bilinear::operator()(const Tensor& x1, const Tensor& x2) const {
  return nn::at(at_, [&] { return bilinear(x1, x2, weight, bias); });
}

}  // namespace tapehead::nn
