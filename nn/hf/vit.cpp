#include "tapehead/nn/hf/vit.h"

#include "tapehead/autograd/ops.h"
#include "tapehead/nn/hf/detail/families.h"

namespace tapehead::nn::hf {
namespace {

constexpr const char* kPatches = "vit.embeddings.patch_embeddings.projection.weight";

const std::vector<Row> kVitRows = {
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

Mapping weights(const VitConfig& c) {
  const int64_t C = c.transformer.embed_dim;
  return {.rows = kVitRows, .prefix = "vit.", .prefixed = c.num_classes > 0, .joined = {C, C, C}};
}

void fields(ConfigIo& io, VitConfig& c) {
  TransformerOptions& t = c.transformer;
  io.sizes("image_size", c.image_size);
  io.sizes("patch_size", c.patch_size);
  io.size("num_channels", c.num_channels);
  io.size("hidden_size", t.embed_dim);
  io.layers("num_hidden_layers", t.num_layers);
  io.size("num_attention_heads", t.num_heads);
  io.size("intermediate_size", t.ffn_dim);
  io.activation("hidden_act", t.activation);
  io.number("hidden_dropout_prob", t.dropout, 0);
  io.copy("attention_probs_dropout_prob", t.dropout);
  io.number("layer_norm_eps", t.norm.eps, 1e-12);
  io.flag("qkv_bias", t.attention.bias, true);
  io.constant(t.attention.out_bias, true);
  if (io.reading() || c.pooler > 0) io.size("pooler_output_size", c.pooler, t.embed_dim);
  io.only("pooler_act", "tanh");
  io.ignore({"encoder_stride", "tie_word_embeddings"});
}

// Checkpoints have extra axes of size 1, and store the patch projection as a convolution kernel.
std::vector<Place> places_of(const Vit& model) {
  const VitConfig& c = model.config();
  std::vector<Place> places = hf::places_of(model.scope(), weights(c));
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

}  // namespace

const Family<VitConfig> kVit = {"vit", "ViTForImageClassification", "ViTModel", fields, weights};

VitConfig vit_config(const Folder& folder) {
  const Family<VitConfig>& family = family_of<VitConfig>(kVitFamilies, folder);
  Fields f(folder);
  VitConfig c = read_fields(family, f);
  const bool head = read_head(folder, f, family.with_head, family.base);
  if (head) c.num_classes = read_classes(folder, f, "classifier.weight");
  if (head || !has_weight(folder, "pooler.dense.weight")) c.pooler = 0;
  f.finish();
  check_weights(folder, weights(c),
                [&](const Params& params) { return places_of(Vit(params.root(), c)); });
  return c;
}

void load(const Folder& folder, const Vit& model) {
  load_weights(folder, places_of(model), weights(model.config()), model.scope().params());
}

void save(const std::string& path, const Vit& model, const SaveOptions& options) {
  const VitConfig& c = model.config();
  const Family<VitConfig>& family = family_to_save<VitConfig>(kVitFamilies, c, "Vit");
  if (c.num_classes > 0 && c.pooler > 0)
    throw ValueError(
        "save: transformers has no model like this Vit: none has a pooler before a head; "
        "use Params::save to save its parameters");
  const std::vector<Place> places = places_of(model);
  Json config = write_fields(family, c, c.num_classes > 0 ? family.with_head : family.base);
  config["torch_dtype"] = dtype_name(places);
  write_classes(c.num_classes, config);
  save_folder(path, config, places, family.weights(c), options);
}

}  // namespace tapehead::nn::hf
