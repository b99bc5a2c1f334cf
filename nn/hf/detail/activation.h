// Activations by the names that config.json has for them.
#pragma once

#include <string>

#include "tapehead/nn/feed_forward.h"
#include "tapehead/nn/hf/detail/fields.h"

namespace tapehead::nn::hf {

/// "gelu_new" … An empty function when nothing has this name.
Activation activation_of(const std::string& name);
/// The one that a field names. Throws FormatError that lists the names that can be read.
Activation read_activation(Fields& fields, const char* name);
/// The first name that `act` has; "" when it has none.
std::string name_of(const Activation& act);

}  // namespace tapehead::nn::hf
