#include "tapehead/nn/transformer_token_decoder.h"

#include <memory>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/nn/detail/token_decoder.h"
#include "tapehead/nn/norm.h"

namespace tapehead::nn {
namespace {

constexpr const char* kTransformerDecoder = "transformer_token_decoder";

int64_t memory_channels(const TransformerOptions& o) {
  return o.attention.memory_dim > 0 ? o.attention.memory_dim : o.embed_dim;
}

}  // namespace

TransformerTokenDecoderOptions completed(TransformerTokenDecoderOptions o) {
  o.transformer = completed(o.transformer, {.embed_dim = 256,
                                            .num_heads = 4,
                                            .ffn_dim = 1024,
                                            .num_layers = 4,
                                            .dropout = 0.3,
                                            .attention = {.dropout = 0},
                                            .ffn = {.dropout = 0}});
  return o;
}

TransformerTokenDecoder::TransformerTokenDecoder(const Scope& at,
                                                 const TransformerTokenDecoderOptions& options,
                                                 const std::optional<Embedding>& shared)
    : TransformerTokenDecoder(at, completed(options), shared, nullptr) {}

TransformerTokenDecoder::TransformerTokenDecoder(const Scope& at,
                                                 const TransformerTokenDecoderOptions& o,
                                                 const std::optional<Embedding>& shared,
                                                 std::nullptr_t)
    : decoder(at / "decoder", o.transformer),
      target(shared ? *shared
                    : detail::token_embedding(at / "target", o.vocab_size, o.transformer.embed_dim,
                                              o.pad)),
      dropout(Dropout(at / "dropout", *o.transformer.dropout)),
      options_(o) {
  const int64_t C = o.transformer.embed_dim, M = memory_channels(o.transformer);
  detail::check_shared(kTransformerDecoder, at, target, o.vocab_size, C);
  if (!o.copy) return;
  copy_attention.emplace(at / "copy_attention", C, M);
  copy.emplace(at / "copy", M, C, C);
}

Tensor TransformerTokenDecoder::embed(const Tensor& ids, int64_t start) const {
  const Tensor known = copy ? known_ids(ids, options_.vocab_size, options_.unk) : ids;
  return dropout(detail::embed_with_positions(target, known, start));
}

TransformerTokenDecoderOutput TransformerTokenDecoder::finish(const Tensor& out,
                                                              const Tensor& embedded,
                                                              const TokenMemory& memory,
                                                              const Tensor& keys) const {
  if (!copy) return {linear(out, target.weight), {}, {}};
  const CopyAttention::Result copied = (*copy_attention)(out, keys, memory.values, memory.lengths);
  return {linear(out, target.weight), copied.weights, (*copy)(copied.context, out, embedded)};
}

TransformerTokenDecoderOutput TransformerTokenDecoder::operator()(const TokenMemory& memory,
                                                                  const Tensor& ids) const {
  const Tensor x = embed(ids, 0);
  const Tensor out = decoder(x, memory.values, {.lengths = memory.lengths}).out;
  return finish(out, x, memory, copy ? copy_attention->keys(memory.values) : Tensor());
}

Tensor TransformerTokenDecoder::scores(const TokenMemory& memory, const Tensor& ids) const {
  if (copy) detail::check_source(kTransformerDecoder, memory.source);
  const auto [logits, weights, gate] = (*this)(memory, ids);
  const int64_t extended = copy ? extended_vocab(memory.source, options_.vocab_size) : 0;
  return detail::token_scores({logits, weights, gate}, memory.source, extended);
}

Tensor TransformerTokenDecoder::loss(const TokenMemory& memory, const Tensor& tokens,
                                     double label_smoothing) const {
  if (copy) detail::check_source(kTransformerDecoder, memory.source);
  const auto [given, wanted] = detail::teacher_forcing(kTransformerDecoder, tokens);
  const auto [logits, weights, gate] = (*this)(memory, given);
  return detail::token_loss({logits, weights, gate}, memory.source, wanted, options_.pad,
                            label_smoothing);
}

Decoder TransformerTokenDecoder::steps(const TokenMemory& memory) const {
  if (copy) detail::check_source(kTransformerDecoder, memory.source);
  // What hypotheses of one source share, a row for each hypothesis, and the caches of each.
  struct Search {
    TokenMemory memory;
    Tensor keys;
    std::vector<DecoderCache> caches;
    int64_t position, extended;
  };
  const auto s = std::make_shared<Search>(Search{
      memory, copy ? copy_attention->keys(memory.values) : Tensor(), decoder.start(memory.values),
      0, copy ? extended_vocab(memory.source, options_.vocab_size) : 0});
  return {.next = [this, s](const Tensor& tokens) -> DecoderStep {
            const Tensor x = embed(tokens.unsqueeze(1), s->position++);
            const AttentionOutput a =
                decoder(x, s->caches, {.lengths = s->memory.lengths, .weights_of = WeightsOf{}});
            const auto [logits, weights, gate] = finish(a.out, x, s->memory, s->keys);
            const Tensor scores =
                detail::token_scores({logits, weights, gate}, s->memory.source, s->extended);
            Tensor seen = weights;
            if (!copy && a.weights.defined()) seen = mean(a.weights, 1);
            return {scores.squeeze(1), seen.defined() ? seen.squeeze(1) : Tensor()};
          },
          .reorder =
              [s](const Tensor& rows, bool same_sequences) {
                for (DecoderCache& cache : s->caches) cache.reorder(rows, same_sequences);
                if (same_sequences) return;
                TokenMemory& m = s->memory;
                detail::take_rows({&m.values, &m.lengths, &m.source, &s->keys}, rows);
              }};
}

std::vector<Hypothesis> TransformerTokenDecoder::search(const TokenMemory& memory,
                                                        const BeamOptions& options) const {
  const NoGradGuard off;
  return beam_search(steps(memory), memory.values.size(0), options);
}

}  // namespace tapehead::nn
