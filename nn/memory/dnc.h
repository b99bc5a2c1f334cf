// The Differentiable Neural Computer: Graves et al., Hybrid computing using a neural network with
// dynamic external memory, Nature 538, 2016, doi:10.1038/nature20101.
//
// B batch, T time, C input size, R read heads, N slots, W size of a slot.
#pragma once

#include "tapehead/nn/memory/addressing.h"
#include "tapehead/nn/memory/machine.h"

namespace tapehead::nn {

struct DncConfig {
  int64_t input_size = 0, output_size = 0;
  int64_t slots = 64, slot_dim = 32;
  int64_t read_heads = 2;
  int64_t hidden_size = 128;  ///< of the controller
  bool lstm = true;           ///< LSTM controller; else a feed-forward layer
  /// The state of the controller and the output are clipped to ± clip, as in the authors' program;
  /// 0: no limit.
  double clip = 20;
};

/// The state between steps.
struct DncState {
  RnnState controller;  ///< of the controller
  Tensor memory;        ///< [B, N, W]
  Tensor usage;         ///< [B, N]
  Tensor written;       ///< [B, N]: the write weights
  TemporalLinks links;  ///< [B, N, N] and [B, N]
  Tensor weights;       ///< [B, R, N]: the read weights
  Tensor reads;         ///< [B, R, W]
};

/// The input of the controller is [x; reads of the previous step], its output h. A linear layer
/// `interface` of h gives read keys [R, W] and strengths [R], a write key [W] and strength, an
/// erase vector e [W], a write vector v [W], free gates f [R], the allocation gate g_a, the write
/// gate g_w and read modes pi [R, 3]. Strengths are 1 + softplus(.), e and the gates sigmoid(.),
/// modes softmax(.). With the functions of addressing.h for usage, allocation weights a, content
/// weights c and temporal links:
///
///   w   = g_w (g_a a + (1 - g_a) c(M, write key))
///   M   = M (1 - w e') + w v'
///   w_r = pi_1 backward + pi_2 c(M, read key) + pi_3 forward,   reads = w_r' M
///
/// and y = V [h; reads] + b. The initial state is 0.
///
/// Parameters: `controller` (Cell or Linear), `interface` (rows in the order above) and `out`.
/// Example: nn::Dnc(at, {.input_size = 4, .output_size = 3, .slots = 8, .slot_dim = 5})(randn({2,
///     6, 4}))  // shape [2, 6, 3]
class Dnc {
 public:
  /// Throws ValueError for sizes below 1 or a negative clip.
  Dnc(Scope at, const DncConfig& config);

  /// The initial state.
  DncState start(int64_t batch) const;
  /// x [B, C] to y [B, output_size]; updates the state. Throws ShapeError.
  Tensor step(const Tensor& x, DncState& state) const;
  MachineOutput operator()(const Tensor& x, const MachineOptions& options = {}) const;

  Controller controller;
  AnyLayer interface;  ///< Linear at first, [B, hidden_size] to the parts above, in their order
  AnyLayer out;        ///< V: Linear at first, [..., hidden_size + R W] to [..., output_size]

 private:
  Tensor advance(const Tensor& x, DncState& state) const;
  Tensor clipped(const Tensor& x) const;

  Scope at_;
  DncConfig config_;
  Tensor weight_;  // whose dtype is that of the state
};

}  // namespace tapehead::nn
