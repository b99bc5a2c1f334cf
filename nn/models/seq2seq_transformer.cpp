#include "tapehead/nn/models/seq2seq_transformer.h"

#include <optional>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/nn/copy_head.h"
#include "tapehead/nn/detail/token_decoder.h"
#include "tapehead/nn/norm.h"

namespace tapehead::nn {
namespace {

TransformerTokenDecoderOptions token_decoder_options(const Seq2SeqTransformerConfig& c) {
  detail::check_vocabularies("transformer", c.source_vocab_size, c.target_vocab_size,
                             c.tied || c.copy);
  return {.vocab_size = c.target_vocab_size,
          .transformer = c.transformer,
          .copy = c.copy,
          .pad = c.pad,
          .unk = c.unk};
}

}  // namespace

Seq2SeqTransformerConfig completed(Seq2SeqTransformerConfig c) {
  c.transformer =
      completed(TransformerTokenDecoderOptions{.transformer = c.transformer}).transformer;
  return c;
}

Seq2SeqTransformer::Seq2SeqTransformer(const Scope& at, const Seq2SeqTransformerConfig& config)
    : Seq2SeqTransformer(at, completed(config), nullptr) {}

Seq2SeqTransformer::Seq2SeqTransformer(const Scope& at, const Seq2SeqTransformerConfig& c,
                                       std::nullptr_t)
    : source(detail::token_embedding(at / (c.tied ? "embedding" : "source"), c.source_vocab_size,
                                     c.transformer.embed_dim, c.pad)),
      encoder(at / "encoder", c.transformer),
      decoder(at, token_decoder_options(c), c.tied ? std::optional(source) : std::nullopt),
      dropout(Dropout(at / "dropout", *c.transformer.dropout)),
      config_(c) {}

TokenMemory Seq2SeqTransformer::encode(const Tensor& ids, const Tensor& lengths) const {
  const Tensor known = config_.copy ? known_ids(ids, config_.source_vocab_size, config_.unk) : ids;
  const Tensor x = dropout(detail::embed_with_positions(source, known));
  return {encoder(x, {.lengths = lengths}), lengths, ids};
}

Tensor Seq2SeqTransformer::operator()(const data::Seq2SeqBatch& batch) const {
  const Tensor given = detail::teacher_forcing("transformer", batch.target).given;
  return decoder.scores(encode(batch.source, batch.source_lengths), given);
}

Tensor Seq2SeqTransformer::loss(const data::Seq2SeqBatch& batch, double label_smoothing) const {
  return decoder.loss(encode(batch.source, batch.source_lengths), batch.target, label_smoothing);
}

std::vector<Hypothesis> Seq2SeqTransformer::translate(const Tensor& ids, const Tensor& lengths,
                                                      const BeamOptions& options) const {
  const NoGradGuard off;
  return decoder.search(encode(ids, lengths), options);
}

}  // namespace tapehead::nn
