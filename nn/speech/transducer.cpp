#include "tapehead/nn/speech/transducer.h"

#include <fmt/format.h>

#include "tapehead/autograd/detail/padding.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"

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

}  // namespace tapehead::nn
