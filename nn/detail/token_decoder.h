// What decoders of tokens share: their embedding, copying, loss and search.
//
// B batch, T tokens, S positions of the memory, C embedding, V vocabulary.
#pragma once

#include <initializer_list>

#include "tapehead/nn/copy_head.h"
#include "tapehead/nn/linear.h"

namespace tapehead::nn::detail {

/// An embedding that may also be the weight of an output layer: initial values of variance 1 / C.
Embedding token_embedding(const Scope& at, int64_t vocab, int64_t embed_dim, int64_t pad);

/// Throws ShapeError, beginning with `op`, unless the weight of a shared embedding is [V, C].
void check_shared(const char* op, const Scope& at, const Embedding& embedding, int64_t vocab,
                  int64_t embed_dim);

/// Embeddings times sqrt(C) plus sinusoidal positions from `start` on (Vaswani et al. 2017), [B, T,
/// C].
Tensor embed_with_positions(const Embedding& embedding, const Tensor& ids, int64_t start = 0);

/// The logits [B, T, V], or copy_log_probs() of `extended` words if the gate is defined.
Tensor token_scores(const CopyMix& mix, const Tensor& source, int64_t extended);

/// Mean cross entropy, or copy_loss(), of target i64 [B, T], except padding.
Tensor token_loss(const CopyMix& mix, const Tensor& source, const Tensor& target, int64_t pad,
                  double label_smoothing);

/// The tokens [B, T + 1] without the last, which a step reads, and without the first, which it
/// predicts. Throws ShapeError, beginning with `op`, for another shape.
struct TeacherForcing {
  Tensor given, wanted;
};
TeacherForcing teacher_forcing(const char* op, const Tensor& tokens);

/// Throws ValueError, beginning with `op`, for vocabularies of different sizes if source and target
/// have one.
void check_vocabularies(const char* op, int64_t source, int64_t target, bool one);

/// Throws ValueError, beginning with `op`, if source word ids are undefined.
void check_source(const char* op, const Tensor& source);

/// Selects rows of those tensors that are defined.
void take_rows(std::initializer_list<Tensor*> tensors, const Tensor& rows);

}  // namespace tapehead::nn::detail
