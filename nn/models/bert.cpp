#include "tapehead/nn/models/bert.h"

#include <fmt/format.h>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"

namespace tapehead::nn {
namespace {

LinearOptions linear_options(const BertConfig& c) {
  return {.init = c.transformer.init, .bias_init = init::zeros()};
}

}  // namespace

BertConfig completed(BertConfig c) {
  c.transformer = completed(c.transformer, {.embed_dim = 768,
                                            .num_heads = 12,
                                            .num_layers = 12,
                                            .dropout = 0.1,
                                            .activation = gelu,
                                            .norm_first = false,
                                            .init = init::truncated_normal(0.02),
                                            .attention = {.packed_qkv = true},
                                            .norm = {.eps = 1e-12}});
  return c;
}

Bert::Bert(Scope at, const BertConfig& config) : Bert(std::move(at), completed(config), nullptr) {}

Bert::Bert(Scope at, const BertConfig& c, std::nullptr_t)
    : token(at / "token", c.vocab_size, c.transformer.embed_dim, {.init = c.transformer.init}),
      token_type(at / "token_type", c.token_types, c.transformer.embed_dim,
                 {.init = c.transformer.init}),
      position(at / "position", c.context, c.transformer.embed_dim, c.transformer.init),
      embedding_norm(make_norm(at / "embedding_norm", c.transformer.embed_dim, c.transformer.norm)),
      encoder(at, c.transformer),
      dropout(Dropout(at / "dropout", *c.transformer.dropout)),
      at_(std::move(at)),
      config_(c) {
  const int64_t C = c.transformer.embed_dim;
  if (c.pooler) pooler = Linear(at_ / "pooler", C, C, linear_options(c));
}

EncoderOutput Bert::encode(const Tensor& ids, const BertInput& input) const {
  return nn::at(at_, [&] {
    if (ids.dim() != 2)
      throw ShapeError(fmt::format("bert: ids are {}; expected [B, T]", ids.shape().str()));
    const Tensor& types = input.token_types;
    if (types.defined() && types.shape() != ids.shape())
      throw ShapeError(fmt::format("bert: token types are {}, but ids are {}; expected one for one",
                                   types.shape().str(), ids.shape().str()));
    const Tensor type =
        types.defined() ? token_type(types) : token_type.weight.slice(0, 0, 1).unsqueeze(0);
    const Tensor x = embedding_norm(position(token(ids)) + type);
    return encoder.attend(dropout(x), input.attention);
  });
}

Tensor Bert::operator()(const Tensor& ids, const BertInput& input) const {
  return encode(ids, input).out;
}

Tensor Bert::pooled(const Tensor& encoded) const {
  return nn::at(at_, [&] {
    if (!pooler) throw ValueError("bert: it was made without a pooler");
    return tanh(pooler(encoded.select(1, 0)));
  });
}

MaskedLmHead::MaskedLmHead(Scope at, const Bert& bert, bool tied)
    : decoder(bert.token.weight), at_(std::move(at)) {
  const BertConfig& c = bert.config();
  const int64_t C = c.transformer.embed_dim;
  activation_ = c.transformer.activation;
  transform = Linear(at_ / "transform", C, C, linear_options(c));
  norm = make_norm(at_ / "norm", C, c.transformer.norm);
  bias = at_.param("bias", {c.vocab_size}, init::zeros());
  if (!tied) decoder = (at_ / "decoder").param("weight", decoder.shape(), c.transformer.init);
}

Tensor MaskedLmHead::operator()(const Tensor& encoded) const {
  return nn::at(at_, [&] { return linear(norm(activation_(transform(encoded))), decoder, bias); });
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

SequenceClassifier::SequenceClassifier(Scope at, const Bert& bert, int64_t num_classes)
    : head(Linear(at, bert.config().transformer.embed_dim, num_classes,
                  linear_options(bert.config()))),
      dropout(Dropout(at / "dropout", *bert.config().transformer.dropout)),
      at_(std::move(at)) {}

Tensor SequenceClassifier::operator()(const Tensor& pooled) const { return head(dropout(pooled)); }

}  // namespace tapehead::nn
