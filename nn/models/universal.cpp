#include "tapehead/nn/models/universal.h"

#include <fmt/format.h>

#include "tapehead/autograd/detail/padding.h"
#include "tapehead/core/creation.h"

namespace tapehead::nn {
namespace {

const TransformerOptions& checked(const Scope& at, const TransformerOptions& layer,
                                  const UniversalOptions& o) {
  nn::at(at, [&] {
    if (o.steps < 1 || !(o.threshold > 0 && o.threshold < 1))
      throw ValueError(
          fmt::format("universal: {} steps and a threshold of {}; there must be at least 1 step, "
                      "and the threshold lies between 0 and 1",
                      o.steps, o.threshold));
    if (layer.mixture)
      throw ValueError("universal: the layer has no mixture of experts; leave `mixture` out");
  });
  return layer;
}

// bool [B, T], true up to a sequence's length.
Tensor real_positions(const Tensor& x, const Tensor& lengths) {
  if (!lengths.defined()) return full({x.size(0), x.size(1)}, true);
  return ~padding_mask(lengths, x.size(1));
}

// Adaptive computation time of every position.
class Halting {
 public:
  Halting(const Tensor& real, const Tensor& x, double threshold)
      : threshold_(threshold),
        running_(real),
        steps_(zeros(real.shape(), i64)),
        sum_(zeros(real.shape(), x.dtype())),
        remainders_(sum_),
        out_(zeros_like(x)) {}

  /// Adds a step: the states of the running positions, and the probability that they halt.
  void add(const Tensor& state, const Tensor& probability, bool last) {
    const Tensor halts = last ? running_ : running_ & (sum_ + probability >= threshold_);
    const Tensor rest = 1 - sum_, nothing = zeros({}, sum_.dtype());
    const Tensor weight = where(running_, where(halts, rest, probability), nothing);
    out_ += weight.unsqueeze(2) * state;
    remainders_ += where(halts, rest, nothing);
    steps_ += running_.to(i64);
    sum_ += weight;
    running_ = running_ & ~halts;
  }

  const Tensor& running() const { return running_; }
  bool done() const { return any(running_).item() == 0; }
  UniversalOutput result(const Tensor& real) const {
    const Tensor cost = sum(steps_.to(sum_.dtype()) + remainders_, {1});
    return {.out = out_,
            .steps = steps_,
            .ponder_cost = cost / sum(real, {1}).to(sum_.dtype()),
            .attention_weights = {}};
  }

 private:
  double threshold_;
  Tensor running_, steps_;  // bool and i64 [B, T]
  Tensor sum_, remainders_, out_;
};

}  // namespace

UniversalEncoder::UniversalEncoder(const Scope& at, const TransformerOptions& layer_options,
                                   const UniversalOptions& options)
    : UniversalEncoder(at, completed(layer_options), options, nullptr) {}

UniversalEncoder::UniversalEncoder(const Scope& at, const TransformerOptions& o,
                                   const UniversalOptions& options, std::nullptr_t)
    : layer(make_encoder_layer(at / "layer", checked(at, o, options), 0)),
      at_(at),
      options_(options),
      embed_dim_(o.embed_dim) {
  if (*o.norm_first) norm = make_norm(at / "norm", o.embed_dim, o.norm);
  if (options.adaptive)
    halt = Linear(at / "halt", o.embed_dim, 1, {.bias_init = init::constant(options.halting_bias)});
}

Tensor UniversalEncoder::coordinates(const Tensor& x, const Tensor& positions) const {
  const int64_t T = x.size(1);
  if (!positions.defined()) return sinusoidal_positions(T, embed_dim_).to(x.dtype());
  if (positions.shape() != Shape{x.size(0), T})
    throw ShapeError(fmt::format("universal: x is {} and positions {}; expected [{}, {}]",
                                 x.shape().str(), positions.shape().str(), x.size(0), T));
  const int64_t count = positions.numel() > 0 ? max(positions).item<int64_t>() + 1 : 0;
  return embedding(sinusoidal_positions(count, embed_dim_).to(x.dtype()), positions);
}

UniversalOutput UniversalEncoder::operator()(const Tensor& x, const AttentionOptions& options,
                                             const Tensor& positions) const {
  return nn::at(at_, [&] {
    if (x.dim() != 3 || x.size(2) != embed_dim_)
      throw ShapeError(
          fmt::format("universal: x is {}; expected [B, T, {}]", x.shape().str(), embed_dim_));
    Tensor state = tapehead::detail::zero_padding("universal", x, options.lengths);
    const Tensor real = real_positions(x, options.lengths), where_at = coordinates(x, positions);
    const Tensor steps = sinusoidal_positions(options_.steps, embed_dim_, 1).to(x.dtype());
    std::optional<Halting> halting;
    if (halt) halting.emplace(real, x, options_.threshold);
    std::vector<Tensor> weights;
    for (int64_t n = 0; n < options_.steps; ++n) {
      const EncoderLayerOutput next = layer.attend(state + (where_at + steps[n]), options);
      if (next.attention_weights.defined()) weights.push_back(next.attention_weights);
      if (!halting) {
        state = next.out;
        continue;
      }
      state = where(halting->running().unsqueeze(2), next.out, state);
      halting->add(state, sigmoid(halt(state).squeeze(2)), n + 1 == options_.steps);
      if (halting->done()) break;
    }
    UniversalOutput result = halting ? halting->result(real)
                                     : UniversalOutput{.out = state,
                                                       .steps = real.to(i64) * options_.steps,
                                                       .ponder_cost = {},
                                                       .attention_weights = {}};
    if (norm) result.out = norm(result.out);
    result.attention_weights = std::move(weights);
    return result;
  });
}

}  // namespace tapehead::nn
