#include "tapehead/nn/decoder_state.h"

#include "tapehead/autograd/ops.h"

namespace tapehead::nn {

DecoderState to_state(const std::vector<DecoderCache>& caches) {
  DecoderState state;
  for (const DecoderCache& cache : caches) {
    const Tensor &k = cache.memory.k, &v = cache.memory.v;
    const bool any = cache.past.length() > 0;
    state.insert(state.end(), {k, v, any ? cache.past.keys() : k.slice(2, 0, 0),
                               any ? cache.past.values() : v.slice(2, 0, 0)});
  }
  return state;
}

std::vector<DecoderCache> from_state(std::span<const Tensor> state) {
  std::vector<DecoderCache> caches;
  for (size_t i = 0; i + 3 < state.size(); i += 4)
    caches.push_back({KvCache(state[i + 2], state[i + 3]), {state[i], state[i + 1]}});
  return caches;
}

}  // namespace tapehead::nn
