// The Neural Turing Machine: Graves, Wayne and Danihelka 2014, arXiv:1410.5401.
//
// B batch, T time, C input size, R read heads, H write heads, N slots, W size of a slot, S the
// largest shift.
#pragma once

#include "tapehead/nn/memory/addressing.h"
#include "tapehead/nn/memory/machine.h"

namespace tapehead::nn {

struct NtmConfig {
  int64_t input_size = 0, output_size = 0;
  int64_t slots = 128, slot_dim = 20;
  int64_t read_heads = 1, write_heads = 1;
  int64_t shift = 1;          ///< S: the largest shift of a head, in slots
  int64_t hidden_size = 100;  ///< of the controller
  bool lstm = true;           ///< LSTM controller; else a feed-forward layer
};

/// The state between steps.
struct NtmState {
  RnnState controller;  ///< of the controller
  Tensor memory;        ///< [B, N, W]
  Tensor weights;       ///< [B, R + H, N]: of the read heads, then of the write heads
  Tensor reads;         ///< [B, R, W]
};

/// The input of the controller is [x; reads of the previous step], its output h. A linear layer
/// `heads` of h gives, for each of the R + H heads, a key k = tanh(.) [W], a strength
/// beta = softplus(.), a gate g = sigmoid(.), shifts s = softmax(.) [2 S + 1] and
/// gamma = 1 + softplus(.), and for the write heads e = sigmoid(.) and a = tanh(.) [W]. The weights
/// of each head become, by the functions of addressing.h,
///
///   w = sharpen(shift(interpolate(content(M, k, beta), w, g), s), gamma);
///
/// then the write heads write, the read heads read the new memory, and y = V [h; reads] + b.
///
/// Initially all elements of the memory are 1e-6 (as Collier and Beel 2018, arXiv:1807.08518,
/// recommend), the weights of all heads are 1 at slot 0, and all else is 0. The initial state has
/// no parameters, so that a trained machine can be run with more slots.
///
/// Parameters: `controller` (Cell or Linear), `heads` (rows in the order above, each for all heads)
/// and `out`.
/// Example: nn::Ntm(at, {.input_size = 4, .output_size = 3, .slots = 8, .slot_dim = 5})(randn({2,
///     6, 4}))  // shape [2, 6, 3]
class Ntm {
 public:
  /// Throws ValueError for sizes below 1, a negative shift, and 2 S + 1 > N.
  Ntm(Scope at, const NtmConfig& config);

  /// The initial state.
  NtmState start(int64_t batch) const;
  /// x [B, C] to y [B, output_size]; updates the state. Throws ShapeError.
  Tensor step(const Tensor& x, NtmState& state) const;
  MachineOutput operator()(const Tensor& x, const MachineOptions& options = {}) const;

  Controller controller;
  AnyLayer heads;  ///< Linear at first, [B, H] to what the heads take, in the order above
  AnyLayer out;    ///< V: Linear at first, [..., hidden_size + R W] to [..., output_size]

 private:
  Tensor advance(const Tensor& x, NtmState& state) const;

  Scope at_;
  NtmConfig config_;
  Tensor weight_;  // whose dtype is that of the state
};

}  // namespace tapehead::nn
