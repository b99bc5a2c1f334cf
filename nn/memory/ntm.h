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
  int64_t shift = 1;          ///< S: a head moves by this many slots at most
  int64_t hidden_size = 100;  ///< of the controller
  bool lstm = true;           ///< an LSTM as controller; else one feed-forward layer
};

struct NtmState {
  RnnState controller;
  Tensor memory;   ///< [B, N, W]
  Tensor weights;  ///< [B, R + H, N]: of the read heads, then of the write heads
  Tensor reads;    ///< [B, R, W]
};

/// The controller sees [x; reads of the last step] and gives h, from which one linear layer makes,
/// for each of the R + H heads, a key k = tanh(.) [W], its strength beta = softplus(.), a gate
/// g = sigmoid(.), shifts s = softmax(.) [2 S + 1] and gamma = 1 + softplus(.), and for the write
/// heads e = sigmoid(.) and a = tanh(.) [W]. Each head goes from its last weights to
///   sharpen(shift(interpolate(content(M, k, beta), last, g), s), gamma);
/// then the write heads write, the read heads read what is there now, and y = V [h; reads] + b.
///
/// At first every slot of the memory holds 1e-6 (Collier and Beel 2018, arXiv:1807.08518, found a
/// small constant to learn best), all heads are at slot 0, and the rest is zeros: nothing of it is
/// learned, so a machine may be run with more slots than it was trained with.
///
/// Parameters: `controller` (Cell's), `heads` (the numbers above in that order, each of all heads)
/// and `out`.
class Ntm {
 public:
  /// Throws ValueError for sizes below 1, a negative shift, or one that goes around all slots.
  Ntm(Scope at, const NtmConfig& config);

  NtmState start(int64_t batch) const;
  /// x [B, C] to y [B, out] and the next state.
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
