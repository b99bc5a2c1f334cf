#include "tapehead/nn/hf/detail/fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tapehead/core/error.h"
#include "tapehead/nn/hf/folder.h"

namespace tapehead::nn::hf {
namespace {

// Names, versions, labels, and settings of generation, training or the program only.
constexpr const char* kIgnored[] = {
    "_attn_implementation",
    "_attn_implementation_autoset",
    "_attn_implementation_internal",
    "_commit_hash",
    "_flash_attn_2_enabled",
    "_name_or_path",
    "_num_labels",
    "architectures",
    "attn_implementation",
    "bad_words_ids",
    "begin_suppress_tokens",
    "bos_token_id",
    "chunk_size_feed_forward",
    "classifier_dropout",
    "cls_token_id",
    "decoder_start_token_id",
    "diversity_penalty",
    "do_sample",
    "dtype",
    "early_stopping",
    "encoder_no_repeat_ngram_size",
    "eos_token_id",
    "exponential_decay_length_penalty",
    "finetuning_task",
    "forced_bos_token_id",
    "forced_eos_token_id",
    "gradient_checkpointing",
    "forced_decoder_ids",
    "id2label",
    "initializer_factor",
    "initializer_range",
    "is_llama_config",
    "keys_to_ignore_at_inference",
    "label2id",
    "length_penalty",
    "mask_token_id",
    "max_length",
    "max_new_tokens",
    "min_length",
    "model_type",
    "name_or_path",
    "neftune_noise_alpha",
    "no_repeat_ngram_size",
    "num_beam_groups",
    "num_beams",
    "num_return_sequences",
    "output_attentions",
    "output_hidden_states",
    "output_past",
    "output_scores",
    "pad_token_id",
    "prefix",
    "problem_type",
    "remove_invalid_values",
    "repetition_penalty",
    "return_dict",
    "return_dict_in_generate",
    "sep_token_id",
    "suppress_tokens",
    "task_specific_params",
    "temperature",
    "tf_legacy_loss",
    "tokenizer_class",
    "top_k",
    "top_p",
    "torch_dtype",
    "torchscript",
    "transformers.js_config",
    "transformers_version",
    "typical_p",
    "unk_token_id",
    "use_bfloat16",
    "use_cache",
};
// The prefix of fields that a training program adds.
constexpr const char* kIgnoredPrefix = "unsloth_";

// Fields that are supported only with the value that has no effect.
const std::pair<const char*, Json> kNeutral[] = {
    {"add_cross_attention", false},   {"is_decoder", false},     {"is_encoder_decoder", false},
    {"pruned_heads", Json::object()}, {"qk_layer_norms", false}, {"rope_interleaved", false},
    {"tie_encoder_decoder", false},   {"use_mrope", false},
};

constexpr int64_t kMost = int64_t{1} << 31;  // so that the product of two sizes fits

}  // namespace

bool read_head(const Folder& folder, const Fields& fields, const std::string& with_head,
               const std::string& base) {
  const std::string& name = folder.architecture;
  if (!name.empty() && name != with_head && name != base)
    fields.fail("architectures", fmt::format("{} and {} are supported", with_head, base));
  return name != base;
}

int64_t read_classes(const Folder& folder, Fields& fields, const char* head) {
  constexpr int64_t kDefault = 2;
  const char* field = fields.has("id2label") ? "id2label" : "num_labels";
  const int64_t classes =
      fields.has("id2label") ? fields.entries(field) : fields.count(field, kDefault);
  for (const auto& [name, weight] : folder.weights)
    if (name == head && (weight.dim() != 2 || weight.size(0) != classes))
      fields.fail(field,
                  fmt::format("{} is {} in {}", head, weight.shape().str(), folder.weights_file));
  return classes;
}

void write_classes(int64_t classes, Json& config) {
  for (int64_t i = 0; i < classes; ++i)
    config["id2label"][std::to_string(i)] = "LABEL_" + std::to_string(i);
}

bool is_ignored_field(const std::string& name) {
  return name.starts_with(kIgnoredPrefix) ||
         std::find(std::begin(kIgnored), std::end(kIgnored), name) != std::end(kIgnored);
}

std::string config_path(const std::string& folder) { return folder + "/config.json"; }

Fields::Fields(Json json, std::string file, std::vector<std::string> ignored)
    : json_(std::move(json)), file_(std::move(file)), ignored_(std::move(ignored)) {
  if (!json_.is_object()) throw FormatError(fmt::format("{}: it is not a JSON object", file_));
  for (const std::string& name : ignored_) json_.erase(name);
}

Fields::Fields(const Folder& folder)
    : Fields(parse_json(folder.config, config_path(folder.path)), config_path(folder.path),
             folder.ignored_fields) {
  weights_file_ = folder.weights_file;
  weights_ = std::ssize(folder.weights);
  for (const auto& [name, weight] : folder.weights) largest_ = std::max(largest_, weight.numel());
}

bool Fields::has(const char* name) const {
  const Json* value = json_.find(name);
  return value != nullptr && !value->is_null();
}

const Json* Fields::find(const char* name, bool must) {
  known_.insert(name);
  if (has(name)) return json_.find(name);
  if (must) throw FormatError(fmt::format("{}: there is no field '{}'", file_, name));
  return nullptr;
}

void Fields::fail(const char* name, const std::string& why) const {
  const Json* there = json_.find(name);
  std::string value = there != nullptr ? there->dump({.sort_keys = true}) : "null";
  constexpr size_t kShown = 60;
  if (value.size() > kShown) value = value.substr(0, kShown) + "…";
  throw FormatError(fmt::format("{}: '{}' is {}; {}", file_, name, value, why));
}

void Fields::other_type(const char* name, const char* wanted) const {
  fail(name, fmt::format("it must be {}", wanted));
}

int64_t Fields::integer(const char* name, int64_t least, std::optional<int64_t> otherwise) {
  const Json* value = find(name, !otherwise);
  if (value == nullptr) return *otherwise;
  if (!value->is_int64() || value->as_int64() < least || value->as_int64() > kMost)
    other_type(name, fmt::format("an integer from {} to 2^31", least).c_str());
  return value->as_int64();
}

int64_t Fields::count(const char* name, std::optional<int64_t> otherwise) {
  return integer(name, 1, otherwise);
}

int64_t Fields::index(const char* name, std::optional<int64_t> otherwise) {
  return integer(name, 0, otherwise);
}

void Fields::check_size(const char* name, int64_t size) const {
  if (!weights_file_.empty() && size > largest_)
    fail(name,
         fmt::format("the largest weight of {} has only {} elements", weights_file_, largest_));
}

int64_t Fields::size(const char* name, std::optional<int64_t> otherwise) {
  const int64_t size = integer(name, 1, otherwise);
  check_size(name, size);
  return size;
}

int64_t Fields::layers(const char* name, std::optional<int64_t> otherwise) {
  const int64_t layers = integer(name, 1, otherwise);
  if (!weights_file_.empty() && layers > weights_)
    fail(name, fmt::format("{} has only {} weights", weights_file_, weights_));
  return layers;
}

double Fields::number(const char* name, std::optional<double> otherwise) {
  const Json* value = find(name, !otherwise);
  if (value == nullptr) return *otherwise;
  if (!value->is_number() || !std::isfinite(value->as_double())) other_type(name, "a number");
  return value->as_double();
}

bool Fields::flag(const char* name, std::optional<bool> otherwise) {
  const Json* value = find(name, !otherwise);
  if (value == nullptr) return *otherwise;
  if (!value->is_bool()) other_type(name, "true or false");
  return value->as_bool();
}

std::string Fields::word(const char* name, std::optional<std::string> otherwise) {
  const Json* value = find(name, !otherwise);
  if (value == nullptr) return *otherwise;
  if (!value->is_string()) other_type(name, "a string");
  return value->as_string();
}

std::array<int64_t, 2> Fields::sizes(const char* name) {
  const Json* value = find(name, true);
  if (!value->is_array()) {
    const int64_t size = count(name);
    return {size, size};
  }
  const auto is_size = [](const Json& size) {
    return size.is_int64() && size.as_int64() >= 1 && size.as_int64() <= kMost;
  };
  if (value->size() != 2 || !is_size((*value)[0]) || !is_size((*value)[1]))
    other_type(name, "a size from 1 to 2^31, or a list of two");
  return {(*value)[0].as_int64(), (*value)[1].as_int64()};
}

int64_t Fields::entries(const char* name) {
  const Json* value = find(name, true);
  if (!value->is_object()) other_type(name, "an object");
  return static_cast<int64_t>(value->size());
}

Fields Fields::within(const char* name) {
  const Json* value = find(name, true);
  if (!value->is_object()) other_type(name, "an object");
  return {*value, fmt::format("{}: {}", file_, name), ignored_};
}

void Fields::check_value(const char* name, const Json& there, const Json& value) const {
  if (there != value) fail(name, fmt::format("only {} is supported", value.dump()));
}

void Fields::only(const char* name, const Json& value) {
  if (const Json* there = find(name, false)) check_value(name, *there, value);
}

void Fields::only_each(const char* name, const Json& value, int64_t count) {
  const Json* there = find(name, false);
  if (there == nullptr) return;
  const bool fits =
      there->is_array() && std::ssize(*there) == count &&
      std::ranges::all_of(there->as_array(), [&](const Json& each) { return each == value; });
  if (!fits)
    fail(name, fmt::format("only {} for each of {} layers is supported", value.dump(), count));
}

void Fields::ignore(std::initializer_list<const char*> names) {
  known_.insert(names.begin(), names.end());
}

void Fields::finish() const {
  std::vector<std::string> unknown;
  for (const Json::Member* member : json_.sorted_members()) {
    const auto& [name, value] = *member;
    if (value.is_null() || known_.contains(name) || is_ignored_field(name)) continue;
    const auto neutral = std::find_if(std::begin(kNeutral), std::end(kNeutral),
                                      [&n = name](const auto& field) { return n == field.first; });
    if (neutral != std::end(kNeutral)) check_value(neutral->first, value, neutral->second);
    else unknown.push_back(fmt::format("'{}'", name));
  }
  if (!unknown.empty())
    throw FormatError(
        fmt::format("{}: {} {} unknown and may affect the model; add fields that do not to "
                    "Folder::ignored_fields",
                    file_, fmt::join(unknown, ", "), unknown.size() == 1 ? "is" : "are"));
}

}  // namespace tapehead::nn::hf
