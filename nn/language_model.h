// What writes text token by token: the models that generate() and beam_search() call.
//
// B sequences, T tokens, V vocabulary.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "tapehead/nn/kv_cache.h"

namespace tapehead::nn {

/// A language model in the midst of B sequences.
struct LanguageModel {
  /// Logits [B, T, V] of ids i64 [B, T] that follow what was passed before.
  std::function<Tensor(const Tensor& ids)> next;
  /// Makes row i go on from what row rows[i] has seen, i64 [B']. Beam search needs it, sampling
  /// does not.
  std::function<void(const Tensor& rows)> reorder = {};
};

/// Logits [B, V] of the token after ids [B, T] and what was passed before. Throws ShapeError, which
/// names `op`, for a model whose logits are not [B, T, V], ValueError for one without next().
Tensor next_logits(const char* op, const LanguageModel& model, const Tensor& ids);

/// A model with caches of its own, fresh ones: of every model that has caches() and takes them, as
/// Gpt. It must outlive what is made of it.
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

/// A model that sees whole sequences, i64 [B, T] to [B, T, V]: all that was passed before is kept
/// and computed again each time.
LanguageModel without_caches(std::function<Tensor(const Tensor& ids)> model);

}  // namespace tapehead::nn
