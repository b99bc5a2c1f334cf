#include "tapehead/nn/models/translation.h"

#include <algorithm>
#include <numeric>

#include "tapehead/core/creation.h"

namespace tapehead::nn {

Seq2SeqBatch seq2seq_batch(const TokenLists& sources, const TokenLists& targets,
                           std::span<const int64_t> which, const BeamOptions& special,
                           int64_t pad) {
  TokenLists source, target;
  std::vector<int64_t> lengths;
  for (const int64_t i : which) {
    source.push_back(sources[static_cast<size_t>(i)]);
    source.back().push_back(special.eos);
    lengths.push_back(static_cast<int64_t>(source.back().size()));
    target.push_back({special.bos});
    const auto& ids = targets[static_cast<size_t>(i)];
    target.back().insert(target.back().end(), ids.begin(), ids.end());
    target.back().push_back(special.eos);
  }
  return {pad_rows(source, pad), from_vector(lengths), pad_rows(target, pad)};
}

std::vector<Hypothesis> translate_all(const TranslateFn& translate, const TokenLists& sources,
                                      const BeamOptions& options, int64_t batch) {
  std::vector<int64_t> order(sources.size());
  std::iota(order.begin(), order.end(), 0);
  const auto length = [&](int64_t i) { return sources[static_cast<size_t>(i)].size(); };
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t a, int64_t b) { return length(a) < length(b); });
  std::vector<Hypothesis> out(sources.size());
  const auto step = static_cast<size_t>(std::max<int64_t>(batch, 1));
  for (size_t first = 0; first < order.size(); first += step) {
    const std::span<const int64_t> which(&order[first], std::min(step, order.size() - first));
    const Seq2SeqBatch some = seq2seq_batch(sources, sources, which, options);
    auto best = translate(some.source, some.source_lengths, options);
    for (size_t i = 0; i < which.size(); ++i)
      out[static_cast<size_t>(which[i])] = std::move(best[i]);
  }
  return out;
}

}  // namespace tapehead::nn
