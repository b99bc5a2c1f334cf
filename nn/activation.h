// Activation functions, by name.
#pragma once

#include <concepts>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>

#include "tapehead/autograd/ops.h"

namespace tapehead::nn {

/// An elementwise function and a name, by which a saved config refers to it. The constants below
/// are named; your own function or lambda converts to an activation, with or without a name:
///
///   nn::FeedForward a(at, {.embed_dim = 64, .activation = nn::gelu});
///   nn::FeedForward b(at, {.embed_dim = 64, .activation = [](const Tensor& x) { return x * x; }});
///   nn::FeedForward c(at, {.embed_dim = 64, .activation = {"snake", snake}});
/// Example: nn::Activation("square", square)(tensor({1.0, 2.0}))  // [1., 4.]
class Activation {
 public:
  using Function = std::function<Tensor(const Tensor&)>;

  /// Empty: in options, stands for the default activation of the layer or model.
  Activation() = default;
  template <class F>
  requires(!std::same_as<std::remove_cvref_t<F>, Activation> &&
           std::is_invocable_r_v<Tensor, F&, const Tensor&>) Activation(F function)
      : function_(std::move(function)) {}
  Activation(std::string name, Function function)
      : name_(std::move(name)), function_(std::move(function)) {}

  Tensor operator()(const Tensor& x) const { return function_(x); }
  explicit operator bool() const { return static_cast<bool>(function_); }
  /// The name, such as "gelu"; empty if none was given.
  const std::string& name() const { return name_; }

 private:
  std::string name_;
  Function function_;
};

/// max(x, 0)
inline const Activation relu("relu", [](const Tensor& x) { return tapehead::relu(x); });
/// x Phi(x); see gelu().
inline const Activation gelu("gelu", [](const Tensor& x) { return tapehead::gelu(x); });
/// The tanh approximation of GELU, as in GPT-2.
inline const Activation gelu_tanh("gelu_tanh",
                                  [](const Tensor& x) { return tapehead::gelu_tanh(x); });
/// x sigmoid(x)
inline const Activation silu("silu", [](const Tensor& x) { return tapehead::silu(x); });
/// The hyperbolic tangent.
inline const Activation tanh("tanh", [](const Tensor& x) { return tapehead::tanh(x); });
/// 1 / (1 + exp(-x))
inline const Activation sigmoid("sigmoid", [](const Tensor& x) { return tapehead::sigmoid(x); });
/// x sigmoid(1.702 x), as in CLIP.
inline const Activation quick_gelu("quick_gelu", [](const Tensor& x) {
  return x * tapehead::sigmoid(1.702 * x);
});
/// relu(x)²: So et al. 2021, "Primer".
inline const Activation relu_squared("relu_squared",
                                     [](const Tensor& x) { return square(tapehead::relu(x)); });

}  // namespace tapehead::nn
