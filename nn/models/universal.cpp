#include "tapehead/nn/models/universal.h"

#include <fmt/format.h>

#include "tapehead/autograd/detail/padding.h"
#include "tapehead/core/creation.h"

namespace tapehead::nn {
namespace {

const UniversalOptions& checked(const Scope& at, const TransformerOptions& layer,
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
  return o;
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

  /// Takes in what a step made of the running positions, and how probable it is that they halt.
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
  Pondered result(const Tensor& real) const {
    const Tensor cost = sum(steps_.to(sum_.dtype()) + remainders_, {1});
    return {.out = out_,
            .steps = steps_,
            .ponder = cost / sum(real, {1}).to(sum_.dtype()),
            .weights = {}};
  }

 private:
  double threshold_;
  Tensor running_, steps_;  // bool and i64 [B, T]
  Tensor sum_, remainders_, out_;
};

}  // namespace

UniversalEncoder::UniversalEncoder(Scope at, const TransformerOptions& layer,
                                   const UniversalOptions& o)
    : at_(std::move(at)),
      options_(checked(at_, layer, o)),
      width_(layer.width),
      layer_(at_ / "layer", layer) {
  if (layer.pre_norm) norm_.emplace(at_ / "norm", layer);
  if (o.act)
    halt_.emplace(at_ / "halt", layer.width, 1,
                  LinearOptions{.bias_init = init::constant(o.halting_bias)});
}

Tensor UniversalEncoder::coordinates(const Tensor& x, const Tensor& positions) const {
  const int64_t T = x.size(1);
  if (!positions.defined()) return sinusoidal_positions(T, width_).to(x.dtype());
  if (positions.shape() != Shape{x.size(0), T})
    throw ShapeError(fmt::format("universal: x is {} and positions {}; expected [{}, {}]",
                                 x.shape().str(), positions.shape().str(), x.size(0), T));
  const int64_t count = positions.numel() > 0 ? max(positions).item<int64_t>() + 1 : 0;
  return embedding(sinusoidal_positions(count, width_).to(x.dtype()), positions);
}

Pondered UniversalEncoder::operator()(const Tensor& x, const AttentionOptions& seen,
                                      const Tensor& positions) const {
  return nn::at(at_, [&] {
    if (x.dim() != 3 || x.size(2) != width_)
      throw ShapeError(
          fmt::format("universal: x is {}; expected [B, T, {}]", x.shape().str(), width_));
    Tensor state = tapehead::detail::zero_padding("universal", x, seen.lengths);
    const Tensor real = real_positions(x, seen.lengths), where_at = coordinates(x, positions);
    const Tensor steps = sinusoidal_positions(options_.steps, width_, 1).to(x.dtype());
    std::optional<Halting> halting;
    if (halt_) halting.emplace(real, x, options_.threshold);
    std::vector<Tensor> weights;
    for (int64_t n = 0; n < options_.steps; ++n) {
      const LayerResult made = layer_.attend(state + (where_at + steps[n]), seen);
      if (made.weights.defined()) weights.push_back(made.weights);
      if (!halting) {
        state = made.out;
        continue;
      }
      state = where(halting->running().unsqueeze(2), made.out, state);
      halting->add(state, sigmoid((*halt_)(state).squeeze(2)), n + 1 == options_.steps);
      if (halting->done()) break;
    }
    Pondered result = halting ? halting->result(real)
                              : Pondered{.out = state,
                                         .steps = real.to(i64) * options_.steps,
                                         .ponder = {},
                                         .weights = {}};
    if (norm_) result.out = (*norm_)(result.out);
    result.weights = std::move(weights);
    return result;
  });
}

}  // namespace tapehead::nn
