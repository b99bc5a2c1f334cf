// Recurrent neural network transducers: Graves 2012, "Sequence transduction with recurrent neural
// networks".
//
// B sequences, T frames, U longest target, V symbols including the blank, E channels of encoded
// frames, J channels of the joint network.
#pragma once

#include <vector>

#include "tapehead/autograd/ops/rnnt_loss.h"
#include "tapehead/nn/activation.h"
#include "tapehead/nn/any_layer.h"
#include "tapehead/nn/linear.h"
#include "tapehead/nn/rnn.h"
#include "tapehead/nn/speech/search.h"

namespace tapehead::nn {

struct TransducerOptions {
  int64_t encoder_dim = 0;    ///< E
  int64_t num_symbols = 0;    ///< V
  int64_t embed_dim = 256;    ///< of symbols, in the prediction network
  int64_t hidden_size = 512;  ///< of the prediction network
  int64_t num_layers = 1;     ///< of the prediction network
  RnnCell cell = RnnCell::lstm;
  int64_t joint_dim = 512;     ///< J
  Activation activation = {};  ///< of the joint network; none: tanh
  double dropout = 0;          ///< of embeddings, and of the input of each layer after the first
  int64_t blank = 0;           ///< the symbol that leads to the next frame
};

/// The prediction network: a recurrent network over the symbols so far. Parameters: `embedding`,
/// `rnn`.
/// Example: nn::TransducerPredictor(at, {.encoder_dim = 64, .num_symbols = 30,
///     .hidden_size = 32})(randint(30, {8, 5})).out  // shape [8, 5, 32]
class TransducerPredictor {
 public:
  /// Throws ValueError for sizes below 1.
  TransducerPredictor(const Scope& at, const TransducerOptions& options);
  /// Maps symbols i64 [B, U], which continue those of the state, to outputs [B, U, hidden_size] and
  /// the next state. The blank is the symbol before the first. Throws ShapeError, and IndexError
  /// for symbols outside 0..V-1.
  RnnOutput operator()(const Tensor& symbols, const RnnState& state = {}) const;

  Embedding embedding;
  Rnn rnn;

 private:
  Scope at_;
  double dropout_;
};

/// The joint network (Graves et al. 2013, "Speech recognition with deep recurrent neural networks",
/// 3.2): logits of the next symbol, out(activation(encoder(frame) + predictor(prediction))).
/// Parameters: `encoder`, `predictor` and `out`, each `weight` and `bias`.
/// Example: nn::TransducerJoiner(at, {.encoder_dim = 64, .num_symbols = 30,
///     .hidden_size = 32})(randn({8, 20, 64}), randn({8, 6, 32}))  // shape [8, 20, 6, 30]
class TransducerJoiner {
 public:
  /// Throws ValueError for sizes below 1.
  TransducerJoiner(const Scope& at, const TransducerOptions& options);
  /// Frames [B, T, E] and predictions [B, S, hidden_size] to [B, T, S, V]. Throws ShapeError.
  Tensor operator()(const Tensor& frames, const Tensor& predictions) const;

  AnyLayer encoder, predictor, out;  ///< Linear at first: to [..., J], and from there to [..., V]

 private:
  Scope at_;
  Activation activation_;
};

struct TransducerBeamOptions {
  int64_t beam = 8;                         ///< prefixes that are kept in each frame
  int64_t max_symbols = 10;                 ///< of a frame, at most
  int64_t nbest = 1;                        ///< hypotheses that are returned, at most beam
  double token_bonus = 0;                   ///< added to the score for each token
  SymbolLanguageModel language_model = {};  ///< without a model: none
};

/// Prediction and joint network over the frames of any encoder. Parameters: `predictor` and
/// `joiner`.
/// Example: nn::Transducer(at, {.encoder_dim = 64, .num_symbols = 30}).loss(randn({2, 20, 64}),
///     tensor({20, 15}), tensor({{3, 1}, {2, 0}}), tensor({2, 1}))  // shape []
class Transducer {
 public:
  /// Throws ValueError for sizes below 1, and IndexError for a blank outside 0..V-1.
  Transducer(const Scope& at, const TransducerOptions& options);

  /// rnnt_loss() of targets i64 [B, U], given frames [B, T, E]. lengths and target_lengths i64 [B],
  /// or undefined; padding past them is not read. Throws the errors of rnnt_loss().
  Tensor loss(const Tensor& frames, const Tensor& lengths, const Tensor& targets,
              const Tensor& target_lengths, Reduction reduction = Reduction::mean) const;

  /// The most probable symbol at each node, one after the other, for each sequence: after a blank,
  /// and after max_symbols others, that of the next frame. The score is the log-probability of the
  /// path taken. Runs without recording gradients. Throws ShapeError, IndexError for lengths
  /// outside 0..T, and ValueError for max_symbols below 1 and for logits that are NaN.
  std::vector<AlignedHypothesis> greedy_search(const Tensor& frames, const Tensor& lengths = {},
                                               int64_t max_symbols = 10) const;

  /// The sequences of tokens of the highest
  ///
  ///   log p(tokens | frames) + weight log p_lm(tokens) + token_bonus · length,
  ///
  /// where the first term sums over all alignments of at most max_symbols tokens a frame, by a beam
  /// search frame by frame (time-synchronous decoding of Saon et al. 2020, "Alignment-length
  /// synchronous decoding for RNN transducer"). Exact if the beam holds every
  /// prefix. Returns up to nbest hypotheses for each sequence, best first; timesteps are those of
  /// the most probable alignment. Throws as greedy_search(), ValueError for options out of range,
  /// and ShapeError or IndexError for a language model that does not fit.
  std::vector<std::vector<AlignedHypothesis>> beam_search(
      const Tensor& frames, const Tensor& lengths = {},
      const TransducerBeamOptions& options = {}) const;

  TransducerPredictor predictor;
  TransducerJoiner joiner;

 private:
  Scope at_;
  TransducerOptions options_;
};

}  // namespace tapehead::nn
