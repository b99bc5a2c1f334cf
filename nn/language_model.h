// The interface of language models to generate() and beam_search().
//
// B sequences, T tokens, V vocabulary.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "tapehead/nn/kv_cache.h"

namespace tapehead::nn {

/// A language model and its state, for B sequences.
struct LanguageModel {
  /// Logits [B, T, V] of ids i64 [B, T] that follow what was passed before.
  std::function<Tensor(const Tensor& ids)> next;
  /// Row i continues the former row rows[i], i64 [B']. Needed by beam search, not by sampling.
  std::function<void(const Tensor& rows)> reorder = {};
};

/// Logits [B, V] of the token after ids [B, T] and what was passed before. Throws ShapeError, which
/// names `op`, for a model whose logits are not [B, T, V], ValueError for one without next().
Tensor next_logits(const char* op, const LanguageModel& model, const Tensor& ids);

/// A model with new caches: any that has caches() and takes them, such as Gpt. The model must
/// outlive the result.
///
///   auto tokens = nn::generate(nn::with_caches(gpt), prompt);
template <class Model>
LanguageModel with_caches(const Model& model) {
  const auto caches = std::make_shared<std::vector<KvCache>>(model.caches());
  return {.next = [&model, caches](const Tensor& ids) { return model(ids, *caches); },
          .reorder =
              [caches](const Tensor& rows) {
                for (KvCache& cache : *caches) cache.reorder(rows);
              }};
}

/// A model without caches, i64 [B, T] to [B, T, V]: each call computes the whole sequence again.
LanguageModel without_caches(std::function<Tensor(const Tensor& ids)> model);

}  // namespace tapehead::nn
