#include "tapehead/nn/hf/detail/fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tapehead/core/error.h"
#include "tapehead/nn/hf/folder.h"

namespace tapehead::nn::hf {
namespace {

// Names, versions, labels, and what concerns generation, training or the program alone.
constexpr const char* kIgnored[] = {
    "_attn_implementation_autoset",
    "_commit_hash",
    "_name_or_path",
    "_num_labels",
    "architectures",
    "attn_implementation",
    "bad_words_ids",
    "begin_suppress_tokens",
    "bos_token_id",
    "chunk_size_feed_forward",
    "classifier_dropout",
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
    "id2label",
    "initializer_factor",
    "initializer_range",
    "keys_to_ignore_at_inference",
    "label2id",
    "length_penalty",
    "max_length",
    "min_length",
    "model_type",
    "name_or_path",
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
    "transformers_version",
    "typical_p",
    "use_bfloat16",
    "use_cache",
};

}  // namespace

bool read_head(const Folder& folder, const Fields& fields, const std::string& with_head,
               const std::string& base) {
  const std::string& name = folder.architecture;
  if (!name.empty() && name != with_head && name != base)
    fields.fail("architectures", fmt::format("{} and {} can be read", with_head, base));
  return name != base;
}

int64_t read_classes(Fields& fields) {
  constexpr int64_t kDefault = 2;
  return fields.has("id2label") ? fields.entries("id2label") : fields.count("num_labels", kDefault);
}

void write_classes(int64_t classes, Json& config) {
  for (int64_t i = 0; i < classes; ++i)
    config["id2label"][std::to_string(i)] = "LABEL_" + std::to_string(i);
}

bool is_ignored_field(const std::string& name) {
  return std::find(std::begin(kIgnored), std::end(kIgnored), name) != std::end(kIgnored);
}

std::string config_path(const std::string& folder) { return folder + "/config.json"; }

Fields::Fields(const Folder& folder)
    : Fields(parse_json(folder.config, config_path(folder.path)), config_path(folder.path)) {
  if (!json_.is_object()) throw FormatError(fmt::format("{}: it is not a JSON object", file_));
}

bool Fields::has(const char* name) const {
  const auto it = json_.find(name);
  return it != json_.end() && !it->is_null();
}

const Json* Fields::find(const char* name, bool must) {
  known_.insert(name);
  if (has(name)) return &*json_.find(name);
  if (must) throw FormatError(fmt::format("{}: there is no field '{}'", file_, name));
  return nullptr;
}

void Fields::fail(const char* name, const std::string& why) const {
  std::string value = json_.contains(name) ? json_.find(name)->dump() : "null";
  constexpr size_t kShown = 60;
  if (value.size() > kShown) value = value.substr(0, kShown) + "…";
  throw FormatError(fmt::format("{}: '{}' is {}; {}", file_, name, value, why));
}

void Fields::other_type(const char* name, const char* wanted) const {
  fail(name, fmt::format("it must be {}", wanted));
}

int64_t Fields::integer(const char* name, int64_t least, std::optional<int64_t> otherwise) {
  constexpr int64_t kMost = int64_t{1} << 31;  // products of two fit
  const Json* value = find(name, !otherwise);
  if (value == nullptr) return *otherwise;
  if (!value->is_number_integer() || *value < least || *value > kMost)
    other_type(name, fmt::format("an integer from {} to 2^31", least).c_str());
  return value->get<int64_t>();
}

int64_t Fields::count(const char* name, std::optional<int64_t> otherwise) {
  return integer(name, 1, otherwise);
}

int64_t Fields::index(const char* name, std::optional<int64_t> otherwise) {
  return integer(name, 0, otherwise);
}

double Fields::number(const char* name, std::optional<double> otherwise) {
  const Json* value = find(name, !otherwise);
  if (value == nullptr) return *otherwise;
  if (!value->is_number() || !std::isfinite(value->get<double>())) other_type(name, "a number");
  return value->get<double>();
}

bool Fields::flag(const char* name, std::optional<bool> otherwise) {
  const Json* value = find(name, !otherwise);
  if (value == nullptr) return *otherwise;
  if (!value->is_boolean()) other_type(name, "true or false");
  return value->get<bool>();
}

std::string Fields::word(const char* name, std::optional<std::string> otherwise) {
  const Json* value = find(name, !otherwise);
  if (value == nullptr) return *otherwise;
  if (!value->is_string()) other_type(name, "a string");
  return value->get<std::string>();
}

std::array<int64_t, 2> Fields::sizes(const char* name) {
  const Json* value = find(name, true);
  if (!value->is_array()) {
    const int64_t size = count(name);
    return {size, size};
  }
  if (value->size() != 2 || !(*value)[0].is_number_integer() || !(*value)[1].is_number_integer())
    other_type(name, "a size or a list of two");
  return {(*value)[0].get<int64_t>(), (*value)[1].get<int64_t>()};
}

int64_t Fields::entries(const char* name) {
  const Json* value = find(name, true);
  if (!value->is_object()) other_type(name, "an object");
  return static_cast<int64_t>(value->size());
}

Fields Fields::within(const char* name) {
  const Json* value = find(name, true);
  if (!value->is_object()) other_type(name, "an object");
  return {*value, fmt::format("{}: {}", file_, name)};
}

void Fields::only(const char* name, const Json& value) {
  const Json* there = find(name, false);
  if (there != nullptr && *there != value)
    fail(name, fmt::format("only {} is supported", value.dump()));
}

void Fields::ignore(std::initializer_list<const char*> names) {
  known_.insert(names.begin(), names.end());
}

void Fields::finish() const {
  std::vector<std::string> unknown;
  for (const auto& [name, value] : json_.items()) {
    if (!value.is_null() && !known_.contains(name) && !is_ignored_field(name))
      unknown.push_back(fmt::format("'{}'", name));
  }
  if (!unknown.empty())
    throw FormatError(fmt::format("{}: {} {} unknown here and may change what the model computes",
                                  file_, fmt::join(unknown, ", "),
                                  unknown.size() == 1 ? "is" : "are"));
}

}  // namespace tapehead::nn::hf
