#include "tapehead/nn/detail/token_decoder.h"

#include <fmt/format.h>

#include <cmath>

#include "tapehead/autograd/ops.h"
#include "tapehead/nn/positions.h"

namespace tapehead::nn::detail {

Embedding token_embedding(const Scope& at, int64_t vocab, int64_t embed_dim, int64_t pad) {
  return {
      at,
      vocab,
      embed_dim,
      {.padding_idx = pad, .init = init::normal(1 / std::sqrt(static_cast<double>(embed_dim)))}};
}

void check_shared(const char* op, const Scope& at, const Embedding& embedding, int64_t vocab,
                  int64_t embed_dim) {
  if (embedding.weight.shape() != Shape{vocab, embed_dim})
    throw ShapeError(fmt::format("{}: the shared embedding is {}; expected [{}, {}] (in {})", op,
                                 embedding.weight.shape().str(), vocab, embed_dim, at.path()));
}

Tensor embed_with_positions(const Embedding& embedding, const Tensor& ids, int64_t start) {
  const int64_t C = embedding.weight.size(1);
  const Tensor x = embedding(ids) * std::sqrt(static_cast<double>(C));
  return x + sinusoidal_positions(ids.size(1), C, start).to(x.dtype());
}

Tensor token_scores(const CopyMix& mix, const Tensor& source, int64_t extended) {
  return mix.gate.defined() ? copy_log_probs(mix, source, extended) : mix.logits;
}

Tensor token_loss(const CopyMix& mix, const Tensor& source, const Tensor& target, int64_t pad,
                  double label_smoothing) {
  if (!mix.gate.defined())
    return cross_entropy(mix.logits, target,
                         {.ignore_index = pad, .label_smoothing = label_smoothing});
  return copy_loss(mix, source, target, {.ignore_index = pad, .label_smoothing = label_smoothing});
}

TeacherForcing teacher_forcing(const char* op, const Tensor& tokens) {
  if (tokens.dim() != 2 || tokens.size(1) < 1)
    throw ShapeError(
        fmt::format("{}: the target is {}; expected [B, T], a first token and those that follow it",
                    op, tokens.shape().str()));
  const int64_t last = tokens.size(1) - 1;
  return {tokens.slice(1, 0, last), tokens.slice(1, 1, last + 1)};
}

void check_vocabularies(const char* op, int64_t source, int64_t target, bool one) {
  if (one && source != target)
    throw ValueError(
        fmt::format("{}: vocabularies of {} and {}, but a model that is tied or copies has one", op,
                    source, target));
}

void check_source(const char* op, const Tensor& source) {
  if (!source.defined())
    throw ValueError(fmt::format(
        "{}: it copies words of the source, but their ids are undefined; pass `source`", op));
}

void take_rows(std::initializer_list<Tensor*> tensors, const Tensor& rows) {
  for (Tensor* x : tensors)
    if (x->defined()) *x = index_select(*x, 0, rows);
}

}  // namespace tapehead::nn::detail
