#include "tapehead/data/seq2seq_batch.h"

#include "tapehead/core/creation.h"

namespace tapehead::data {

Seq2SeqBatch seq2seq_batch(const TokenLists& sources, const TokenLists& targets,
                           std::span<const int64_t> which, const Seq2SeqBatchOptions& options) {
  TokenLists source, target;
  std::vector<int64_t> lengths;
  for (const int64_t i : which) {
    source.push_back(sources[static_cast<size_t>(i)]);
    source.back().push_back(options.eos);
    lengths.push_back(static_cast<int64_t>(source.back().size()));
    target.push_back({options.bos});
    const auto& ids = targets[static_cast<size_t>(i)];
    target.back().insert(target.back().end(), ids.begin(), ids.end());
    target.back().push_back(options.eos);
  }
  return {pad_rows(source, options.pad), from_vector(lengths), pad_rows(target, options.pad)};
}

}  // namespace tapehead::data
