// Runs a model of Hugging Face on the arrays of a .npz file:
//
//   hf_logits DIR INPUT.npz OUTPUT.npz
//
// The input has what the model takes: input_ids, attention_mask, token_type_ids, decoder_input_ids,
// decoder_attention_mask, or pixel_values. The output has `logits`, or `last_hidden_state` where
// the model has no head. With --save DIR2 the model is written into another folder besides.
#include <fmt/core.h>
#include <fmt/ranges.h>
#include <tapehead/tapehead.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

using namespace tapehead;

namespace {

struct Arguments {
  std::string folder, input, output, save;
};

// The arrays that a model takes.
class Input {
 public:
  Input(const std::string& file, const std::vector<std::string>& required,
        const std::vector<std::string>& optional)
      : file_(file), arrays_(read_npz(file)) {
    std::vector<std::string> missing, unknown, takes = required;
    takes.insert(takes.end(), optional.begin(), optional.end());
    for (const std::string& name : required)
      if (!has(name)) missing.push_back(name);
    for (const auto& [name, array] : arrays_)
      if (std::find(takes.begin(), takes.end(), name) == takes.end()) unknown.push_back(name);
    if (!missing.empty() || !unknown.empty())
      throw FormatError(fmt::format(
          "{}: {}{}{}{}{}; this model takes {}", file, missing.empty() ? "" : "it lacks ",
          fmt::join(missing, ", "), missing.empty() || unknown.empty() ? "" : "; ",
          unknown.empty() ? "" : "it has ", fmt::join(unknown, ", "), fmt::join(takes, ", ")));
  }

  bool has(const std::string& name) const { return find(name).defined(); }
  /// As i64.
  Tensor ids(const std::string& name) const {
    const Tensor array = find(name);
    if (is_floating(array.dtype()))
      throw DTypeError(fmt::format("{}: {} is {} {}; it must hold integers", file_, name,
                                   array.shape(), array.dtype()));
    return array.to(i64);
  }
  /// As f32.
  Tensor pixels(const std::string& name) const { return find(name).to(f32); }
  /// [B, S], where 0 is padding, as a mask [B, 1, 1, S] of the keys.
  AttentionOptions attention(const std::string& name) const {
    if (!has(name)) return {};
    const Tensor array = find(name);
    if (array.dim() != 2)
      throw ShapeError(fmt::format("{}: {} is {} {}; expected [B, T], with 0 for padding", file_,
                                   name, array.shape(), array.dtype()));
    return {.mask = (array != 0).unsqueeze(1).unsqueeze(1)};
  }

 private:
  Tensor find(const std::string& name) const {
    for (const auto& [each, array] : arrays_)
      if (each == name) return array;
    return {};
  }
  std::string file_;
  std::vector<NamedTensor> arrays_;
};

// A model of the folder, with the head that it may have: loaded, and saved if asked.
template <class... Parts>
void load(const nn::hf::Folder& folder, const Arguments& arguments, const nn::Params& params,
          const Parts&... parts) {
  params.describe(folder.architecture);
  params.eval();
  nn::hf::load(folder, parts...);
  if (!arguments.save.empty())
    nn::hf::save(arguments.save, parts..., nn::hf::SaveOptions{.from = &folder});
}

const char* output_name(bool head) { return head ? "logits" : "last_hidden_state"; }

NamedTensor run_gpt(const nn::hf::Folder& folder, const Arguments& arguments) {
  const Input in(arguments.input, {"input_ids"}, {"attention_mask"});
  const nn::Params params(0);
  const nn::Gpt gpt(params / "gpt", nn::hf::gpt_config(folder));
  load(folder, arguments, params, gpt);
  return {output_name(gpt.config().head), gpt(in.ids("input_ids"), in.attention("attention_mask"))};
}

NamedTensor run_t5(const nn::hf::Folder& folder, const Arguments& arguments) {
  const Input in(arguments.input, {"input_ids", "decoder_input_ids"},
                 {"attention_mask", "decoder_attention_mask"});
  const nn::Params params(0);
  const nn::T5 t5(params / "t5", nn::hf::t5_config(folder));
  load(folder, arguments, params, t5);
  return {output_name(t5.config().head),
          t5(in.ids("input_ids"), in.ids("decoder_input_ids"), in.attention("attention_mask"),
             in.attention("decoder_attention_mask"))};
}

NamedTensor run_bert(const nn::hf::Folder& folder, const Arguments& arguments) {
  const Input in(arguments.input, {"input_ids"}, {"attention_mask", "token_type_ids"});
  const nn::Params params(0);
  const nn::Bert bert(params / "bert", nn::hf::bert_config(folder));
  const nn::BertInput input{
      .token_types = in.has("token_type_ids") ? in.ids("token_type_ids") : Tensor(),
      .attention = in.attention("attention_mask")};
  if (folder.architecture == "BertForMaskedLM") {
    const nn::MaskedLmHead head(params / "head", bert, nn::hf::bert_tied(folder));
    load(folder, arguments, params, bert, head);
    return {output_name(true), head(bert(in.ids("input_ids"), input))};
  }
  if (folder.architecture == "BertForSequenceClassification") {
    const nn::SequenceClassifier head(params / "head", bert, nn::hf::class_count(folder));
    load(folder, arguments, params, bert, head);
    return {output_name(true), head(bert.pooled(bert(in.ids("input_ids"), input)))};
  }
  load(folder, arguments, params, bert);
  return {output_name(false), bert(in.ids("input_ids"), input)};
}

NamedTensor run_vit(const nn::hf::Folder& folder, const Arguments& arguments) {
  const Input in(arguments.input, {"pixel_values"}, {});
  const nn::Params params(0);
  const nn::Vit vit(params / "vit", nn::hf::vit_config(folder));
  load(folder, arguments, params, vit);
  const Tensor pixels = in.pixels("pixel_values");
  const bool head = vit.config().num_classes > 0;
  return {output_name(head), head ? vit(pixels) : vit.encode(pixels).out};
}

constexpr std::pair<const char*, NamedTensor (*)(const nn::hf::Folder&, const Arguments&)>
    kModels[] = {{"bert", run_bert}, {"gpt2", run_gpt}, {"llama", run_gpt}, {"mistral", run_gpt},
                 {"qwen2", run_gpt}, {"t5", run_t5},    {"vit", run_vit}};

void run(const Arguments& arguments) {
  const NoGrad off;
  const nn::hf::Folder folder = nn::hf::read_folder(arguments.folder);
  for (const auto& [model_type, run_model] : kModels)
    if (folder.model_type == model_type) {
      const NamedTensor out = run_model(folder, arguments);
      return write_npz(arguments.output, std::span(&out, 1));
    }
  throw FormatError(fmt::format("{}/config.json: models of model_type '{}' are not supported",
                                arguments.folder, folder.model_type));
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Runs a model of Hugging Face on the arrays of a .npz file.", "hf_logits");
  Arguments arguments;
  app.add_option("DIR", arguments.folder, "a folder with config.json and weights")->required();
  app.add_option("INPUT", arguments.input, "a .npz file of what the model takes")->required();
  app.add_option("OUTPUT", arguments.output, "a .npz file to write")->required();
  app.add_option("--save", arguments.save, "a folder to write the model into, too");
  CLI11_PARSE(app, argc, argv);
  try {
    run(arguments);
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "hf_logits: {}\n", error.what());
    return 1;
  }
}
