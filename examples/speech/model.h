// The recognisers of examples/speech.cpp: an encoder of frames, and up to three ways from its
// output to letters.
//
// B batch, T frames, T' encoded frames, F features, E channels of encoded frames, U letters, V
// vocabulary.
#pragma once

#include "tapehead/examples/speech/corpus.h"

namespace speech {

// Features to encoded frames: convolutions that quarter the frames and LSTM layers, a Conformer or
// a Transformer; or a pyramid of LSTM layers.
struct Encoder {
  std::optional<nn::PyramidalLstm> pyramid;
  std::optional<nn::ConvSubsampling> subsampling;
  std::optional<nn::LayerNorm> subsampled;
  std::vector<nn::Rnn> rnn;  // layers, each of them normalised
  std::vector<nn::LayerNorm> norm;
  std::optional<nn::Conformer> conformer;
  std::optional<nn::TransformerEncoder> transformer;
  nn::AnyLayer dropout;
  int64_t dim = 0;  // E

  Encoder(const nn::Scope& at, const Options& t) : dropout(nn::Dropout(at / "dropout", t.dropout)) {
    const bool recurrent = t.encoder == "lstm" || t.encoder == "pyramid";
    dim = recurrent ? 2 * t.hidden_size : t.hidden_size;
    if (t.encoder == "pyramid") {
      pyramid.emplace(at / "pyramid", t.mels,
                      nn::PyramidalLstmOptions{.hidden_size = t.hidden_size,
                                               .num_layers = std::max<int64_t>(1, t.num_layers - 1),
                                               .dropout = t.dropout});
      return;
    }
    subsampling.emplace(at / "subsampling", t.mels, t.channels, t.hidden_size);
    subsampled.emplace(at / "subsampled", t.hidden_size);
    for (int64_t i = 0; i < t.num_layers && t.encoder == "lstm"; ++i) {
      rnn.emplace_back(at / "rnn" / i, i == 0 ? t.hidden_size : dim, t.hidden_size,
                       nn::RnnOptions{.bidirectional = true, .forget_bias = 1});
      norm.emplace_back(at / "norm" / i, dim);
    }
    if (t.encoder == "conformer")
      conformer.emplace(at / "conformer",
                        nn::ConformerOptions{.input_dim = dim,
                                             .num_heads = t.num_heads,
                                             .num_layers = t.num_layers,
                                             .depthwise_conv_kernel_size = t.kernel_size,
                                             .dropout = t.dropout});
    if (t.encoder == "transformer")
      transformer.emplace(at / "transformer", nn::TransformerOptions{.embed_dim = dim,
                                                                     .num_heads = t.num_heads,
                                                                     .num_layers = t.num_layers,
                                                                     .dropout = t.dropout});
  }

  // Features [B, T, F] to [B, T', E].
  nn::EncodedFrames operator()(const Tensor& x, const Tensor& lengths) const {
    if (pyramid) {
      const nn::EncodedFrames frames = (*pyramid)(x, lengths);
      return {dropout(frames.out), frames.lengths};
    }
    nn::EncodedFrames frames = (*subsampling)(x, lengths);
    frames.out = (*subsampled)(frames.out);
    for (size_t i = 0; i < rnn.size(); ++i)
      frames.out = norm[i](rnn[i](dropout(frames.out), frames.lengths).out);
    if (!rnn.empty()) return {dropout(frames.out), frames.lengths};
    const Tensor h = dropout(frames.out);
    if (conformer) return (*conformer)(h, frames.lengths);
    const int64_t C = h.size(2);
    const Tensor placed = h + nn::sinusoidal_positions(h.size(1), C) / std::sqrt(C);
    return {(*transformer)(placed, {.lengths = frames.lengths}), frames.lengths};
  }

  // The least number of frames that it takes.
  int64_t least_frames() const { return pyramid ? 1 : nn::ConvSubsampling::kLeast; }
  // The number of encoded frames of this many frames, 0 for too few.
  int64_t encoded_length(int64_t frames) const {
    return pyramid ? pyramid->output_length(frames) : nn::ConvSubsampling::output_length(frames);
  }
};

// CTC, attention, both, or a transducer with CTC beside it in training.
struct Recogniser {
  nn::Params params;
  Tensor mean, stddev;  // of the features, [F]: buffers, 0 and 1 unless set
  Encoder encoder;
  std::optional<nn::Linear> ctc;
  std::optional<nn::AttentionDecoder> decoder;
  std::optional<nn::Transducer> transducer;
  double ctc_weight;

