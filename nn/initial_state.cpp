#include "tapehead/nn/initial_state.h"

#include "tapehead/autograd/ops.h"
#include "tapehead/nn/linear.h"

namespace tapehead::nn {

InitialState::InitialState(const Scope& at, int64_t memory_dim, int64_t hidden_size, RnnCell type)
    : hidden(Linear(at / "hidden", memory_dim, hidden_size)) {
  if (type == RnnCell::lstm) cell = Linear(at / "cell", memory_dim, hidden_size);
}

RnnState InitialState::operator()(const AttentionMemory& memory) const {
  const Tensor& values = memory.values;  // zeros past the lengths
  const Tensor average = memory.lengths.defined()
                             ? sum(values, {1}) / memory.lengths.unsqueeze(1).to(values.dtype())
                             : mean(values, {1});
  RnnState state{.h = tanh(hidden(average)), .c = {}};
  if (cell) state.c = tanh(cell(average));
  return state;
}

}  // namespace tapehead::nn
