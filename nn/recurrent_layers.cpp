#include "tapehead/nn/recurrent_layers.h"

#include <fmt/format.h>

namespace tapehead::nn {
namespace {

RnnCell plain_cell(const Scope& at, RnnCell nonlinearity) {
  if (nonlinearity != RnnCell::tanh && nonlinearity != RnnCell::relu)
    throw ValueError(fmt::format("rnn: the nonlinearity is tanh or relu (in {})", at.path()));
  return nonlinearity;
}

Tensor with_axis(const Tensor& x, int64_t axis) { return x.defined() ? x.unsqueeze(axis) : x; }
Tensor without_axis(const Tensor& x, int64_t axis) { return x.defined() ? x.squeeze(axis) : x; }

// Of a batch, or of one step.
RnnState step(const Cell& cell, const Tensor& x, const RnnState& state) {
  if (x.dim() != 1) return cell(x, state);
  const RnnState next = cell(x.unsqueeze(0), {with_axis(state.h, 0), with_axis(state.c, 0)});
  return {next.h.squeeze(0), without_axis(next.c, 0)};
}

}  // namespace

RnnOutput RecurrentLayer::operator()(const Tensor& x, const RnnState& state,
                                     const Tensor& lengths) const {
  if (x.dim() == 2) {
    const RnnOutput r =
        rnn_(x.unsqueeze(0), lengths, {with_axis(state.h, 1), with_axis(state.c, 1)});
    return {r.out.squeeze(0), {r.state.h.squeeze(1), without_axis(r.state.c, 1)}};
  }
  if (batch_first_ || x.dim() != 3) return rnn_(x, lengths, state);
  RnnOutput r = rnn_(x.transpose(0, 1), lengths, state);
  r.out = r.out.transpose(0, 1);
  return r;
}

LSTM::LSTM(Scope at, int64_t input_size, int64_t hidden_size, const LSTMOptions& o)
    : RecurrentLayer(std::move(at), input_size, hidden_size,
                     {.cell = RnnCell::lstm,
                      .num_layers = o.num_layers,
                      .bidirectional = o.bidirectional,
                      .dropout = o.dropout,
                      .bias = o.bias,
                      .proj_size = o.proj_size},
                     o.batch_first) {}

GRU::GRU(Scope at, int64_t input_size, int64_t hidden_size, const GRUOptions& o)
    : RecurrentLayer(std::move(at), input_size, hidden_size,
                     {.cell = RnnCell::gru,
                      .num_layers = o.num_layers,
                      .bidirectional = o.bidirectional,
                      .dropout = o.dropout,
                      .bias = o.bias},
                     o.batch_first) {}

RNN::RNN(const Scope& at, int64_t input_size, int64_t hidden_size, const RNNOptions& o)
    : RecurrentLayer(at, input_size, hidden_size,
                     {.cell = plain_cell(at, o.nonlinearity),
                      .num_layers = o.num_layers,
                      .bidirectional = o.bidirectional,
                      .dropout = o.dropout,
                      .bias = o.bias},
                     o.batch_first) {}

RnnState LSTMCell::operator()(const Tensor& x, const RnnState& state) const {
  return step(cell, x, state);
}

Tensor GRUCell::operator()(const Tensor& x, const Tensor& h) const {
  return step(cell, x, {.h = h, .c = {}}).h;
}

RNNCell::RNNCell(const Scope& at, int64_t input_size, int64_t hidden_size,
                 const RNNCellOptions& options)
    : cell(at, input_size, hidden_size,
           {.cell = plain_cell(at, options.nonlinearity), .bias = options.bias}) {}

Tensor RNNCell::operator()(const Tensor& x, const Tensor& h) const {
  return step(cell, x, {.h = h, .c = {}}).h;
}

}  // namespace tapehead::nn
