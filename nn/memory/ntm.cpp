#include "tapehead/nn/memory/ntm.h"

#include <fmt/format.h>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/nn/linear.h"
#include "tapehead/nn/memory/detail/run_steps.h"

namespace tapehead::nn {
namespace {

constexpr double kFirstMemory = 1e-6;

const NtmConfig& checked(const Scope& at, const NtmConfig& c) {
  nn::at(at, [&] {
    detail::check_sizes("ntm", {{"input_size", c.input_size},
                                {"output_size", c.output_size},
                                {"slots", c.slots},
                                {"slot_dim", c.slot_dim},
                                {"read_heads", c.read_heads},
                                {"write_heads", c.write_heads},
                                {"hidden_size", c.hidden_size}});
    if (c.shift < 0 || 2 * c.shift + 1 > c.slots)
      throw ValueError(
          fmt::format("ntm: shift = {} with {} slots; it must be at least 0, and 2 shift + 1 at "
                      "most the slots",
                      c.shift, c.slots));
  });
  return c;
}

// What the linear layer gives, in order.
std::vector<int64_t> head_sizes(const NtmConfig& c) {
  const int64_t heads = c.read_heads + c.write_heads, written = c.write_heads * c.slot_dim;
  return {heads * c.slot_dim, heads, heads, heads * (2 * c.shift + 1), heads, written, written};
}

int64_t total(const std::vector<int64_t>& sizes) {
  int64_t n = 0;
  for (const int64_t size : sizes) n += size;
  return n;
}

}  // namespace

Ntm::Ntm(Scope at, const NtmConfig& config)
    : controller(at / "controller",
                 checked(at, config).input_size + config.read_heads * config.slot_dim,
                 config.hidden_size, config.lstm),
      heads(Linear(at / "heads", config.hidden_size, total(head_sizes(config)))),
      out(Linear(at / "out", config.hidden_size + config.read_heads * config.slot_dim,
                 config.output_size)),
      at_(std::move(at)),
      config_(config),
      weight_(out.target<Linear>()->weight) {}

NtmState Ntm::start(int64_t batch) const {
  const NtmConfig& c = config_;
  const DType dtype = weight_.dtype();
  const Tensor weights = zeros({batch, c.read_heads + c.write_heads, c.slots}, dtype);
  weights.select(2, 0).fill_(1);
  return {.controller = {},
          .memory = full({batch, c.slots, c.slot_dim}, kFirstMemory, dtype),
          .weights = weights,
          .reads = zeros({batch, c.read_heads, c.slot_dim}, dtype)};
}

Tensor Ntm::advance(const Tensor& x, NtmState& state) const {
  const NtmConfig& c = config_;
  const int64_t B = x.size(0), R = c.read_heads, H = c.write_heads;
  state.controller = controller(cat({x, state.reads.flatten(1)}, 1), state.controller);
  const Tensor h = state.controller.h;
  const std::vector<Tensor> made = split(heads(h), head_sizes(c), 1);

  const Tensor keys = tanh(made[0]).reshape({B, R + H, c.slot_dim});
  const Tensor content = content_weights(state.memory, keys, softplus(made[1]));
  const Tensor chosen = interpolate_weights(content, state.weights, sigmoid(made[2]));
  const Tensor shifts = softmax(made[3].reshape({B, R + H, 2 * c.shift + 1}), -1);
  state.weights = sharpen_weights(shift_weights(chosen, shifts), 1 + softplus(made[4]));

  state.memory = write_memory(state.memory, state.weights.slice(1, R, R + H),
                              sigmoid(made[5]).reshape({B, H, c.slot_dim}),
                              tanh(made[6]).reshape({B, H, c.slot_dim}));
  state.reads = read_memory(state.memory, state.weights.slice(1, 0, R));
  return cat({h, state.reads.flatten(1)}, 1);
}

Tensor Ntm::step(const Tensor& x, NtmState& state) const {
  return nn::at(at_, [&] {
    detail::check_step("ntm", x, config_.input_size);
    return out(advance(x, state));
  });
}

MachineOutput Ntm::operator()(const Tensor& x, const MachineOptions& options) const {
  return nn::at(at_, [&] {
    detail::check_sequence(x, config_.input_size);
    NtmState state = start(x.size(0));
    const int64_t R = config_.read_heads, all = R + config_.write_heads;
    return detail::run_steps(x, options, out, [&](const Tensor& now) {
      const Tensor features = advance(now, state);
      return detail::MachineStep{features, state.weights.slice(1, 0, R),
                                 state.weights.slice(1, R, all)};
    });
  });
}

}  // namespace tapehead::nn
