#include "tapehead/nn/hf/t5.h"

#include <fmt/format.h>

#include "tapehead/core/error.h"
#include "tapehead/nn/hf/detail/activation.h"
#include "tapehead/nn/hf/detail/mapping.h"

namespace tapehead::nn::hf {
namespace {

constexpr const char* kWithHead = "T5ForConditionalGeneration";
constexpr const char* kBase = "T5Model";
constexpr int64_t kMaxDistance = 1 << 16;

const std::vector<Row> kT5 = {
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

Mapping mapping_of(const T5Config& c) {
  std::vector<Row> rows = kT5;
  const std::vector<Row>& more = c.transformer.ffn.gated ? kGated : kPlain;
  rows.insert(rows.end(), more.begin(), more.end());
  return {.rows = rows,
          // The first files had relative positions for the memory, which were never used.
          .ignored = {"decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight"},
          .copies = {{"lm_head.weight", "shared.weight"},
                     {"encoder.embed_tokens.weight", "shared.weight"},
                     {"decoder.embed_tokens.weight", "shared.weight"}}};
}

// "relu", or "gated-gelu", where gelu is the approximation by tanh.
void read_feed_forward(Fields& f, T5Config& c) {
  constexpr std::string_view kGate = "gated-";
  const std::string spelt = f.word("feed_forward_proj", "relu");
  c.transformer.ffn.gated = f.flag("is_gated_act", spelt.starts_with(kGate));
  std::string name = spelt == "gated-gelu" ? "gelu_new" : spelt;
  if (name.starts_with(kGate)) name = name.substr(kGate.size());
  const char* field = f.has("dense_act_fn") ? "dense_act_fn" : "feed_forward_proj";
  c.transformer.activation = activation_of(f.word("dense_act_fn", name));
  if (!c.transformer.activation) f.fail(field, "this activation is not supported");
}

}  // namespace

T5Config t5_config(const Folder& folder) {
  Fields f(folder);
  if (folder.model_type != "t5") f.fail("model_type", "t5 is the model of this kind");
  T5Config c;
  TransformerOptions& t = c.transformer;
  c.vocab_size = f.size("vocab_size");
  t.embed_dim = f.size("d_model");
  t.attention.head_dim = f.size("d_kv");
  t.ffn_dim = f.size("d_ff");
  t.num_layers = f.layers("num_layers");
  c.num_decoder_layers = f.layers("num_decoder_layers", t.num_layers);
  t.num_heads = f.size("num_heads");
  f.check_size("num_heads", t.num_heads * t.attention.head_dim);
  c.num_buckets = f.size("relative_attention_num_buckets");
  c.max_distance = f.count("relative_attention_max_distance", 128);
  if (c.max_distance > kMaxDistance)  // each has an entry in a table
    f.fail("relative_attention_max_distance", fmt::format("it must be at most {}", kMaxDistance));
  t.dropout = f.number("dropout_rate", 0.1);
  t.norm.eps = f.number("layer_norm_epsilon");
  c.pad = f.index("pad_token_id", 0);
  c.eos = f.index("eos_token_id", 1);
  read_feed_forward(f, c);
  // Before transformers 5 an untied head said, too, that logits are not scaled.
  c.scale_logits = f.flag("scale_decoder_outputs", f.flag("tie_word_embeddings", true));
  c.head = read_head(folder, f, kWithHead, kBase);
  f.only("is_encoder_decoder", true);
  f.ignore({"n_positions"});
  f.finish();
  const Mapping mapping = mapping_of(c);
  if (c.head) c.tied = is_tied(folder, mapping, "lm_head.weight", "shared.weight", true);
  check_weights(folder, mapping, [&](const Params& params) {
    return places_of(T5(params.root(), c).scope(), mapping);
  });
  return c;
}

void load(const Folder& folder, const T5& model) {
  const Mapping mapping = mapping_of(model.config());
  load_weights(folder, places_of(model.scope(), mapping), mapping, model.scope().params());
}

void save(const std::string& path, const T5& model, const SaveOptions& options) {
  const T5Config& c = model.config();
  const Mapping mapping = mapping_of(c);
  const std::vector<Place> places = places_of(model.scope(), mapping);
  const TransformerOptions& t = c.transformer;
  const std::string activation = name_of(t.activation);
  if (activation.empty())
    throw ValueError(
        "save: config.json has no name for the activation of this T5; Params::save "
        "writes its parameters");
  const std::string spelt = !t.ffn.gated               ? activation
                            : activation == "gelu_new" ? "gated-gelu"
                                                       : "gated-" + activation;
  const Json config = {{"architectures", Json::array({c.head ? kWithHead : kBase})},
                       {"model_type", "t5"},
                       {"vocab_size", c.vocab_size},
                       {"d_model", t.embed_dim},
                       {"d_kv", t.attention.head_dim},
                       {"d_ff", t.ffn_dim},
                       {"num_layers", t.num_layers},
                       {"num_decoder_layers", c.num_decoder_layers},
                       {"num_heads", t.num_heads},
                       {"relative_attention_num_buckets", c.num_buckets},
                       {"relative_attention_max_distance", c.max_distance},
                       {"dropout_rate", *t.dropout},
                       {"layer_norm_epsilon", *t.norm.eps},
                       {"feed_forward_proj", spelt},
                       {"dense_act_fn", activation},
                       {"is_gated_act", t.ffn.gated},
                       {"is_encoder_decoder", true},
                       {"pad_token_id", c.pad},
                       {"decoder_start_token_id", c.pad},
                       {"eos_token_id", c.eos},
                       {"tie_word_embeddings", c.tied},
                       {"scale_decoder_outputs", c.scale_logits},
                       {"torch_dtype", dtype_name(places)}};
  save_folder(path, config, places, mapping, options);
}

}  // namespace tapehead::nn::hf
