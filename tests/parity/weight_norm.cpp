#include "tapehead/nn/weight_norm.h"

#include "tapehead/nn/conv.h"
#include "tapehead/nn/linear.h"
#include "tapehead/nn/recurrent_layers.h"
#include "tapehead/tests/parity/parity.h"

namespace tapehead::parity {

// clang-format off
const Family kWeightNorm("weight_norm", {}, {
  {"weight_norm", [](const nn::Scope& at) { return one(nn::weight_norm(nn::Linear(at, 3, 4))); }},
  {"weight_norm/whole", [](const nn::Scope& at) { return one(nn::weight_norm(nn::Linear(at, 3, 4, {.bias = false}), {.axis = std::nullopt})); }},
  {"weight_norm/axis", [](const nn::Scope& at) { return one(nn::weight_norm(nn::Conv1d(at, 2, 3, 2), {.axis = 1})); }},
  {"weight_norm/name", [](const nn::Scope& at) -> Layer {
    return [lstm = nn::weight_norm(nn::LSTM(at, 3, 2), {.name = "weight_hh_l0"},
                                   [](nn::LSTM& l) -> Tensor& { return l.weights()[0].w_hh; })](const Tensors& x) {
      return Tensors{lstm(x[0]).out};
    };
  }},
  {"spectral_norm", [](const nn::Scope& at) { return one(nn::spectral_norm(nn::Linear(at, 3, 4))); }},
  {"spectral_norm/eval", [](const nn::Scope& at) { return one(nn::spectral_norm(nn::Conv1d(at, 2, 3, 2))); }},
  {"spectral_norm/axis", [](const nn::Scope& at) {
    return one(nn::spectral_norm(nn::ConvTranspose1d(at, 2, 3, 2), {.n_power_iterations = 3, .eps = 1e-3, .axis = 1}));
  }},
});

}  // namespace tapehead::parity
