// Normalization layers and dropout.
#pragma once

#include <functional>
#include <optional>

#include "tapehead/nn/any_layer.h"
#include "tapehead/nn/params.h"

namespace tapehead::nn {

struct LayerNormOptions {
  double eps = 1e-5;
  bool bias = true;  ///< whether there is a bias besides the weight
};

/// Layer normalization over the last axis (Ba et al. 2016):
///
///   y = (x - mean(x)) / sqrt(var(x) + eps) * weight + bias
///
/// Parameters: `weight`, initialized with 1, and `bias`, with 0.
/// Example: nn::LayerNorm(at, 64)(randn({8, 20, 64}))  // shape [8, 20, 64]
class LayerNorm {
 public:
  LayerNorm(Scope at, int64_t size, const LayerNormOptions& options = {});
  explicit LayerNorm(int64_t size, const LayerNormOptions& options = {})
      : LayerNorm(Scope(), size, options) {}
  /// x [..., size] to [..., size]. Throws ShapeError for another last axis.
  Tensor operator()(const Tensor& x) const;

  Tensor weight, bias;  ///< [size]; bias is undefined if options.bias is false
  const Scope& scope() const { return at_; }

 private:
  Scope at_;
  double eps_;
};

struct RMSNormOptions {
  double eps = 1e-6;
};

/// Root mean square normalization over the last axis (Zhang and Sennrich 2019):
///
///   y = x / sqrt(mean(x²) + eps) * weight
///
/// Parameter: `weight`, initialized with 1.
/// Example: nn::RMSNorm(at, 64)(randn({8, 20, 64}))  // shape [8, 20, 64]
class RMSNorm {
 public:
  RMSNorm(Scope at, int64_t size, const RMSNormOptions& options = {});
  explicit RMSNorm(int64_t size, const RMSNormOptions& options = {})
      : RMSNorm(Scope(), size, options) {}
  /// x [..., size] to [..., size]. Throws ShapeError for another last axis.
  Tensor operator()(const Tensor& x) const;

  Tensor weight;  ///< [size]
  const Scope& scope() const { return at_; }

 private:
  Scope at_;
  double eps_;
};

/// The library's normalisation layers.
enum class NormType { layer_norm, rms_norm };

/// Options of the normalization layers of a model: their type, or a factory of other layers.
struct NormOptions {
  std::optional<NormType> type = {};  ///< default: layer_norm
  std::optional<double> eps = {};     ///< default: 1e-5 for layer_norm, 1e-6 for rms_norm
  std::optional<bool> bias = {};      ///< of layer_norm; default: true, or TransformerOptions::bias
  /// If set, called instead for a user-defined layer of x [..., size] to [..., size].
  std::function<AnyLayer(const Scope& at, int64_t size)> make = {};
};

/// Makes the normalization layer that the options select, with its parameters at `at`.
AnyLayer make_norm(const Scope& at, int64_t size, const NormOptions& options = {});

/// In training, zeroes each element with probability p and scales the others by 1 / (1 - p)
/// (Srivastava et al. 2014). The identity in evaluation.
/// Example: nn::Dropout(at, 0.1)(randn({8, 20, 64}))  // shape [8, 20, 64]
class Dropout {
 public:
  /// Throws ValueError if p is outside 0..1.
  Dropout(Scope at, double p);
  explicit Dropout(double p) : Dropout(Scope(), p) {}
  /// Any shape; returns the same shape.
  Tensor operator()(const Tensor& x) const;
  const Scope& scope() const { return at_; }

 private:
  Scope at_;
  double p_;
};

}  // namespace tapehead::nn
