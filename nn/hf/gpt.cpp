#include "tapehead/nn/hf/gpt.h"

#include "tapehead/nn/hf/detail/families.h"

namespace tapehead::nn::hf {

GptConfig gpt_config(const Folder& folder) {
  const GptFamily& family = family_of<GptConfig>(kGptFamilies, folder);
  Fields fields(folder);
  GptConfig c = read_fields(family, fields);
  c.head = read_head(folder, fields, family.with_head, family.base);
  fields.finish();
  const Mapping mapping = family.weights(c);
  const auto& [head, embedding] = mapping.copies[0];
  if (c.head) c.tied = is_tied(folder, mapping, head, embedding, c.tied);
  check_weights(folder, mapping, [&](const Params& params) {
    return places_of(Gpt(params.root(), c).scope(), mapping);
  });
  return c;
}

void load(const Folder& folder, const Gpt& model) {
  const Mapping mapping = family_of<GptConfig>(kGptFamilies, folder).weights(model.config());
  load_weights(folder, places_of(model.scope(), mapping), mapping, model.scope().params());
}

void save(const std::string& path, const Gpt& model, const SaveOptions& options) {
  const GptConfig& c = model.config();
  const GptFamily& family = family_to_save<GptConfig>(kGptFamilies, c, "Gpt");
  const Mapping mapping = family.weights(c);
  const std::vector<Place> places = places_of(model.scope(), mapping);
  Json config = write_fields(family, c, c.head ? family.with_head : family.base);
  config["torch_dtype"] = dtype_name(places);
  save_folder(path, config, places, mapping, options);
}

}  // namespace tapehead::nn::hf
