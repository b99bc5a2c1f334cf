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
  return {.rows = kVit,
          .prefix = "vit.",
          .prefixed = c.classes > 0,
          .joined = {c.width, c.width, c.width}};
}

// Theirs have axes of size 1, and patches as the kernel of a convolution.
std::vector<Place> places_of(const Vit& model) {
  const VitConfig& c = model.config();
  std::vector<Place> places = hf::places_of(model.scope(), mapping_of(c));
  for (Place& place : places) {
    if (place.name == kPatches)
      place.value = place.value.reshape({c.width, c.channels, c.patch[0], c.patch[1]});
    else if (place.name == "vit.embeddings.cls_token")
      place.value = place.value.reshape({1, 1, c.width});
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
  c.image = f.sizes("image_size");
  c.patch = f.sizes("patch_size");
  c.channels = f.size("num_channels");
  c.width = f.size("hidden_size");
  c.layers = f.layers("num_hidden_layers");
  c.heads = f.size("num_attention_heads");
  c.hidden = f.size("intermediate_size");
  c.act = read_activation(f, "hidden_act");
  c.dropout = f.number("hidden_dropout_prob", 0);
  c.eps = f.number("layer_norm_eps", 1e-12);
  c.qkv_bias = f.flag("qkv_bias", true);
  const int64_t pooler = f.size("pooler_output_size", c.width);
  f.only("pooler_act", "tanh");
  f.ignore({"attention_probs_dropout_prob", "encoder_stride", "tie_word_embeddings"});
  if (read_head(folder, f, kClassifier, kBase)) {
    c.classes = read_classes(folder, f, "classifier.weight");
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
  const std::string act = name_of(c.act);
  if (c.fixed_positions || c.mean_pool || (c.classes > 0 && c.pooler > 0) || act.empty())
    throw ValueError(
        "save: transformers has no model like this Vit: it must have learned positions, a class "
        "token, no pooler before its head, and an activation that config.json has a name for; "
        "Params::save writes its parameters");
  const std::vector<Place> places = places_of(model);
  Json config = {{"architectures", Json::array({c.classes > 0 ? kClassifier : kBase})},
                 {"model_type", "vit"},
                 {"image_size", sizes(c.image)},
                 {"patch_size", sizes(c.patch)},
                 {"num_channels", c.channels},
                 {"hidden_size", c.width},
                 {"num_hidden_layers", c.layers},
                 {"num_attention_heads", c.heads},
                 {"intermediate_size", c.hidden > 0 ? c.hidden : 4 * c.width},
                 {"hidden_act", act},
                 {"hidden_dropout_prob", c.dropout},
                 {"attention_probs_dropout_prob", c.dropout},
                 {"layer_norm_eps", c.eps},
                 {"qkv_bias", c.qkv_bias},
                 {"torch_dtype", dtype_name(places)}};
  if (c.pooler > 0) config["pooler_output_size"] = c.pooler;
  write_classes(c.classes, config);
  save_folder(path, config, places, mapping_of(c), options);
}

}  // namespace tapehead::nn::hf
