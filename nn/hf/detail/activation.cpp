#include "tapehead/nn/hf/detail/activation.h"

#include <fmt/format.h>

#include <vector>

namespace tapehead::nn::hf {
namespace {

struct Named {
  const char* name;
  NamedActivation activation;
};

constexpr Named kActivations[] = {
    {"relu", relu},
    {"gelu", gelu},
    {"gelu_new", gelu_tanh},
    {"silu", silu},
    {"tanh", tanh},
    {"sigmoid", sigmoid},
    {"quick_gelu", quick_gelu},
    {"relu2", relu_squared},
    // Aliases, which are read but not written.
    {"gelu_python", gelu},
    {"gelu_fast", gelu_tanh},
    {"gelu_pytorch_tanh", gelu_tanh},
    {"gelu_accurate", gelu_tanh},
    {"swish", silu},
};

}  // namespace

Activation activation_of(const std::string& name) {
  for (const Named& a : kActivations)
    if (name == a.name) return a.activation;
  return {};
}

Activation read_activation(Fields& fields, const char* name) {
  if (const Activation activation = activation_of(fields.word(name))) return activation;
  std::vector<const char*> names;
  for (const Named& a : kActivations) names.push_back(a.name);
  fields.fail(name, fmt::format("{} are supported", fmt::join(names, ", ")));
}

std::string name_of(const Activation& activation) {
  for (const Named& a : kActivations)
    if (activation.name() == a.activation.name()) return a.name;
  return "";
}

}  // namespace tapehead::nn::hf
