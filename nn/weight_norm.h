// Layers whose weight is computed from other parameters in each call.
//
//   auto layer = nn::weight_norm(nn::Conv1d(params / "conv", 16, 33, 3));
//   nn::Sequential net(params / "net", {nn::spectral_norm(nn::Linear{64, 10}), nn::ReLU{}});
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "tapehead/nn/params.h"

namespace tapehead::nn {

struct WeightNormOptions {
  std::string name = "weight";      ///< of the parameter
  std::optional<int64_t> axis = 0;  ///< with a norm for each of its positions; none: one norm
};

/// A weight g v / |v| (Salimans and Kingma 2016). Its parameter NAME is renamed to `NAME_v`, and
/// `NAME_g` is added: the norms of v over all axes but one, [n, 1, …], or [].
/// Example: nn::WeightNorm(nn::Linear(at, 64, 10).scope(), {})()  // shape [10, 64]
class WeightNorm {
 public:
  /// Throws IndexError if the scope has no such parameter.
  WeightNorm(const Scope& at, const WeightNormOptions& options);
  Tensor operator()() const;
  /// Makes NAME a parameter again, with the value of this weight, and returns it.
  Tensor remove() const;
  const std::string& name() const { return options_.name; }

  Tensor g, v;

 private:
  Scope at_;
  WeightNormOptions options_;
};

struct SpectralNormOptions {
  std::string name = "weight";     ///< of the parameter
  int64_t n_power_iterations = 1;  ///< of each call in training
  double eps = 1e-12;              ///< lower bound of norms
  int64_t axis = 0;                ///< of the rows of the matrix; 1 for transposed convolutions
};

/// A weight W / sigma, where sigma is an estimate of the largest singular value of W as a matrix
/// [n, …] (Miyato et al. 2018): u' W v, where calls in training update u and v by power iterations.
/// The parameter NAME is renamed to `NAME_orig`; the buffers are `NAME_u` and `NAME_v`.
/// Example: nn::SpectralNorm(nn::Linear(at, 64, 10).scope(), {})()  // shape [10, 64]
class SpectralNorm {
 public:
  /// Throws IndexError if the scope has no such parameter, ValueError for options out of range.
  SpectralNorm(const Scope& at, const SpectralNormOptions& options);
  Tensor operator()() const;
  /// Makes NAME a parameter again, with the value of this weight, and returns it.
  Tensor remove() const;
  const std::string& name() const { return options_.name; }

  Tensor orig, u, v;

 private:
  Tensor matrix() const;
  Tensor divided(const Tensor& m) const;

  Scope at_;
  SpectralNormOptions options_;
};

/// A layer one of whose weights is a WeightNorm or SpectralNorm. Called as the layer.
template <class L, class Weight>
class Reparametrized {
 public:
  using Access = Tensor& (*)(L& layer);
  Reparametrized(L layer, Weight weight, Access access)
      : layer_(std::move(layer)), weight_(std::move(weight)), access_(access) {}

  template <class... A>
  requires std::is_invocable_v<const L&, const A&...>
  auto operator()(const A&... operands) const -> std::invoke_result_t<const L&, const A&...> {
    L layer = layer_;  // a layer is a handle to its parameters
    access_(layer) = call_at(scope(), [&] { return weight_(); });
    return std::as_const(layer)(operands...);
  }
  /// The layer, with the weight as a parameter again.
  L removed() const {
    L layer = layer_;
    access_(layer) = call_at(scope(), [&] { return weight_.remove(); });
    return layer;
  }
  const Scope& scope() const { return layer_.scope(); }
  const Weight& weight() const { return weight_; }

 private:
  L layer_;
  Weight weight_;
  Access access_;
};

/// The tensor `weight` of a layer.
template <class L>
Tensor& weight_of(L& layer) {
  return layer.weight;
}

/// The layer with a WeightNorm in place of its parameter. `access` returns the layer's handle of a
/// parameter that is not named "weight":
///
///   nn::weight_norm(lstm, {.name = "weight_hh_l0"},
///                  [](nn::LSTM& l) -> Tensor& { return l.weights()[0].w_hh; });
template <class L>
Reparametrized<L, WeightNorm> weight_norm(
    const L& layer, const WeightNormOptions& options = {},
    std::type_identity_t<Tensor& (*)(L&)> access = weight_of<L>) {
  return {layer, WeightNorm(layer.scope(), options), access};
}
/// The layer with its weight as a parameter again, of the same value.
template <class L>
L remove_weight_norm(const Reparametrized<L, WeightNorm>& layer) {
  return layer.removed();
}

/// The layer with a SpectralNorm in place of its parameter; `access` as in weight_norm().
template <class L>
Reparametrized<L, SpectralNorm> spectral_norm(
    const L& layer, const SpectralNormOptions& options = {},
    std::type_identity_t<Tensor& (*)(L&)> access = weight_of<L>) {
  return {layer, SpectralNorm(layer.scope(), options), access};
}
template <class L>
L remove_spectral_norm(const Reparametrized<L, SpectralNorm>& layer) {
  return layer.removed();
}

}  // namespace tapehead::nn
