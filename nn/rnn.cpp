#include "tapehead/nn/rnn.h"

#include <fmt/format.h>

#include <cmath>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/core/detail/elementwise.h"

namespace tapehead::nn {
namespace {

int64_t gates_of(RnnCell cell) { return cell == RnnCell::lstm ? 4 : cell == RnnCell::gru ? 3 : 1; }

RnnWeights make_weights(const Scope& at, const std::string& suffix, int64_t input_size,
                        int64_t hidden_size, const CellOptions& o, int64_t proj_size = 0) {
  if (hidden_size < 1)
    throw ValueError(
        fmt::format("rnn: hidden_size = {}; at least 1 (in {})", hidden_size, at.path()));
  const int64_t rows = gates_of(o.cell) * hidden_size;
  const double bound = 1 / std::sqrt(static_cast<double>(hidden_size));
  const Init within = init::uniform(-bound, bound);
  RnnWeights w;
  w.w_ih = at.param("weight_ih" + suffix, {rows, input_size}, o.input_init ? o.input_init : within);
  w.w_hh = at.param("weight_hh" + suffix, {rows, proj_size > 0 ? proj_size : hidden_size},
                    o.hidden_init ? o.hidden_init : within);
  if (o.bias) {
    w.b_ih = at.param("bias_ih" + suffix, {rows}, within);
    w.b_hh = at.param("bias_hh" + suffix, {rows}, within);
  }
  if (proj_size > 0) w.w_hr = at.param("weight_hr" + suffix, {proj_size, hidden_size}, within);
  if (!o.bias) return w;
  if (o.cell == RnnCell::lstm && o.forget_bias != 0) {
    const NoGradGuard no_grad;
    w.b_ih.slice(0, hidden_size, 2 * hidden_size).add_(o.forget_bias);
  }
  return w;
}

}  // namespace

RnnCell cell_from(std::string_view text) {
  constexpr std::pair<const char*, RnnCell> kCells[] = {{"tanh", RnnCell::tanh},
                                                        {"relu", RnnCell::relu},
                                                        {"lstm", RnnCell::lstm},
                                                        {"gru", RnnCell::gru}};
  for (const auto& [name, cell] : kCells)
    if (text == name) return cell;
  throw ValueError(fmt::format("cell: there is no '{}'; take one of tanh, relu, lstm, gru", text));
}

Cell::Cell(const Scope& at, int64_t input_size, int64_t hidden_size, const CellOptions& options)
    : weights(make_weights(at, "", input_size, hidden_size, options)),
      at_(at),
      cell_(options.cell) {}

RnnState Cell::operator()(const Tensor& x, const RnnState& state) const {
  const RnnResult r =
      call_at(at_, [&] { return recurrent(cell_, x.unsqueeze(1), weights, state.h, state.c); });
  return {r.h, r.c};
}

Rnn::Rnn(Scope at, int64_t input_size, int64_t hidden_size, const RnnOptions& options)
    : at_(std::move(at)), options_(options) {
  if (options.num_layers < 1)
    throw ValueError(
        fmt::format("rnn: num_layers = {}; at least 1 (in {})", options.num_layers, at_.path()));
  const int64_t P = options.proj_size;
  if (P != 0 && (options.cell != RnnCell::lstm || P < 0 || P >= hidden_size))
    throw ValueError(fmt::format(
        "rnn: proj_size = {}; it is 0, or of an LSTM with a hidden_size above it, but that is {} "
        "(in {})",
        P, hidden_size, at_.path()));
  const int64_t directions = options.bidirectional ? 2 : 1;
  for (int64_t layer = 0; layer < options.num_layers; ++layer)
    for (int64_t direction = 0; direction < directions; ++direction)
      weights.push_back(make_weights(
          at_, fmt::format("_l{}{}", layer, direction ? "_reverse" : ""),
          layer ? directions * (P > 0 ? P : hidden_size) : input_size, hidden_size,
          {.cell = options.cell, .bias = options.bias, .forget_bias = options.forget_bias}, P));
}

RnnOutput Rnn::operator()(const Tensor& x, const Tensor& lengths, const RnnState& state) const {
  return call_at(at_, [&] {
    const int64_t directions = options_.bidirectional ? 2 : 1;
    Tensor input = x;
    std::vector<Tensor> hs, cs;
    for (int64_t layer = 0; layer < options_.num_layers; ++layer) {
      if (layer > 0) input = dropout(input, options_.dropout, at_.training());
      std::vector<Tensor> outs;
      for (int64_t direction = 0; direction < directions; ++direction) {
        const int64_t k = layer * directions + direction;
        const auto first = [k](const Tensor& s) { return s.defined() ? s[k] : s; };
        const RnnResult r =
            recurrent(options_.cell, input, weights[static_cast<size_t>(k)], first(state.h),
                      first(state.c), {.lengths = lengths, .reverse = direction == 1});
        outs.push_back(r.out);
        hs.push_back(r.h);
        if (r.c.defined()) cs.push_back(r.c);
      }
      input = directions == 1 ? outs[0] : cat(outs, -1);
    }
    return RnnOutput{input,
                     {tapehead::stack(hs, 0), cs.empty() ? Tensor() : tapehead::stack(cs, 0)}};
  });
}

}  // namespace tapehead::nn
