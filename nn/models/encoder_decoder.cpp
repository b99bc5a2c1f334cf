#include "tapehead/nn/models/encoder_decoder.h"

namespace tapehead::nn {

Tensor loss(const EncoderDecoder& model, const data::Seq2SeqBatch& batch, double label_smoothing) {
  return std::visit([&](const auto& m) { return m.loss(batch, label_smoothing); }, model);
}

std::vector<Hypothesis> translate_all(const EncoderDecoder& model, const data::TokenLists& sources,
                                      const BeamOptions& options, int64_t batch) {
  const auto translate = [&](const Tensor& source, const Tensor& lengths, const BeamOptions& o) {
    return std::visit([&](const auto& m) { return m.translate(source, lengths, o); }, model);
  };
  return translate_all(translate, sources, options, batch);
}

}  // namespace tapehead::nn
