#include "tapehead/nn/hf/bert.h"

#include <algorithm>

#include "tapehead/nn/hf/detail/families.h"

namespace tapehead::nn::hf {
namespace {

constexpr const char* kBase = "BertModel";
constexpr const char* kMaskedLm = "BertForMaskedLM";
constexpr const char* kClassifier = "BertForSequenceClassification";

const std::vector<Row> kBertRows = {
    {"token", {"bert.embeddings.word_embeddings"}},
    {"token_type", {"bert.embeddings.token_type_embeddings"}},
    {"position", {"bert.embeddings.position_embeddings"}},
    {"embedding_norm", {"bert.embeddings.LayerNorm"}},
    {"layers.*.attention.qkv",
     {"bert.encoder.layer.*.attention.self.query", "bert.encoder.layer.*.attention.self.key",
      "bert.encoder.layer.*.attention.self.value"}},
    {"layers.*.attention.out", {"bert.encoder.layer.*.attention.output.dense"}},
    {"layers.*.norm1", {"bert.encoder.layer.*.attention.output.LayerNorm"}},
    {"layers.*.feed_forward.up", {"bert.encoder.layer.*.intermediate.dense"}},
    {"layers.*.feed_forward.down", {"bert.encoder.layer.*.output.dense"}},
    {"layers.*.norm2", {"bert.encoder.layer.*.output.LayerNorm"}},
    {"pooler", {"bert.pooler.dense"}},
};
const std::vector<Row> kTiedHead = {
    {"transform", {"cls.predictions.transform.dense"}},
    {"norm", {"cls.predictions.transform.LayerNorm"}},
    {"bias", {"cls.predictions.bias"}, Row::whole},
};
const std::vector<Row> kUntiedHead = {
    {"transform", {"cls.predictions.transform.dense"}},
    {"norm", {"cls.predictions.transform.LayerNorm"}},
    {"bias", {"cls.predictions.decoder.bias"}, Row::whole},
    {"decoder", {"cls.predictions.decoder"}},
};
const std::vector<Row> kClassifierHead = {
    {"weight", {"classifier.weight"}, Row::whole},
    {"bias", {"classifier.bias"}, Row::whole},
};

constexpr const char* kHeadWeight = "cls.predictions.decoder.weight";
constexpr const char* kHeadBias = "cls.predictions.bias";
constexpr const char* kEmbedding = "bert.embeddings.word_embeddings.weight";

Mapping mapping_of(const BertConfig& c, const std::string& architecture) {
  const int64_t C = c.transformer.embed_dim;
  Mapping mapping{.rows = kBertRows,
                  .prefix = "bert.",
                  .prefixed = architecture != kBase,
                  .ignored = {"bert.embeddings.position_ids", "cls.seq_relationship.*"},
                  .old_endings = {{"LayerNorm.gamma", "LayerNorm.weight"},
                                  {"LayerNorm.beta", "LayerNorm.bias"}},
                  .joined = {C, C, C}};
  if (architecture == kMaskedLm) {
    mapping.ignored.emplace_back("bert.pooler.*");
    mapping.copies = {{kHeadWeight, kEmbedding}, {"cls.predictions.decoder.bias", kHeadBias}};
  }
  return mapping;
}

// The mapping of the model without a head; the folder's heads are ignored.
Mapping body_mapping(const BertConfig& c, const std::string& architecture) {
  Mapping mapping = mapping_of(c, architecture);
  for (const char* heads : {"cls.*", "classifier.*"}) mapping.ignored.push_back(heads);
  mapping.copies.clear();
  return mapping;
}

bool is_pooler(const Place& place) { return place.name.starts_with("bert.pooler."); }

std::vector<Place> places_of_body(const Bert& model, const Mapping& mapping,
                                  const std::string& architecture) {
  std::vector<Place> places = places_of(model.scope(), mapping);
  if (architecture == kMaskedLm) std::erase_if(places, is_pooler);
  return places;
}

std::vector<Place> places_of_head(const MaskedLmHead& head) {
  const Scope& at = head.scope();
  const std::string decoder = (at.path().empty() ? "" : at.path() + ".") + "decoder.weight";
  return places_of(at, {.rows = at.params().contains(decoder) ? kUntiedHead : kTiedHead});
}

std::vector<Place> places_of_head(const SequenceClassifier& head) {
  return places_of(head.scope(), {.rows = kClassifierHead});
}

template <class Head>
void load_both(const Folder& folder, const Bert& model, const Head& head,
               const std::string& architecture) {
  Mapping mapping = mapping_of(model.config(), architecture);
  std::vector<Place> places = places_of_body(model, mapping, architecture);
  for (const Place& place : places_of_head(head)) {
    places.push_back(place);
    // An untied output layer has its own bias, which replaces the head's.
    if (place.name == kHeadWeight) mapping.ignored.push_back(kHeadBias);
  }
  load_weights(folder, places, mapping, model.scope().params());
}

void fields(ConfigIo& io, BertConfig& c) {
  TransformerOptions& t = c.transformer;
  io.size("vocab_size", c.vocab_size);
  io.size("hidden_size", t.embed_dim);
  io.layers("num_hidden_layers", t.num_layers);
  io.size("num_attention_heads", t.num_heads);
  io.size("intermediate_size", t.ffn_dim);
  io.size("max_position_embeddings", c.context);
  io.size("type_vocab_size", c.token_types);
  io.activation("hidden_act", t.activation);
  io.number("hidden_dropout_prob", t.dropout, 0.1);
  io.copy("attention_probs_dropout_prob", t.dropout);
  io.number("layer_norm_eps", t.norm.eps, 1e-12);
  io.only("position_embedding_type", "absolute");
  io.ignore({"directionality", "pooler_fc_size", "pooler_num_attention_heads",
             "pooler_num_fc_layers", "pooler_size_per_head", "pooler_type", "tie_word_embeddings"});
}

Mapping weights(const BertConfig& c) { return mapping_of(c, kMaskedLm); }

}  // namespace

const Family<BertConfig> kBert = {"bert", kMaskedLm, kBase, fields, weights};

namespace {

Json config_of(const BertConfig& c, const std::string& architecture) {
  Json config = write_fields(family_to_save<BertConfig>(kBertFamilies, c, "Bert"), c, architecture);
  config["tie_word_embeddings"] = true;
  return config;
}

void save_all(const std::string& path, const Bert& model, const std::vector<Place>& head,
              Json config, const SaveOptions& options) {
  const std::string architecture = config["architectures"][0].as_string();
  const Mapping mapping = mapping_of(model.config(), architecture);
  std::vector<Place> places = places_of_body(model, mapping, architecture);
  places.insert(places.end(), head.begin(), head.end());
  config["torch_dtype"] = dtype_name(places);
  save_folder(path, config, places, mapping, options);
}

}  // namespace

BertConfig bert_config(const Folder& folder) {
  const Family<BertConfig>& family = family_of<BertConfig>(kBertFamilies, folder);
  Fields f(folder);
  BertConfig c = read_fields(family, f);
  const std::string& name = folder.architecture;
  if (name != kBase && name != kMaskedLm && name != kClassifier)
    f.fail("architectures",
           "BertModel, BertForMaskedLM and BertForSequenceClassification are supported");
  f.finish();
  c.pooler = name != kMaskedLm && has_weight(folder, "pooler.dense.weight");
  const Mapping mapping = body_mapping(c, name);
  check_weights(folder, mapping, [&](const Params& params) {
    return places_of_body(Bert(params.root(), c), mapping, name);
  });
  return c;
}

bool bert_tied(const Folder& folder) {
  Fields f(folder);
  return is_tied(folder, mapping_of({}, kMaskedLm), kHeadWeight, kEmbedding,
                 f.flag("tie_word_embeddings", true));
}

int64_t class_count(const Folder& folder) {
  Fields fields(folder);
  return read_classes(folder, fields, "classifier.weight");
}

void load(const Folder& folder, const Bert& model) {
  const Mapping mapping = body_mapping(model.config(), folder.architecture);
  load_weights(folder, places_of_body(model, mapping, folder.architecture), mapping,
               model.scope().params());
}

void load(const Folder& folder, const Bert& model, const MaskedLmHead& head) {
  load_both(folder, model, head, kMaskedLm);
}

void load(const Folder& folder, const Bert& model, const SequenceClassifier& head) {
  load_both(folder, model, head, kClassifier);
}

void save(const std::string& path, const Bert& model, const SaveOptions& options) {
  save_all(path, model, {}, config_of(model.config(), kBase), options);
}

void save(const std::string& path, const Bert& model, const MaskedLmHead& head,
          const SaveOptions& options) {
  std::vector<Place> places = places_of_head(head);
  Json config = config_of(model.config(), kMaskedLm);
  const auto own = [](const Place& place) { return place.name == kHeadWeight; };
  if (std::any_of(places.begin(), places.end(), own)) {
    config["tie_word_embeddings"] = false;
    // transformers requires this copy of the bias, but does not use it.
    const auto bias = std::find_if(places.begin(), places.end(), [](const Place& place) {
      return place.name == "cls.predictions.decoder.bias";
    });
    places.push_back({kHeadBias, bias->value});
  }
  save_all(path, model, places, config, options);
}

void save(const std::string& path, const Bert& model, const SequenceClassifier& head,
          const SaveOptions& options) {
  const std::vector<Place> places = places_of_head(head);
  Json config = config_of(model.config(), kClassifier);
  write_classes(places[0].value.size(0), config);
  save_all(path, model, places, config, options);
}

}  // namespace tapehead::nn::hf
