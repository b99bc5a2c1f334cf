// Normalization and dropout.
#pragma once

#include <functional>
#include <optional>

#include "tapehead/nn/any_layer.h"
#include "tapehead/nn/params.h"

namespace tapehead::nn {

struct LayerNormOptions {
  double eps = 1e-5;
  bool bias = true;
};

/// (x - mean) / sqrt(var + eps) over the last axis, times weight, plus bias: Ba et al. 2016.
class LayerNorm {
 public:
  LayerNorm(Scope at, int64_t size, const LayerNormOptions& options = {});
  /// [..., size] to [..., size].
  Tensor operator()(const Tensor& x) const;

  Tensor weight, bias;  ///< [size]; bias undefined without one

 private:
  Scope at_;
  double eps_;
};

struct RMSNormOptions {
  double eps = 1e-6;
};

/// x / sqrt(mean(x²) + eps) over the last axis, times weight: Zhang and Sennrich 2019.
class RMSNorm {
 public:
  RMSNorm(Scope at, int64_t size, const RMSNormOptions& options = {});
  /// [..., size] to [..., size].
  Tensor operator()(const Tensor& x) const;

  Tensor weight;  ///< [size]

 private:
  Scope at_;
  double eps_;
};

enum class NormType { layer_norm, rms_norm };

/// The normalization layers of a model.
struct NormLayerOptions {
  std::optional<NormType> type = {};  ///< none: layer_norm
  std::optional<double> eps = {};     ///< none: 1e-5, of rms_norm 1e-6
  std::optional<bool> bias = {};      ///< of layer_norm; none: true, in a Transformer its `bias`
  /// Makes a layer of the user's in place of these, for x [..., size].
  std::function<AnyLayer(const Scope& at, int64_t size)> make = {};
};

/// The normalization layer that the options name, at its place: parameters `weight` and `bias`.
AnyLayer make_norm(const Scope& at, int64_t size, const NormLayerOptions& options = {});

/// In training, zeroes each element with probability p and scales the others by 1 / (1 - p):
/// Srivastava et al. 2014. The identity in evaluation.
class Dropout {
 public:
  /// Throws ValueError when p is outside 0..1.
  Dropout(Scope at, double p);
  Tensor operator()(const Tensor& x) const;

 private:
  Scope at_;
  double p_;
};

}  // namespace tapehead::nn
