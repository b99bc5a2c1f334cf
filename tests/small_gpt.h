// Small models of both families, for tests.
#pragma once

#include "tapehead/autograd/ops.h"
#include "tapehead/nn/models/gpt.h"

namespace tapehead::testing {

inline nn::GptConfig small_gpt2() {
  return {.vocab = 11, .context = 16, .width = 16, .heads = 4, .layers = 2};
}

inline nn::GptConfig small_llama() {
  nn::GptConfig c = small_gpt2();
  c.kv_heads = 2;
  c.hidden = 24;
  c.bias = false;
  c.rms = c.gated = true;
  c.act = silu;
  c.rope = RopeOptions{};
  c.tied = false;
  return c;
}

}  // namespace tapehead::testing
