#include "tapehead/nn/recurrent_layers.h"
#include "tapehead/tests/parity/parity.h"

namespace tapehead::parity {
namespace {

Tensors listed(const nn::RnnOutput& r) {
  Tensors results{r.out, r.state.h};
  if (r.state.c.defined()) results.push_back(r.state.c);
  return results;
}

// Of an input and its initial states, if they are given.
template <class L>
Layer network(L layer) {
  return [layer](const Tensors& x) {
    return listed(layer(x[0], {x.size() > 1 ? x[1] : Tensor(), x.size() > 2 ? x[2] : Tensor()}));
  };
}

// Of an input, its lengths and its initial states, if they are given.
template <class L>
Layer padded(L layer) {
  return [layer](const Tensors& x) {
    return listed(
        layer(x[0], {x.size() > 2 ? x[2] : Tensor(), x.size() > 3 ? x[3] : Tensor()}, x[1]));
  };
}

template <class L>
Layer cell(L layer) {
  return [layer](const Tensors& x) { return Tensors{layer(x[0], x.size() > 1 ? x[1] : Tensor())}; };
}

}  // namespace

// clang-format off
const Family kRecurrent("recurrent", {}, {
  {"LSTM", [](const nn::Scope& at) { return network(nn::LSTM(at, 3, 4)); }},
  {"LSTM/deep", [](const nn::Scope& at) { return network(nn::LSTM(at, 3, 2, {.num_layers = 2, .bias = false, .batch_first = true, .bidirectional = true})); }},
  {"LSTM/projected", [](const nn::Scope& at) { return network(nn::LSTM(at, 3, 4, {.proj_size = 2})); }},
  {"LSTM/projected deep", [](const nn::Scope& at) { return network(nn::LSTM(at, 3, 3, {.num_layers = 2, .bidirectional = true, .proj_size = 2})); }},
  {"LSTM/projected lengths", [](const nn::Scope& at) { return padded(nn::LSTM(at, 3, 3, {.bidirectional = true, .proj_size = 2})); }},
  {"LSTM/lengths", [](const nn::Scope& at) { return padded(nn::LSTM(at, 3, 2, {.num_layers = 2, .batch_first = true, .bidirectional = true})); }},
  {"LSTM/sequence", [](const nn::Scope& at) { return network(nn::LSTM(at, 3, 2)); }},
  {"GRU", [](const nn::Scope& at) { return network(nn::GRU(at, 3, 2, {.num_layers = 2, .bidirectional = true})); }},
  {"GRU/lengths", [](const nn::Scope& at) { return padded(nn::GRU(at, 3, 2, {.bidirectional = true})); }},
  {"RNN", [](const nn::Scope& at) { return network(nn::RNN(at, 3, 2, {.num_layers = 2})); }},
  {"RNN/relu", [](const nn::Scope& at) { return network(nn::RNN(at, 3, 4, {.nonlinearity = RnnCell::relu, .bias = false, .bidirectional = true})); }},
  {"LSTMCell", [](const nn::Scope& at) -> Layer {
    return [layer = nn::LSTMCell(at, 3, 2)](const Tensors& x) {
      const nn::RnnState next = layer(x[0], {x[1], x[2]});
      return Tensors{next.h, next.c};
    };
  }},
  {"GRUCell", [](const nn::Scope& at) { return cell(nn::GRUCell(at, 3, 2)); }},
  {"RNNCell", [](const nn::Scope& at) { return cell(nn::RNNCell(at, 3, 2, {.bias = false})); }},
  {"RNNCell/relu", [](const nn::Scope& at) { return cell(nn::RNNCell(at, 3, 4, {.nonlinearity = RnnCell::relu})); }},
});

}  // namespace tapehead::parity
