#include "tapehead/nn/hf/t5.h"

#include <fmt/format.h>

#include "tapehead/nn/hf/detail/families.h"

namespace tapehead::nn::hf {
namespace {

constexpr int64_t kMaxDistance = 1 << 16;

const std::vector<Row> kT5Rows = {
    {"token", {"shared"}},
    {"encoder.relative", {"encoder.block.0.layer.0.SelfAttention.relative_attention_bias"}},
    {"encoder.layers.*.norm1", {"encoder.block.*.layer.0.layer_norm"}},
    {"encoder.layers.*.attention.q", {"encoder.block.*.layer.0.SelfAttention.q"}},
    {"encoder.layers.*.attention.k", {"encoder.block.*.layer.0.SelfAttention.k"}},
    {"encoder.layers.*.attention.v", {"encoder.block.*.layer.0.SelfAttention.v"}},
    {"encoder.layers.*.attention.out", {"encoder.block.*.layer.0.SelfAttention.o"}},
    {"encoder.layers.*.norm2", {"encoder.block.*.layer.1.layer_norm"}},
    {"encoder.layers.*.feed_forward.down", {"encoder.block.*.layer.1.DenseReluDense.wo"}},
    {"encoder.norm", {"encoder.final_layer_norm"}},
    {"decoder.relative", {"decoder.block.0.layer.0.SelfAttention.relative_attention_bias"}},
    {"decoder.layers.*.norm1", {"decoder.block.*.layer.0.layer_norm"}},
    {"decoder.layers.*.attention.q", {"decoder.block.*.layer.0.SelfAttention.q"}},
    {"decoder.layers.*.attention.k", {"decoder.block.*.layer.0.SelfAttention.k"}},
    {"decoder.layers.*.attention.v", {"decoder.block.*.layer.0.SelfAttention.v"}},
    {"decoder.layers.*.attention.out", {"decoder.block.*.layer.0.SelfAttention.o"}},
    {"decoder.layers.*.norm2", {"decoder.block.*.layer.1.layer_norm"}},
    {"decoder.layers.*.memory_attention.q", {"decoder.block.*.layer.1.EncDecAttention.q"}},
    {"decoder.layers.*.memory_attention.k", {"decoder.block.*.layer.1.EncDecAttention.k"}},
    {"decoder.layers.*.memory_attention.v", {"decoder.block.*.layer.1.EncDecAttention.v"}},
    {"decoder.layers.*.memory_attention.out", {"decoder.block.*.layer.1.EncDecAttention.o"}},
    {"decoder.layers.*.norm3", {"decoder.block.*.layer.2.layer_norm"}},
    {"decoder.layers.*.feed_forward.down", {"decoder.block.*.layer.2.DenseReluDense.wo"}},
    {"decoder.norm", {"decoder.final_layer_norm"}},
    {"head", {"lm_head"}},
};
const std::vector<Row> kPlain = {
    {"encoder.layers.*.feed_forward.up", {"encoder.block.*.layer.1.DenseReluDense.wi"}},
    {"decoder.layers.*.feed_forward.up", {"decoder.block.*.layer.2.DenseReluDense.wi"}},
};
const std::vector<Row> kGated = {
    {"encoder.layers.*.feed_forward.gate", {"encoder.block.*.layer.1.DenseReluDense.wi_0"}},
    {"encoder.layers.*.feed_forward.up", {"encoder.block.*.layer.1.DenseReluDense.wi_1"}},
    {"decoder.layers.*.feed_forward.gate", {"decoder.block.*.layer.2.DenseReluDense.wi_0"}},
    {"decoder.layers.*.feed_forward.up", {"decoder.block.*.layer.2.DenseReluDense.wi_1"}},
};

Mapping weights(const T5Config& c) {
  std::vector<Row> rows = kT5Rows;
  const std::vector<Row>& more = c.transformer.ffn.gated ? kGated : kPlain;
  rows.insert(rows.end(), more.begin(), more.end());
  return {.rows = rows,
          // The first checkpoints have an unused relative position bias for cross-attention.
          .ignored = {"decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight"},
          .copies = {{"lm_head.weight", "shared.weight"},
                     {"encoder.embed_tokens.weight", "shared.weight"},
                     {"decoder.embed_tokens.weight", "shared.weight"}}};
}

// "relu", or "gated-gelu", whose gelu is the tanh approximation.
void feed_forward_fields(ConfigIo& io, TransformerOptions& t) {
  const std::string gate = "gated-";
  std::string name = name_of(t.activation);
  std::string spelt = !t.ffn.gated ? name : name == "gelu_new" ? "gated-gelu" : gate + name;
  io.word("feed_forward_proj", spelt, "relu");
  io.flag("is_gated_act", t.ffn.gated, spelt.starts_with(gate));
  if (io.reading()) {
    name = spelt == "gated-gelu" ? "gelu_new" : spelt;
    if (name.starts_with(gate)) name = name.substr(gate.size());
  }
  const char* field = io.has("dense_act_fn") ? "dense_act_fn" : "feed_forward_proj";
  io.word("dense_act_fn", name, name);
  io.constant(t.activation, activation_of(name));
  io.check(static_cast<bool>(t.activation), field, "this activation is not supported");
}

void fields(ConfigIo& io, T5Config& c) {
  TransformerOptions& t = c.transformer;
  io.size("vocab_size", c.vocab_size);
  io.size("d_model", t.embed_dim);
  io.size("d_kv", t.attention.head_dim);
  io.size("d_ff", t.ffn_dim);
  io.layers("num_layers", t.num_layers);
  io.layers("num_decoder_layers", c.num_decoder_layers, t.num_layers);
  io.size("num_heads", t.num_heads);
  io.check_size("num_heads", t.num_heads * t.attention.head_dim);
  io.size("relative_attention_num_buckets", c.num_buckets);
  io.count("relative_attention_max_distance", c.max_distance, 128);
  io.check(c.max_distance <= kMaxDistance, "relative_attention_max_distance",
           fmt::format("it must be at most {}", kMaxDistance));  // the table has an entry for each
  io.number("dropout_rate", t.dropout, 0.1);
  io.number("layer_norm_epsilon", t.norm.eps);
  io.index("pad_token_id", c.pad, 0);
  io.index("eos_token_id", c.eos, 1);
  io.copy("decoder_start_token_id", c.pad);
  feed_forward_fields(io, t);
  io.flag("tie_word_embeddings", c.tied, true);
  // Before transformers 5, an untied head also implied that logits are not scaled.
  io.flag("scale_decoder_outputs", c.scale_logits, c.tied);
  io.fixed("is_encoder_decoder", true);
  io.ignore({"n_positions"});
}

}  // namespace

const Family<T5Config> kT5 = {"t5", "T5ForConditionalGeneration", "T5Model", fields, weights};

T5Config t5_config(const Folder& folder) {
  const Family<T5Config>& family = family_of<T5Config>(kT5Families, folder);
  Fields f(folder);
  T5Config c = read_fields(family, f);
  c.head = read_head(folder, f, family.with_head, family.base);
  f.finish();
  const Mapping mapping = family.weights(c);
  c.tied = !c.head || is_tied(folder, mapping, "lm_head.weight", "shared.weight", true);
  check_weights(folder, mapping, [&](const Params& params) {
    return places_of(T5(params.root(), c).scope(), mapping);
  });
  return c;
}

void load(const Folder& folder, const T5& model) {
  const Mapping mapping = weights(model.config());
  load_weights(folder, places_of(model.scope(), mapping), mapping, model.scope().params());
}

void save(const std::string& path, const T5& model, const SaveOptions& options) {
  const T5Config& c = model.config();
  const Family<T5Config>& family = family_to_save<T5Config>(kT5Families, c, "T5");
  const Mapping mapping = family.weights(c);
  const std::vector<Place> places = places_of(model.scope(), mapping);
  Json config = write_fields(family, c, c.head ? family.with_head : family.base);
  config["torch_dtype"] = dtype_name(places);
  save_folder(path, config, places, mapping, options);
}

}  // namespace tapehead::nn::hf
