// Runs a Hugging Face model on the arrays of a .npz file:
//
//   hf_logits DIR INPUT.npz OUTPUT.npz
//
// The input holds the model's inputs: input_ids, attention_mask, token_type_ids, decoder_input_ids,
// decoder_attention_mask or pixel_values. The output holds `logits`, or `last_hidden_state` if the
// model has no head. --save DIR2 also saves the model to another folder. --ignore-field NAME
// ignores an unknown field of config.json.
#include <fmt/core.h>
#include <fmt/ranges.h>
#include <tapehead/tapehead.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <type_traits>
#include <variant>

using namespace tapehead;

namespace {

struct Arguments {
  std::string folder, input, output, save;
  std::vector<std::string> ignored_fields;
};

// The input arrays of a model.
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

const char* output_name(bool head) { return head ? "logits" : "last_hidden_state"; }

NamedTensor run(const nn::Gpt& gpt, const std::string& input) {
  const Input in(input, {"input_ids"}, {"attention_mask"});
  return {output_name(gpt.config().head), gpt(in.ids("input_ids"), in.attention("attention_mask"))};
}

NamedTensor run(const nn::T5& t5, const std::string& input) {
  const Input in(input, {"input_ids", "decoder_input_ids"},
                 {"attention_mask", "decoder_attention_mask"});
  return {output_name(t5.config().head),
          t5(in.ids("input_ids"), in.ids("decoder_input_ids"), in.attention("attention_mask"),
             in.attention("decoder_attention_mask"))};
}

// BERT with or without a head.
template <class AnyBert>
NamedTensor run(const AnyBert& bert, const std::string& input) {
  const Input in(input, {"input_ids"}, {"attention_mask", "token_type_ids"});
  const nn::BertInput more{
      .token_types = in.has("token_type_ids") ? in.ids("token_type_ids") : Tensor(),
      .attention = in.attention("attention_mask")};
  return {output_name(!std::is_same_v<AnyBert, nn::Bert>), bert(in.ids("input_ids"), more)};
}

NamedTensor run(const nn::Vit& vit, const std::string& input) {
  const Input in(input, {"pixel_values"}, {});
  const Tensor pixels = in.pixels("pixel_values");
  const bool head = vit.config().num_classes > 0;
  return {output_name(head), head ? vit(pixels) : vit.encode(pixels).out};
}

void run(const Arguments& arguments) {
  const NoGradGuard off;
  const nn::hf::Folder folder = nn::hf::read_folder(arguments.folder, arguments.ignored_fields);
  const nn::hf::Model model = nn::hf::load(folder);
  if (!arguments.save.empty()) nn::hf::save(arguments.save, model, {.from = &folder});
  const NamedTensor out =
      std::visit([&](const auto& any) { return run(any, arguments.input); }, model.any);
  write_npz(arguments.output, std::span(&out, 1));
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Runs a model of Hugging Face on the arrays of a .npz file.", "hf_logits");
  Arguments arguments;
  app.add_option("DIR", arguments.folder, "a folder with config.json and weights")->required();
  app.add_option("INPUT", arguments.input, "a .npz file of what the model takes")->required();
  app.add_option("OUTPUT", arguments.output, "a .npz file to write")->required();
  app.add_option("--save", arguments.save, "a folder to write the model into, too");
  app.add_option("--ignore-field", arguments.ignored_fields,
                 "a field of config.json that does not change what the model computes")
      ->expected(1);
  CLI11_PARSE(app, argc, argv);
  try {
    run(arguments);
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "hf_logits: {}\n", error.what());
    return 1;
  }
}
