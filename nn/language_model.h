// The interface between language models and generate() and beam_search().
//
// B sequences, T tokens, V vocabulary.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "tapehead/nn/kv_cache.h"

namespace tapehead::nn {

/// A language model with its state, for B sequences.
struct LanguageModel {
  /// Maps ids i64 [B, T], which continue those of the previous calls, to logits [B, T, V], or
  /// [B, 1, V] for the last of them.
  std::function<Tensor(const Tensor& ids)> next;
  /// Selects sequences: the new row i continues the previous row rows[i], i64 [B']. Required by
  /// beam search only.
  std::function<void(const Tensor& rows)> reorder = {};
};

/// Logits [B, V] of the next token after ids [B, T]. Throws ShapeError, which names `op`, if the
/// model's logits are not [B, T, V], and ValueError if it has no `next`.
Tensor next_logits(const char* op, const LanguageModel& model, const Tensor& ids);

/// Wraps a model with new key-value caches. The model, such as Gpt, must have a method caches() and
/// accept the caches in its call; it must outlive the result. If it has a method
/// last_logits(ids, caches), which returns only those of the last token, this is called instead.
///
///   auto tokens = nn::generate(nn::with_caches(gpt), prompt);
template <class Model>
LanguageModel with_caches(const Model& model) {
  const auto caches = std::make_shared<std::vector<KvCache>>(model.caches());
  return {.next =
              [&model, caches](const Tensor& ids) {
                if constexpr (requires { model.last_logits(ids, *caches); })
                  return model.last_logits(ids, *caches);
                else return model(ids, *caches);
              },
          .reorder =
              [caches](const Tensor& rows) {
                for (KvCache& cache : *caches) cache.reorder(rows);
              }};
}

/// Wraps a function from ids i64 [B, T] to logits [B, T, V] without caches: each step recomputes
/// the whole sequence.
LanguageModel without_caches(std::function<Tensor(const Tensor& ids)> model);

}  // namespace tapehead::nn
