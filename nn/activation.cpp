#include "tapehead/nn/activation.h"

namespace tapehead::nn {

Activation::Activation(const NamedActivation& known) : Activation(known.name(), Function(known)) {}

}  // namespace tapehead::nn
