#include "tapehead/nn/hf/detail/activation.h"

#include <fmt/format.h>

#include <vector>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/core/creation.h"

namespace tapehead::nn::hf {
namespace {

struct Named {
  const char* name;
  Tensor (*function)(const Tensor& x);
};

constexpr Named kActivations[] = {
    {"relu", relu},
    {"gelu", gelu},
    {"gelu_new", gelu_tanh},
    {"silu", silu},
    {"tanh", tapehead::tanh},
    {"sigmoid", sigmoid},
    {"quick_gelu", [](const Tensor& x) { return x * sigmoid(1.702 * x); }},
    {"relu2", [](const Tensor& x) { return square(relu(x)); }},
    // Other names of the same.
    {"gelu_python", gelu},
    {"gelu_fast", gelu_tanh},
    {"gelu_pytorch_tanh", gelu_tanh},
    {"gelu_accurate", gelu_tanh},
    {"swish", silu},
};

}  // namespace

Activation activation_of(const std::string& name) {
  for (const Named& a : kActivations)
    if (name == a.name) return a.function;
  return {};
}

Activation read_activation(Fields& fields, const char* name) {
  if (const Activation act = activation_of(fields.word(name))) return act;
  std::vector<const char*> names;
  for (const Named& a : kActivations) names.push_back(a.name);
  fields.fail(name, fmt::format("{} are supported", fmt::join(names, ", ")));
}

std::string name_of(const Activation& act) {
  // A function cannot be asked for its name, but for its values.
  const NoGrad off;
  const Tensor x = linspace(-4, 4, 31, f64);
  const std::vector<double> values = act(x).to_vector<double>();
  for (const Named& a : kActivations)
    if (a.function(x).to_vector<double>() == values) return a.name;
  return "";
}

}  // namespace tapehead::nn::hf
