// Small GPT-2 and Llama models, for tests.
#pragma once

#include "tapehead/autograd/ops.h"
#include "tapehead/nn/models/gpt.h"

namespace tapehead::testing {

inline nn::GptConfig small_gpt2() {
  return {.vocab_size = 11,
          .context = 16,
          .transformer = {.embed_dim = 16, .num_heads = 4, .num_layers = 2}};
}

inline nn::GptConfig small_llama() {
  return {.vocab_size = 11,
          .context = 16,
          .transformer = {.embed_dim = 16,
                          .num_heads = 4,
                          .ffn_dim = 24,
                          .num_layers = 2,
                          .activation = nn::silu,
                          .bias = false,
                          .attention = {.num_kv_heads = 2, .rope = RopeOptions{}},
                          .ffn = {.gated = true},
                          .norm = {.type = nn::NormType::rms_norm, .eps = 1e-5}},
          .tied = false};
}

}  // namespace tapehead::testing
