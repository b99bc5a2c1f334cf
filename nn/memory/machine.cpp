#include "tapehead/nn/memory/machine.h"

#include <fmt/format.h>

#include "tapehead/autograd/detail/padding.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/detail/lengths.h"
#include "tapehead/nn/linear.h"
#include "tapehead/nn/memory/detail/run_steps.h"

namespace tapehead::nn {

namespace detail {

Tensor last_features(const Tensor& features, const Tensor& lengths) {
  const int64_t B = features.size(0), T = features.size(1);
  const Tensor last = core::check_lengths("machine", lengths, B, T, 1) - 1;
  return index_select(features.flatten(0, 1), 0, last + arange(B) * T);
}

void check_sizes(const char* model, std::initializer_list<std::pair<const char*, int64_t>> sizes) {
  for (const auto& [name, size] : sizes)
    if (size < 1)
      throw ValueError(fmt::format("{}: {} = {}; it must be at least 1", model, name, size));
}

void check_step(const char* model, const Tensor& x, int64_t channels) {
  if (x.dim() != 2 || x.size(1) != channels)
    throw ShapeError(
        fmt::format("{}: x is {}; expected [B, {}]", model, x.shape().str(), channels));
}

void check_sequence(const Tensor& x, int64_t channels) {
  if (x.dim() != 3 || x.size(1) < 1 || x.size(2) != channels)
    throw ShapeError(fmt::format("machine: x is {}; expected [B, T, {}] with a step at least",
                                 x.shape().str(), channels));
}

MachineOutput run_steps(const Tensor& x, const MachineOptions& o, const AnyLayer& out,
                        const std::function<MachineStep(const Tensor& x)>& step) {
  std::vector<Tensor> features, read, written;
  for (const Tensor& now : unbind(tapehead::detail::zero_padding("machine", x, o.lengths, 1), 1)) {
    const MachineStep made = step(now);
    features.push_back(made.features);
    if (!o.weights) continue;
    read.push_back(made.read_weights.detach());
    written.push_back(made.write_weights.detach());
  }
  MachineOutput run;
  const Tensor all = tapehead::stack(features, 1);
  run.out = out(o.lengths.defined() ? last_features(all, o.lengths) : all);
  if (o.weights) {
    run.read_weights = tapehead::stack(read, 1);
    run.write_weights = tapehead::stack(written, 1);
  }
  return run;
}

}  // namespace detail

Controller::Controller(const Scope& at, int64_t input_size, int64_t hidden_size, bool lstm) {
  if (lstm) cell.emplace(at, input_size, hidden_size);
  else layer = Linear(at, input_size, hidden_size);
}

RnnState Controller::operator()(const Tensor& x, const RnnState& state) const {
  return cell ? (*cell)(x, state) : RnnState{tanh(layer(x)), {}};
}

Lstm::Lstm(Scope at, const LstmConfig& config)
    : rnn(at / "rnn", config.input_size, config.hidden_size, {.num_layers = config.num_layers}),
      out(Linear(at / "out", config.hidden_size, config.output_size)),
      at_(std::move(at)),
      in_(config.input_size) {}

MachineOutput Lstm::operator()(const Tensor& x, const MachineOptions& o) const {
  return nn::at(at_, [&] {
    detail::check_sequence(x, in_);
    const Tensor h = rnn(tapehead::detail::zero_padding("machine", x, o.lengths, 1)).out;
    return MachineOutput{
        out(o.lengths.defined() ? detail::last_features(h, o.lengths) : h), {}, {}};
  });
}

StoryReader::StoryReader(const Scope& at, int64_t vocab_size, int64_t embed_dim, const Make& make)
    : embedding(Embedding(at / "embedding", vocab_size, embed_dim, {.padding_idx = 0})),
      machine(make(at / "machine", embed_dim, vocab_size)) {}

StoryOutput StoryReader::operator()(const data::StoryBatch& batch) const {
  return {.logits = machine(embedding(batch.words), {.lengths = batch.lengths}).out,
          .attention_weights = {},
          .auxiliary_loss = {}};
}

}  // namespace tapehead::nn
