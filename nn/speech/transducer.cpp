#include "tapehead/nn/speech/transducer.h"

#include <fmt/format.h>

#include <cmath>

#include "tapehead/autograd/detail/padding.h"
#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/detail/lengths.h"

namespace tapehead::nn {
namespace {

const TransducerOptions& checked_sizes(const Scope& at, const TransducerOptions& o) {
  nn::at(at, [&] {
    for (const int64_t size : {o.encoder_dim, o.num_symbols, o.embed_dim, o.joint_dim})
      if (size < 1)
        throw ValueError(fmt::format(
            "transducer: encoder_dim = {}, num_symbols = {}, embed_dim = {} and joint_dim = {}; "
            "all must be at least 1",
            o.encoder_dim, o.num_symbols, o.embed_dim, o.joint_dim));
  });
  return o;
}

Tensor full_lengths(const Tensor& x) { return full({x.size(0)}, x.size(1), i64); }

// Rows of the states of a batch, and the states with these rows replaced.
RnnState state_rows(const RnnState& state, const Tensor& rows) {
  return {index_select(state.h, 1, rows),
          state.c.defined() ? index_select(state.c, 1, rows) : state.c};
}
void replace_rows(RnnState& state, const Tensor& rows, const RnnState& with) {
  state.h = index_copy(state.h, 1, rows, with.h);
  if (state.c.defined()) state.c = index_copy(state.c, 1, rows, with.c);
}

}  // namespace

TransducerPredictor::TransducerPredictor(const Scope& at, const TransducerOptions& o)
    : embedding(at / "embedding", checked_sizes(at, o).num_symbols, o.embed_dim),
      rnn(at / "rnn", o.embed_dim, o.hidden_size,
          {.cell = o.cell, .num_layers = o.num_layers, .dropout = o.dropout}),
      at_(at),
      dropout_(o.dropout) {}

RnnOutput TransducerPredictor::operator()(const Tensor& symbols, const RnnState& state) const {
  return rnn(dropout(embedding(symbols), dropout_, at_.training()), {}, state);
}

TransducerJoiner::TransducerJoiner(const Scope& at, const TransducerOptions& o)
    : encoder(Linear(at / "encoder", checked_sizes(at, o).encoder_dim, o.joint_dim)),
      predictor(Linear(at / "predictor", o.hidden_size, o.joint_dim)),
      out(Linear(at / "out", o.joint_dim, o.num_symbols)),
      at_(at),
      activation_(o.activation ? o.activation : tanh) {}

Tensor TransducerJoiner::operator()(const Tensor& frames, const Tensor& predictions) const {
  return nn::at(at_, [&] {
    if (frames.dim() != 3 || predictions.dim() != 3 || frames.size(0) != predictions.size(0))
      throw ShapeError(
          fmt::format("transducer_joiner: frames are {} and predictions {}; expected [B, T, E] and "
                      "[B, S, hidden_size]",
                      frames.shape().str(), predictions.shape().str()));
    return out(activation_(encoder(frames).unsqueeze(2) + predictor(predictions).unsqueeze(1)));
  });
}

Transducer::Transducer(const Scope& at, const TransducerOptions& o)
    : predictor(at / "predictor", o), joiner(at / "joiner", o), at_(at), options_(o) {
  nn::at(at_, [&] {
    if (o.blank < 0 || o.blank >= o.num_symbols)
      throw IndexError(
          fmt::format("transducer: blank = {} is outside 0..{}", o.blank, o.num_symbols - 1));
  });
}

Tensor Transducer::loss(const Tensor& frames, const Tensor& lengths, const Tensor& targets,
                        const Tensor& target_lengths, Reduction reduction) const {
  return call_at(at_, [&] {
    if (frames.dim() != 3 || targets.dim() != 2 || targets.size(0) != frames.size(0))
      throw ShapeError(
          fmt::format("transducer: frames are {} and targets {}; expected [B, T, {}] and [B, U]",
                      frames.shape().str(), targets.shape().str(), options_.encoder_dim));
    const Tensor length = target_lengths.defined() ? target_lengths : full_lengths(targets);
    const Tensor before = full({targets.size(0), 1}, options_.blank, targets.dtype());
    const Tensor symbols = cat(
        {before, masked_fill(targets, padding_mask(length, targets.size(1)), options_.blank)}, 1);
    const Tensor logits = joiner(tapehead::detail::zero_padding("transducer", frames, lengths),
                                 predictor(symbols).out);
    return rnnt_loss(logits, targets, lengths.defined() ? lengths : full_lengths(frames), length,
                     {.blank = options_.blank, .reduction = reduction});
  });
}

std::vector<AlignedHypothesis> Transducer::greedy_search(const Tensor& frames,
                                                         const Tensor& lengths,
                                                         int64_t max_symbols) const {
  const NoGradGuard off;
  return call_at(at_, [&] {
    if (max_symbols < 1)
      throw ValueError(
          fmt::format("transducer: max_symbols = {}; it must be at least 1", max_symbols));
    if (frames.dim() != 3)
      throw ShapeError(fmt::format("transducer: frames are {}; expected [B, T, {}]",
                                   frames.shape().str(), options_.encoder_dim));
    const int64_t B = frames.size(0), T = frames.size(1);
    const std::vector<int64_t> length =
        core::check_lengths("transducer", lengths.defined() ? lengths : full_lengths(frames), B, T)
            .to_vector<int64_t>();
    std::vector<AlignedHypothesis> all(static_cast<size_t>(B));
    if (B == 0) return all;
    RnnOutput last = predictor(full({B, 1}, options_.blank, i64));
    for (int64_t t = 0; t < T; ++t) {
      std::vector<int64_t> rows;  // sequences that have not left the frame yet
      for (int64_t b = 0; b < B; ++b)
        if (t < length[static_cast<size_t>(b)]) rows.push_back(b);
      for (int64_t n = 0; n < max_symbols && !rows.empty(); ++n) {
        const Tensor at = from_vector(rows);
        const auto [values, symbols] =
            max(log_softmax(joiner(index_select(frames.slice(1, t, t + 1), 0, at),
                                   index_select(last.out, 0, at))
                                .flatten(1),
                            -1),
                1);
        const std::vector<double> scores = values.to_vector<double>();
        const std::vector<int64_t> best = symbols.to_vector<int64_t>();
        std::vector<int64_t> emitting, emitted;
        for (size_t i = 0; i < rows.size(); ++i) {
          AlignedHypothesis& h = all[static_cast<size_t>(rows[i])];
          if (std::isnan(scores[i]))
            throw ValueError(fmt::format(
                "transducer: the logits of sequence {}, frame {} contain NaN or inf", rows[i], t));
          h.score += scores[i];
          if (best[i] == options_.blank) continue;
          h.tokens.push_back(best[i]);
          h.timesteps.push_back(t);
          emitting.push_back(rows[i]);
          emitted.push_back(best[i]);
        }
        rows = emitting;
        if (rows.empty()) break;
        const Tensor which = from_vector(emitting);
        const RnnOutput next =
            predictor(from_vector(emitted).unsqueeze(1), state_rows(last.state, which));
        last.out = index_copy(last.out, 0, which, next.out);
        replace_rows(last.state, which, next.state);
      }
    }
    return all;
  });
}

}  // namespace tapehead::nn
