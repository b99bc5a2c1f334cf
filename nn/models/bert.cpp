#include "tapehead/nn/models/bert.h"

#include <fmt/format.h>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"

namespace tapehead::nn {
namespace {

TransformerOptions options_of(const BertConfig& c) {
  return {.width = c.width,
          .heads = c.heads,
          .hidden = c.hidden,
          .layers = c.layers,
          .dropout = c.dropout,
          .pre_norm = false,
          .eps = c.eps,
          .act = c.act,
          .packed = true,
          .init = c.init};
}

LinearOptions linear_options(const BertConfig& c) {
  return {.init = c.init, .bias_init = init::zeros()};
}

}  // namespace

Bert::Bert(Scope at, const BertConfig& c)
    : at_(std::move(at)),
      config_(c),
      token_(at_ / "token", c.vocab, c.width, {.init = c.init}),
      token_type_(at_ / "token_type", c.token_types, c.width, {.init = c.init}),
      position_(at_ / "position", c.context, c.width, c.init),
      embedding_norm_(at_ / "embedding_norm", c.width, {.eps = c.eps}),
      dropout_(at_ / "dropout", c.dropout),
      encoder_(at_, options_of(c)) {
  if (c.pooler) pooler_.emplace(at_ / "pooler", c.width, c.width, linear_options(c));
}

Encoded Bert::encode(const Tensor& ids, const BertInput& input) const {
  return nn::at(at_, [&] {
    if (ids.dim() != 2)
      throw ShapeError(fmt::format("bert: ids are {}; expected [B, T]", ids.shape().str()));
    const Tensor& types = input.token_types;
    if (types.defined() && types.shape() != ids.shape())
      throw ShapeError(fmt::format("bert: token types are {}, but ids are {}; expected one for one",
                                   types.shape().str(), ids.shape().str()));
    const Tensor type =
        types.defined() ? token_type_(types) : token_type_.weight.slice(0, 0, 1).unsqueeze(0);
    const Tensor x = embedding_norm_(position_(token_(ids)) + type);
    return encoder_.attend(dropout_(x), input.seen);
  });
}

Tensor Bert::operator()(const Tensor& ids, const BertInput& input) const {
  return encode(ids, input).out;
}

Tensor Bert::pooled(const Tensor& encoded) const {
  return nn::at(at_, [&] {
    if (!pooler_) throw ValueError("bert: it was made without a pooler");
    return tanh((*pooler_)(encoded.select(1, 0)));
  });
}

MaskedLmHead::MaskedLmHead(Scope at, const Bert& bert, bool tied)
    : at_(std::move(at)),
      act_(bert.config().act),
      transform_(at_ / "transform", bert.config().width, bert.config().width,
                 linear_options(bert.config())),
      norm_(at_ / "norm", bert.config().width, {.eps = bert.config().eps}),
      decoder_(bert.token().weight),
      bias_(at_.param("bias", {bert.config().vocab}, init::zeros())) {
  if (!tied) decoder_ = (at_ / "decoder").param("weight", decoder_.shape(), bert.config().init);
}

Tensor MaskedLmHead::operator()(const Tensor& encoded) const {
  return nn::at(at_, [&] { return linear(norm_(act_(transform_(encoded))), decoder_, bias_); });
}

Tensor MaskedLmHead::loss(const Tensor& encoded, const Tensor& targets) const {
  return nn::at(at_, [&] {
    const Tensor flat = targets.flatten();
    const Tensor counted = nonzero(flat != -100).squeeze(1);
    if (counted.numel() == 0)
      throw ValueError("masked_lm: all targets are -100; mask a token of the batch at least");
    const Tensor x = index_select(encoded.flatten(0, 1), 0, counted);
    return cross_entropy((*this)(x), index_select(flat, 0, counted));
  });
}

SequenceClassifier::SequenceClassifier(Scope at, const Bert& bert, int64_t classes)
    : at_(std::move(at)),
      dropout_(at_ / "dropout", bert.config().dropout),
      head_(at_, bert.config().width, classes, linear_options(bert.config())) {}

Tensor SequenceClassifier::operator()(const Tensor& pooled) const {
  return head_(dropout_(pooled));
}

}  // namespace tapehead::nn
