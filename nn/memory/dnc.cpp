#include "tapehead/nn/memory/dnc.h"

#include <fmt/format.h>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/nn/linear.h"
#include "tapehead/nn/memory/detail/run_steps.h"

namespace tapehead::nn {
namespace {

const DncConfig& checked(const Scope& at, const DncConfig& c) {
  nn::at(at, [&] {
    detail::check_sizes("dnc", {{"input_size", c.input_size},
                                {"output_size", c.output_size},
                                {"slots", c.slots},
                                {"slot_dim", c.slot_dim},
                                {"read_heads", c.read_heads},
                                {"hidden_size", c.hidden_size}});
    if (!(c.clip >= 0))
      throw ValueError(
          fmt::format("dnc: clip = {}; it must be at least 0, which is no limit", c.clip));
  });
  return c;
}

int64_t interface_size(const DncConfig& c) {
  return c.read_heads * c.slot_dim + 3 * c.slot_dim + 5 * c.read_heads + 3;
}

Tensor oneplus(const Tensor& x) { return 1 + softplus(x); }

}  // namespace

Dnc::Dnc(Scope at, const DncConfig& config)
    : controller(at / "controller",
                 checked(at, config).input_size + config.read_heads * config.slot_dim,
                 config.hidden_size, config.lstm),
      interface(Linear(at / "interface", config.hidden_size, interface_size(config))),
      out(Linear(at / "out", config.hidden_size + config.read_heads * config.slot_dim,
                 config.output_size)),
      at_(std::move(at)),
      config_(config),
      weight_(out.target<Linear>()->weight) {}

DncState Dnc::start(int64_t batch) const {
  const DncConfig& c = config_;
  const DType dtype = weight_.dtype();
  const Tensor none = zeros({batch, c.slots}, dtype);
  return {.controller = {},
          .memory = zeros({batch, c.slots, c.slot_dim}, dtype),
          .usage = none,
          .written = none,
          .links = {zeros({batch, c.slots, c.slots}, dtype), none},
          .weights = zeros({batch, c.read_heads, c.slots}, dtype),
          .reads = zeros({batch, c.read_heads, c.slot_dim}, dtype)};
}

Tensor Dnc::clipped(const Tensor& x) const {
  return config_.clip > 0 && x.defined() ? hardtanh(x, -config_.clip, config_.clip) : x;
}

Tensor Dnc::advance(const Tensor& x, DncState& state) const {
  const int64_t B = x.size(0), R = config_.read_heads, W = config_.slot_dim;
  const RnnState next = controller(cat({x, state.reads.flatten(1)}, 1), state.controller);
  state.controller = {clipped(next.h), clipped(next.c)};
  const Tensor h = state.controller.h;
  const std::vector<Tensor> made = split(interface(h), {R * W, R, W, 1, W, W, R + 2, 3 * R}, 1);
  const std::vector<Tensor> gates = split(sigmoid(made[6]), {R, 1, 1}, 1);

  state.usage = next_usage(state.usage, state.written, state.weights, gates[0]);
  const Tensor looked_up =
      content_weights(state.memory, made[2].unsqueeze(1), oneplus(made[3])).squeeze(1);
  state.written = gates[2] * lerp(looked_up, allocation_weights(state.usage), gates[1]);
  state.memory = write_memory(state.memory, state.written.unsqueeze(1),
                              sigmoid(made[4]).unsqueeze(1), made[5].unsqueeze(1));

  const FollowedLinks followed = follow_links(state.links, state.written, state.weights);
  state.links = followed.next;
  const Tensor content =
      content_weights(state.memory, made[0].reshape({B, R, W}), oneplus(made[1]));
  const std::vector<Tensor> modes = chunk(softmax(made[7].reshape({B, R, 3}), -1), 3, 2);
  state.weights = modes[0] * followed.backward + modes[1] * content + modes[2] * followed.forward;
  state.reads = read_memory(state.memory, state.weights);
  return cat({h, state.reads.flatten(1)}, 1);
}

Tensor Dnc::step(const Tensor& x, DncState& state) const {
  return nn::at(at_, [&] {
    detail::check_step("dnc", x, config_.input_size);
    return clipped(out(advance(x, state)));
  });
}

MachineOutput Dnc::operator()(const Tensor& x, const MachineOptions& options) const {
  return nn::at(at_, [&] {
    detail::check_sequence(x, config_.input_size);
    DncState state = start(x.size(0));
    MachineOutput run = detail::run_steps(x, options, out, [&](const Tensor& now) {
      const Tensor features = advance(now, state);
      return detail::MachineStep{features, state.weights, state.written.unsqueeze(1)};
    });
    run.out = clipped(run.out);
    return run;
  });
}

}  // namespace tapehead::nn
