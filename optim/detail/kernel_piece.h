// From what the public step hands out to what the library's kernels take.
#pragma once

#include "tapehead/core/kernels/kernels.h"
#include "tapehead/optim/step.h"

namespace tapehead::optim::detail {

inline kernels::OptimPiece kernel_piece(const Piece& piece) {
  return {.param = piece.param,
          .grad = piece.grad,
          .master = piece.master,
          .state = {piece.state[0], piece.state[1], piece.state[2]},
          .n = piece.n};
}

}  // namespace tapehead::optim::detail
