// Activation functions by their names in config.json.
#pragma once

#include <string>

#include "tapehead/nn/activation.h"
#include "tapehead/nn/hf/detail/fields.h"

namespace tapehead::nn::hf {

/// The activation with this name ("gelu_new" …); empty if there is none.
Activation activation_of(const std::string& name);
/// Reads a field that names an activation. Throws FormatError that lists the supported names.
Activation read_activation(Fields& fields, const char* name);
/// The activation's name in config.json; "" if it has none.
std::string name_of(const Activation& activation);

}  // namespace tapehead::nn::hf
