// Activations by the names that config.json has for them.
#pragma once

#include <string>

#include "tapehead/nn/activation.h"
#include "tapehead/nn/hf/detail/fields.h"

namespace tapehead::nn::hf {

/// "gelu_new" … None when nothing has this name.
Activation activation_of(const std::string& name);
/// The one that a field names. Throws FormatError that lists the names that can be read.
Activation read_activation(Fields& fields, const char* name);
/// The name in config.json of an activation, by its own; "" when there is none.
std::string name_of(const Activation& activation);

}  // namespace tapehead::nn::hf
