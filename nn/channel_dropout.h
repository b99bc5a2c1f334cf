// Dropout of whole channels, and dropout for networks of SELU. See autograd/ops/dropout.h.
#pragma once

#include <utility>

#include "tapehead/autograd/ops/dropout.h"
#include "tapehead/nn/params.h"

namespace tapehead::nn {

/// A kind of dropout in training, the identity in evaluation.
class ChannelDropout {
 public:
  /// Returns the shape of x.
  Tensor operator()(const Tensor& x) const;
  const Scope& scope() const { return at_; }

 protected:
  using Function = Tensor(const Tensor& x, double p, bool training, Generator& generator);
  /// Throws ValueError if p is outside 0..1.
  ChannelDropout(Scope at, double p, Function* function);

 private:
  Scope at_;
  double p_;
  Function* function_;
};

/// Drops channels of x [B, C, L] or [C, L].
/// Example: nn::Dropout1d(at, 0.2)(randn({8, 16, 100}))  // shape [8, 16, 100]
struct Dropout1d : ChannelDropout {
  Dropout1d(Scope at, double p = 0.5) : ChannelDropout(std::move(at), p, dropout1d) {}
  explicit Dropout1d(double p = 0.5) : Dropout1d(Scope(), p) {}
};
/// Drops channels of x [B, C, H, W] or [C, H, W].
/// Example: nn::Dropout2d(at, 0.2)(randn({8, 16, 28, 28}))  // shape [8, 16, 28, 28]
struct Dropout2d : ChannelDropout {
  Dropout2d(Scope at, double p = 0.5) : ChannelDropout(std::move(at), p, dropout2d) {}
  explicit Dropout2d(double p = 0.5) : Dropout2d(Scope(), p) {}
};
/// Drops channels of x [B, C, D, H, W] or [C, D, H, W].
/// Example: nn::Dropout3d(at, 0.2)(randn({2, 16, 4, 8, 8}))  // shape [2, 16, 4, 8, 8]
struct Dropout3d : ChannelDropout {
  Dropout3d(Scope at, double p = 0.5) : ChannelDropout(std::move(at), p, dropout3d) {}
  explicit Dropout3d(double p = 0.5) : Dropout3d(Scope(), p) {}
};
/// See alpha_dropout().
/// Example: nn::AlphaDropout(at, 0.1)(selu(randn({8, 64})))  // shape [8, 64]
struct AlphaDropout : ChannelDropout {
  AlphaDropout(Scope at, double p = 0.5) : ChannelDropout(std::move(at), p, alpha_dropout) {}
  explicit AlphaDropout(double p = 0.5) : AlphaDropout(Scope(), p) {}
};
/// See feature_alpha_dropout().
/// Example: nn::FeatureAlphaDropout(at, 0.1)(selu(randn({8, 16, 100})))  // shape [8, 16, 100]
struct FeatureAlphaDropout : ChannelDropout {
  FeatureAlphaDropout(Scope at, double p = 0.5)
      : ChannelDropout(std::move(at), p, feature_alpha_dropout) {}
  explicit FeatureAlphaDropout(double p = 0.5) : FeatureAlphaDropout(Scope(), p) {}
};

}  // namespace tapehead::nn
