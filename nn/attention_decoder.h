// A recurrent decoder of tokens that attends to a memory: Bahdanau et al. 2015, Luong et al. 2015.
//
// B batch, T tokens, S positions of the memory, M channels of the memory, E embedding, H hidden
// size, V vocabulary, X words of the sources of a batch outside the vocabulary.
#pragma once

#include <optional>
#include <vector>

#include "tapehead/nn/any_layer.h"
#include "tapehead/nn/beam_search.h"
#include "tapehead/nn/copy_head.h"
#include "tapehead/nn/linear.h"
#include "tapehead/nn/rnn.h"
#include "tapehead/nn/sequence_attention.h"

namespace tapehead::nn {

/// What the cell reads besides the embedding of the last token.
enum class DecoderFeed {
  none,         ///< nothing
  attentional,  ///< the last attentional state (input feeding: Luong et al. 2015, 3.3)
  /// The context: the decoder attends before the step, with the last state (Bahdanau et al. 2015;
  /// Xu et al. 2015), rather than after it, with the new one (Luong et al. 2015).
  context,
};

struct AttentionDecoderOptions {
  int64_t vocab_size = 0;     ///< V
  int64_t embed_dim = 256;    ///< E
  int64_t hidden_size = 256;  ///< H
  RnnCell cell = RnnCell::lstm;
  /// Its memory_dim is M; its query_dim is H.
  SequenceAttentionOptions attention = {};
  DecoderFeed feed = DecoderFeed::attentional;
  bool deep_output = false;   ///< as in Xu et al. 2015, eq. 7
  bool context_gate = false;  ///< the context is multiplied by a gate (ibid., sec. 4.2.1)
  /// Hard attention: the context is a single position (ibid., sec. 4.1). In training it is drawn
  /// with the weights' probabilities (see HardAttentionLoss), in evaluation it is the most probable
  /// one.
  bool hard = false;
  double dropout = 0;  ///< of embeddings and of the attentional state
  /// Words of the source can be copied (See et al. 2017), including those outside the vocabulary.
  bool copy = false;
  int64_t pad = 0, unk = 1;  ///< ids
};

/// What an AttentionDecoder starts from.
struct DecoderStart {
  AttentionMemory memory;  ///< of AttentionDecoder::attention.prepare(rows [B, S, M], lengths)
  RnnState state = {};     ///< first state, [B, H]; undefined: zeros
  Tensor source = {};      ///< i64 [B, S]: ids of the memory's words, for the option `copy`
};

/// The results of T steps.
struct AttentionDecoderOutput {
  Tensor logits;   ///< [B, T, V]
  Tensor weights;  ///< [B, T, S] of the attention; undefined for Score::none
  Tensor gate;     ///< [B, T]: CopyMix::gate; undefined without the option `copy`
  Tensor choices;  ///< i64 [B, T]: positions attended to; undefined without the option `hard`
  Tensor expected =
      {};  ///< bool [B]: rows of TeacherForcingOptions::expected; undefined if it is 0
};

struct TeacherForcingOptions {
  /// Scheduled sampling (Bengio et al. 2015): the probability with which a step reads the most
  /// probable token of the step before it instead of the given one.
  double scheduled_sampling = 0;
  Tensor choices = {};  ///< i64 [B, T]: positions that hard attention attends to; undefined: drawn
  /// Hard attention: the probability with which a row of the batch has the expected context, the
  /// mean of the memory by the weights, as soft attention has, instead of chosen positions (Xu et
  /// al. 2015, sec. 4.1, where it is 0.5).
  double expected = 0;
};

struct DecoderLossOptions {
  double label_smoothing = 0;     ///< share of the target spread evenly over the vocabulary
  double doubly_stochastic = 0;   ///< weight of doubly_stochastic_loss(), which is added
  double guided_attention = 0;    ///< weight of guided_attention_loss(), which is added
  double scheduled_sampling = 0;  ///< as TeacherForcingOptions::scheduled_sampling
};

/// Decodes tokens from a memory of any encoder: words, regions of an image, frames of speech. At
/// each step the input of the cell is the embedding y of the last token and what `feed` adds. Its
/// new state h attends to the memory, which gives the context z (with DecoderFeed::context, the
/// state before it does), and
///
///   a = tanh(W [h; z]),    logits = E a + b,
///
/// where E is the embedding's weight (Press and Wolf 2017). With deep_output,
///
///   a = y + W [h; z],    logits = L a + b,
///
/// and with context_gate z is sigmoid(v · q + c) times the context of the attending state q.
/// Parameters: `target.weight`, the embedding, unless it is shared; `decoder`, the cell;
/// `attention`, `combine` (W), `output.bias` (b), `output.weight` (L), `context_gate` (v, c),
/// `copy`.
/// Example: nn::AttentionDecoder d(at, {.vocab_size = 30, .embed_dim = 8, .hidden_size = 8,
///     .attention = {.memory_dim = 4}}); d({.memory = d.attention.prepare(randn({2, 5, 4}))},
///     randint(30, {2, 3})).logits  // shape [2, 3, 30]
class AttentionDecoder {
 public:
  /// `shared` replaces the embedding. Throws ValueError for the options that Cell and
  /// SequenceAttention refuse, for copy and hard with Score::none or local_p, whose weights are not
  /// probabilities, and for copy with hard; ShapeError for a shared embedding that is not [V, E].
  AttentionDecoder(const Scope& at, const AttentionDecoderOptions& options,
                   const std::optional<Embedding>& shared = {});

