#include "tapehead/nn/models/translation.h"

#include <algorithm>
#include <numeric>
#include <span>

#include "tapehead/core/error.h"

namespace tapehead::nn {

std::vector<Hypothesis> translate_all(const TranslateFn& translate, const data::TokenLists& sources,
                                      const BeamOptions& options, int64_t batch) {
  if (!options.scorers.empty())
    throw ValueError(
        "translate_all: options.scorers has scorers, which have the state of one search; make them "
        "anew for each call of beam_search()");
  std::vector<int64_t> order(sources.size());
  std::iota(order.begin(), order.end(), 0);
  const auto length = [&](int64_t i) { return sources[static_cast<size_t>(i)].size(); };
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t a, int64_t b) { return length(a) < length(b); });
  std::vector<Hypothesis> out(sources.size());
  const auto step = static_cast<size_t>(std::max<int64_t>(batch, 1));
  for (size_t first = 0; first < order.size(); first += step) {
    const std::span<const int64_t> which(&order[first], std::min(step, order.size() - first));
    const data::Seq2SeqBatch some =
        data::seq2seq_batch(sources, sources, which, {.bos = options.bos, .eos = options.eos});
    auto best = translate(some.source, some.source_lengths, options);
    for (size_t i = 0; i < which.size(); ++i)
      out[static_cast<size_t>(which[i])] = std::move(best[i]);
  }
  return out;
}

}  // namespace tapehead::nn