  Recogniser(const nn::Scope& at, const Options& t, int64_t vocab_size)
      : params(at.params()),
        mean((at / "features").buffer("mean", zeros({t.mels}))),
        stddev((at / "features").buffer("stddev", ones({t.mels}))),
        encoder(at / "encoder", t),
        ctc_weight(t.model == "ctc"   ? 1
                   : t.model == "las" ? 0
                                      : t.ctc_weight) {
    if (t.model != "las") ctc.emplace(at / "ctc", encoder.dim, vocab_size);
    if (t.model == "transducer")
      transducer.emplace(at / "transducer", nn::TransducerOptions{.encoder_dim = encoder.dim,
                                                                  .num_symbols = vocab_size,
                                                                  .embed_dim = t.embed_dim,
                                                                  .hidden_size = t.decoder_size,
                                                                  .joint_dim = t.joint_dim,
                                                                  .dropout = t.dropout,
                                                                  .blank = data::kPad});
    else if (t.model != "ctc")
      decoder.emplace(at / "decoder",
                      nn::AttentionDecoderOptions{.vocab_size = vocab_size,
                                                  .embed_dim = t.embed_dim,
                                                  .hidden_size = t.decoder_size,
                                                  .attention = {.memory_dim = encoder.dim,
                                                                .attention_dim = t.decoder_size,
                                                                .conv_filters = t.conv_filters},
                                                  .dropout = t.dropout});
  }

  nn::EncodedFrames encode(const Tensor& features, const Tensor& lengths) const {
    return encoder((features - mean) / stddev, lengths);
  }
  // Log-probabilities of symbols in each encoded frame, [B, T', V].
  Tensor ctc_log_probs(const nn::EncodedFrames& frames) const {
    return log_softmax((*ctc)(frames.out), -1);
  }
  nn::DecoderStart start(const nn::EncodedFrames& frames) const {
    return {.memory = decoder->attention.prepare(frames.out, frames.lengths)};
  }

  // The mean loss: that of CTC, with its weight, and that of attention, which is guided with a
  // weight, or of the transducer.
  Tensor loss(const data::SpeechBatch& batch, const Options& t, double guided = 0) const {
    const nn::EncodedFrames frames = encode(batch.features, batch.feature_lengths);
    Tensor sum;
    if (ctc_weight > 0)
      sum = ctc_weight * ctc_loss(ctc_log_probs(frames).transpose(0, 1), batch.tokens,
                                  frames.lengths, batch.token_lengths);
    if (ctc_weight == 1) return sum;
    Tensor other;
    if (transducer) {
      // Per letter, as the other losses.
      const Tensor of_each = transducer->loss(frames.out, frames.lengths, batch.tokens,
                                              batch.token_lengths, Reduction::none);
      other = (of_each / clamp_min(batch.token_lengths, 1).to(f32)).mean();
    } else {
      other = decoder->loss(start(frames), framed(batch),
                            {.label_smoothing = t.smoothing,
                             .guided_attention = guided,
                             .scheduled_sampling = t.scheduled});
    }
    return sum.defined() ? sum + (1 - ctc_weight) * other : other;
  }

  // Letters [B, U + 2] with bos before and eos after each.
  static Tensor framed(const data::SpeechBatch& batch) {
    const int64_t B = batch.tokens.size(0), U = batch.tokens.size(1);
    const Tensor tokens = cat({full({B, 1}, static_cast<int64_t>(data::kBos), i64), batch.tokens,
                               full({B, 1}, static_cast<int64_t>(data::kPad), i64)},
                              1);
    const Tensor end = arange(U + 2).unsqueeze(0) == (batch.token_lengths + 1).unsqueeze(1);
    return masked_fill(tokens, end, static_cast<int64_t>(data::kEos));
  }

  // Whether CTC can align the letters to so many frames.
  bool fits(int64_t frames, std::span<const int64_t> letters) const {
    const int64_t encoded = encoder.encoded_length(frames);
    return encoded > 0 && (ctc_weight == 0 || encoded >= data::min_ctc_frames(letters));
  }
};

}  // namespace speech
