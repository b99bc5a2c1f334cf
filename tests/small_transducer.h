// The sizes of a transducer of four symbols, few enough to look at every sequence.
#pragma once

#include <cstdint>

#include "tapehead/nn/speech/transducer.h"

namespace tapehead::test {

inline nn::TransducerOptions small_transducer(int64_t blank = 0) {
  return {.encoder_dim = 3,
          .num_symbols = 4,
          .embed_dim = 2,
          .hidden_size = 3,
          .joint_dim = 4,
          .blank = blank};
}

}  // namespace tapehead::test