  /// The results of steps whose last tokens are ids i64 [B, T] (teacher forcing). Throws ShapeError
  /// for other shapes, ValueError for a scheduled_sampling or expected outside 0..1, for choices or
  /// expected without the option `hard`, and with `copy` if DecoderStart::source is undefined.
  AttentionDecoderOutput operator()(const DecoderStart& start, const Tensor& ids,
                                    const TeacherForcingOptions& o = {}) const;
  /// operator()'s logits; with copy, log probabilities [B, T, V + X], as copy_log_probs(). Throws
  /// as operator().
  Tensor scores(const DecoderStart& start, const Tensor& ids) const;
  /// Mean cross entropy of the tokens after the first of target i64 [B, T + 1], except padding,
  /// each given those before it. It does not train the weights of hard attention;
  /// HardAttentionLoss does. Throws as operator(), and ShapeError unless a token follows the
  /// first, ValueError for doubly_stochastic and guided_attention with Score::none.
  Tensor loss(const DecoderStart& start, const Tensor& target,
              const DecoderLossOptions& o = {}) const;
  /// The steps of a search, which refer to this decoder. Throws ValueError with `copy` if
  /// DecoderStart::source is undefined.
  Decoder steps(const DecoderStart& start) const;
  /// Beam search: the best target for each row of the batch, with attention weights. Throws as
  /// steps() and beam_search().
  std::vector<Hypothesis> search(const DecoderStart& start, const BeamOptions& o = {}) const;

  /// The options with query_dim filled in.
  const AttentionDecoderOptions& options() const { return options_; }

  Cell cell;
  SequenceAttention attention;
  AnyLayer context_gate;         ///< Linear at first, [B, H] to [B, 1]; empty without the option
  AnyLayer combine;              ///< W: Linear at first, [B, H + M] to [B, E]
  Tensor output_bias;            ///< b [V]
  Tensor output_weight;          ///< L [V, E]; undefined unless options.deep_output
  Embedding target;              ///< of tokens, [V, E]
  std::optional<CopyGate> copy;  ///< none unless options.copy
  AnyLayer dropout;

 private:
  struct Step;
  Step first(const DecoderStart& start) const;
  void attend(const Tensor& query, const AttentionMemory& memory, int64_t t, Step& step) const;
  void advance(const Tensor& embedded, const AttentionMemory& memory, int64_t t, Step& step) const;
  void finish(const Tensor& embedded, Step& step) const;
  Tensor logits(const Tensor& attentional) const;
  Tensor known(const Tensor& ids) const;
  Tensor scores_of(const Step& step, const Tensor& source, int64_t extended) const;
  int64_t extended(const DecoderStart& start) const;
  Tensor sampled(const Tensor& given, const Step& step, const DecoderStart& start, double p) const;

  Scope at_;
  AttentionDecoderOptions options_;
};

}  // namespace tapehead::nn
