#include "tapehead/nn/models/seq2seq.h"

#include <fmt/format.h>

#include <optional>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/nn/detail/token_decoder.h"
#include "tapehead/nn/norm.h"

namespace tapehead::nn {
namespace {

int64_t memory_dim(const Seq2SeqConfig& c) {
  return c.bidirectional ? c.hidden_size / 2 * 2 : c.hidden_size;
}

AttentionDecoderOptions attention_decoder_options(const Seq2SeqConfig& c) {
  detail::check_vocabularies("seq2seq", c.source_vocab_size, c.target_vocab_size, c.tied || c.copy);
  return {.vocab_size = c.target_vocab_size,
          .embed_dim = c.embed_dim,
          .hidden_size = c.hidden_size,
          .cell = c.cell,
          .attention = {.score = c.score,
                        .memory_dim = memory_dim(c),
                        .positions = c.positions,
                        .coverage = c.coverage},
          .feed = c.input_feeding ? DecoderFeed::attentional : DecoderFeed::none,
          .dropout = c.dropout,
          .copy = c.copy,
          .pad = c.pad,
          .unk = c.unk};
}

}  // namespace

Seq2Seq::Seq2Seq(const Scope& at, const Seq2SeqConfig& c)
    : source(detail::token_embedding(at / (c.tied ? "embedding" : "source"), c.source_vocab_size,
                                     c.embed_dim, c.pad)),
      encoder(at / "encoder", c.embed_dim, c.bidirectional ? c.hidden_size / 2 : c.hidden_size,
              {.cell = c.cell,
               .num_layers = c.num_layers,
               .bidirectional = c.bidirectional,
               .dropout = c.dropout,
               .forget_bias = 1}),
      bridge(Linear(at / "bridge", memory_dim(c), c.hidden_size)),
      decoder(at, attention_decoder_options(c), c.tied ? std::optional(source) : std::nullopt),
      dropout(Dropout(at / "dropout", c.dropout)),
      config_(c) {
  if (c.cell == RnnCell::lstm)
    bridge_cell = Linear(at / "bridge_cell", memory_dim(c), c.hidden_size);
}

DecoderStart Seq2Seq::encode(const Tensor& ids, const Tensor& lengths) const {
  const Tensor known = config_.copy ? known_ids(ids, config_.source_vocab_size, config_.unk) : ids;
  const RnnOutput r = encoder(dropout(source(known)), lengths);
  // The last layer's directions side by side: [B, M].
  const auto last = [&](const Tensor& s) {
    const int64_t n = s.size(0);
    return config_.bidirectional ? cat({s[n - 2], s[n - 1]}, -1) : s[n - 1];
  };
  RnnState state{.h = tanh(bridge(last(r.state.h))), .c = {}};
  if (bridge_cell) state.c = bridge_cell(last(r.state.c));
  return {decoder.attention.prepare(dropout(r.out), lengths), state, ids};
}

Tensor Seq2Seq::operator()(const data::Seq2SeqBatch& batch) const {
  const Tensor given = detail::teacher_forcing("seq2seq", batch.target).given;
  return decoder.scores(encode(batch.source, batch.source_lengths), given);
}

Tensor Seq2Seq::loss(const data::Seq2SeqBatch& batch, double label_smoothing) const {
  return decoder.loss(encode(batch.source, batch.source_lengths), batch.target,
                      {.label_smoothing = label_smoothing});
}

std::vector<Hypothesis> Seq2Seq::translate(const Tensor& ids, const Tensor& lengths,
                                           const BeamOptions& o) const {
  const NoGradGuard no_grad;
  return decoder.search(encode(ids, lengths), o);
}

}  // namespace tapehead::nn
