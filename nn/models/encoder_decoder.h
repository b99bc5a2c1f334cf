// A translation model that is selected at run time.
#pragma once

#include <variant>
#include <vector>

#include "tapehead/nn/models/seq2seq.h"
#include "tapehead/nn/models/seq2seq_transformer.h"

namespace tapehead::nn {

using EncoderDecoder = std::variant<Seq2Seq, Seq2SeqTransformer>;

/// The model's loss().
Tensor loss(const EncoderDecoder& model, const data::Seq2SeqBatch& batch,
            double label_smoothing = 0);
/// The best target for each source, in the order of the sources, by the model's translate().
std::vector<Hypothesis> translate_all(const EncoderDecoder& model, const data::TokenLists& sources,
                                      const BeamOptions& options = {}, int64_t batch = 64);

}  // namespace tapehead::nn
