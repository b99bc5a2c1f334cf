#include "tapehead/nn/hf/vit.h"

#include "tapehead/autograd/ops.h"
#include "tapehead/core/error.h"
#include "tapehead/nn/hf/detail/activation.h"
#include "tapehead/nn/hf/detail/mapping.h"

namespace tapehead::nn::hf {
namespace {

constexpr const char* kBase = "ViTModel";
constexpr const char* kClassifier = "ViTForImageClassification";
constexpr const char* kPatches = "vit.embeddings.patch_embeddings.projection.weight";

const std::vector<Row> kVit = {
    {"class_token", {"vit.embeddings.cls_token"}, Row::whole},
    {"position.weight", {"vit.embeddings.position_embeddings"}, Row::whole},
    {"patch", {"vit.embeddings.patch_embeddings.projection"}},
    {"layers.*.norm1", {"vit.encoder.layer.*.layernorm_before"}},
    {"layers.*.attention.qkv",
     {"vit.encoder.layer.*.attention.attention.query",
      "vit.encoder.layer.*.attention.attention.key",
      "vit.encoder.layer.*.attention.attention.value"}},
    {"layers.*.attention.out", {"vit.encoder.layer.*.attention.output.dense"}},
    {"layers.*.norm2", {"vit.encoder.layer.*.layernorm_after"}},
    {"layers.*.feed_forward.up", {"vit.encoder.layer.*.intermediate.dense"}},
    {"layers.*.feed_forward.down", {"vit.encoder.layer.*.output.dense"}},
    {"norm", {"vit.layernorm"}},
    {"pooler", {"vit.pooler.dense"}},
    {"head", {"classifier"}},
};

Mapping mapping_of(const VitConfig& c) {
  const int64_t C = c.transformer.embed_dim;
  return {.rows = kVit, .prefix = "vit.", .prefixed = c.num_classes > 0, .joined = {C, C, C}};
}

// Theirs have axes of size 1, and patches as the kernel of a convolution.
std::vector<Place> places_of(const Vit& model) {
  const VitConfig& c = model.config();
  std::vector<Place> places = hf::places_of(model.scope(), mapping_of(c));
  for (Place& place : places) {
    if (place.name == kPatches)
      place.value = place.value.reshape(
          {c.transformer.embed_dim, c.num_channels, c.patch_size[0], c.patch_size[1]});
    else if (place.name == "vit.embeddings.cls_token")
      place.value = place.value.reshape({1, 1, c.transformer.embed_dim});
    else if (place.name == "vit.embeddings.position_embeddings")
      place.value = place.value.unsqueeze(0);
  }
  return places;
}

Json sizes(const std::array<int64_t, 2>& s) {
  return s[0] == s[1] ? Json(s[0]) : Json::array({s[0], s[1]});
}

}  // namespace

VitConfig vit_config(const Folder& folder) {
  Fields f(folder);
  if (folder.model_type != "vit") f.fail("model_type", "vit is the model of this kind");
  VitConfig c;
  TransformerOptions& t = c.transformer;
  c.image_size = f.sizes("image_size");
  c.patch_size = f.sizes("patch_size");
  c.num_channels = f.size("num_channels");
  t.embed_dim = f.size("hidden_size");
  t.num_layers = f.layers("num_hidden_layers");
  t.num_heads = f.size("num_attention_heads");
  t.ffn_dim = f.size("intermediate_size");
  t.activation = read_activation(f, "hidden_act");
  t.dropout = f.number("hidden_dropout_prob", 0);
  t.norm.eps = f.number("layer_norm_eps", 1e-12);
  t.attention.bias = f.flag("qkv_bias", true);
  t.attention.out_bias = true;
  const int64_t pooler = f.size("pooler_output_size", t.embed_dim);
  f.only("pooler_act", "tanh");
  f.ignore({"attention_probs_dropout_prob", "encoder_stride", "tie_word_embeddings"});
  if (read_head(folder, f, kClassifier, kBase)) {
    c.num_classes = read_classes(folder, f, "classifier.weight");
  } else if (has_weight(folder, "pooler.dense.weight")) {
    c.pooler = pooler;
  }
  f.finish();
  check_weights(folder, mapping_of(c),
                [&](const Params& params) { return places_of(Vit(params.root(), c)); });
  return c;
}

void load(const Folder& folder, const Vit& model) {
  load_weights(folder, places_of(model), mapping_of(model.config()), model.scope().params());
}

void save(const std::string& path, const Vit& model, const SaveOptions& options) {
  const VitConfig& c = model.config();
  const TransformerOptions& t = c.transformer;
  const std::string activation = name_of(t.activation);
  if (c.fixed_positions || c.mean_pool || (c.num_classes > 0 && c.pooler > 0) || activation.empty())
    throw ValueError(
        "save: transformers has no model like this Vit: it must have learned positions, a class "
        "token, no pooler before its head, and an activation that config.json has a name for; "
        "Params::save writes its parameters");
  const std::vector<Place> places = places_of(model);
  Json config = {{"architectures", Json::array({c.num_classes > 0 ? kClassifier : kBase})},
                 {"model_type", "vit"},
                 {"image_size", sizes(c.image_size)},
                 {"patch_size", sizes(c.patch_size)},
                 {"num_channels", c.num_channels},
                 {"hidden_size", t.embed_dim},
                 {"num_hidden_layers", t.num_layers},
                 {"num_attention_heads", t.num_heads},
                 {"intermediate_size", t.ffn_dim},
                 {"hidden_act", activation},
                 {"hidden_dropout_prob", *t.dropout},
                 {"attention_probs_dropout_prob", *t.dropout},
                 {"layer_norm_eps", *t.norm.eps},
                 {"qkv_bias", *t.attention.bias},
                 {"torch_dtype", dtype_name(places)}};
  if (c.pooler > 0) config["pooler_output_size"] = c.pooler;
  write_classes(c.num_classes, config);
  save_folder(path, config, places, mapping_of(c), options);
}

}  // namespace tapehead::nn::hf
