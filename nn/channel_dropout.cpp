#include "tapehead/nn/channel_dropout.h"

#include "tapehead/nn/detail/probability.h"

namespace tapehead::nn {

ChannelDropout::ChannelDropout(Scope at, double p, Function* function)
    : at_(std::move(at)), p_(detail::checked_probability("dropout", p, at_)), function_(function) {}

Tensor ChannelDropout::operator()(const Tensor& x) const {
  return nn::at(at_, [&] { return function_(x, p_, at_.training(), default_generator()); });
}

}  // namespace tapehead::nn
