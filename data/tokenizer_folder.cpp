// Reads tokenizer folders without tokenizer.json, and defines the names of their files.
#include <fmt/format.h>

#include <filesystem>
#include <unordered_set>

#include "tapehead/core/error.h"
#include "tapehead/core/parse_number.h"
#include "tapehead/data/detail/tokenizer_impl.h"
#include "tapehead/data/files.h"

namespace tapehead::data {
namespace tokenizing {

Json special_token(const std::string& content, int64_t id) {
  return {{"id", id},        {"content", content},  {"single_word", false}, {"lstrip", false},
          {"rstrip", false}, {"normalized", false}, {"special", true}};
}

Json gpt2_description(bool prefix_space) {
  const Json byte_level = {{"type", "ByteLevel"},
                           {"add_prefix_space", prefix_space},
                           {"trim_offsets", true},
                           {"use_regex", true}};
  return {{"version", "1.0"},
          {"truncation", nullptr},
          {"padding", nullptr},
          {"added_tokens", Json::array()},
          {"normalizer", nullptr},
          {"pre_tokenizer", byte_level},
          {"post_processor", byte_level},
          {"decoder", byte_level}};
}

Json bert_description(const TokenTable& tokens, const BertDescription& options) {
  Json added = Json::array();
  for (const char* name : {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}) {
    if (const int32_t id = tokens.find(name); id >= 0) added.push_back(special_token(name, id));
  }
  const int32_t cls = tokens.find("[CLS]"), sep = tokens.find("[SEP]");
  Json around = nullptr;
  if (cls >= 0 && sep >= 0) {
    around = {{"type", "BertProcessing"},
              {"sep", Json::array({"[SEP]", sep})},
              {"cls", Json::array({"[CLS]", cls})}};
  }
  const Json strip = options.strip_accents ? Json(*options.strip_accents) : Json(nullptr);
  return {{"version", "1.0"},
          {"truncation", nullptr},
          {"padding", nullptr},
          {"added_tokens", added},
          {"normalizer",
           {{"type", "BertNormalizer"},
            {"clean_text", options.clean},
            {"handle_chinese_chars", options.space_cjk},
            {"strip_accents", strip},
            {"lowercase", options.lower}}},
          {"pre_tokenizer", {{"type", "BertPreTokenizer"}}},
          {"post_processor", around},
          {"decoder", {{"type", "WordPiece"}, {"prefix", "##"}, {"cleanup", true}}}};
}

namespace {

/// Reads a JSON file of the folder; an empty object if it does not exist.
Json optional_json(const std::string& path) {
  if (!path_exists(path)) return Json::object();
  Json json = parse_json(read_text(path), path);
  if (!json.is_object()) throw FormatError(fmt::format("{}: must be an object", path));
  return json;
}

/// Collects the added tokens of a folder, each from the file with the most information about it.
class AddedList {
 public:
  AddedList(const std::string& folder, const TokenTable& tokens)
      : folder_(folder), tokens_(tokens) {}

  Json gather() {
    const std::string config = folder_ + "/tokenizer_config.json";
    const Json config_json = optional_json(config);
    if (const auto decoder = JsonView(config_json, config).find("added_tokens_decoder")) {
      for (const auto& [id, token] : decoder->fields()) {
        const auto number = parse_number<uint64_t>(id);
        if (!number || id.size() > 8) decoder->fail(fmt::format("'{}' is not an id", id));
        add_from(token, static_cast<int64_t>(*number));
      }
    }
    const std::string later = folder_ + "/added_tokens.json";
    const Json later_json = optional_json(later);
    for (const auto& [content, id] : JsonView(later_json, later).fields()) {
      Json token = special_token(content, id.number(kMostTokens));
      token["special"] = false;
      put(std::move(token));
    }
    const std::string map = folder_ + "/special_tokens_map.json";
    const Json map_json = optional_json(map);
    for (const auto& [role, value] : JsonView(map_json, map).fields()) {
      for (const JsonView& token : value.is_array() ? value.items() : std::vector{value}) {
        const std::string& content = token.is_text() ? token.text() : token.at("content").text();
        if (const int32_t id = tokens_.find(content); id >= 0) add_from(token, id);
      }
    }
    return std::move(list_);
  }

 private:
  void add_from(const JsonView& from, int64_t id) {
    Json token = special_token(from.is_text() ? from.text() : from.at("content").text(), id);
    if (!from.is_text()) {
      for (const char* flag : {"single_word", "lstrip", "rstrip", "normalized", "special"}) {
        token[flag] = from.boolean_or(flag, token[flag].as_bool());
      }
    }
    put(std::move(token));
  }

  void put(Json token) {
    if (contents_.insert(token["content"].as_string()).second) {
      list_.push_back(std::move(token));
    }
  }

  const std::string& folder_;
  const TokenTable& tokens_;
  Json list_ = Json::array();
  std::unordered_set<std::string> contents_;
};

std::unique_ptr<MergeModel> read_merges(const std::string& vocab, const std::string& merges) {
  const Json json = parse_json(read_text(vocab), vocab);
  auto model = std::make_unique<MergeModel>(TokenTable(JsonView(json, vocab)), MergeOptions{});
  const std::vector<std::string> lines = read_lines(merges);
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::string& line = lines[i];
    if (line.starts_with("#version")) continue;
    const size_t space = line.find(' ');
    std::string wrong;
    if (space == std::string::npos || space == 0 || space + 1 == line.size() ||
        line.find(' ', space + 1) != std::string::npos) {
      wrong = fmt::format("'{}' is not two tokens with a space between", line);
    } else {
      wrong = model->add_merge(std::string_view(line).substr(0, space),
                               std::string_view(line).substr(space + 1));
    }
    if (!wrong.empty()) throw FormatError(fmt::format("{}:{}: {}", merges, i + 1, wrong));
  }
  return model;
}

Tokenizer load_gpt2(const std::string& folder) {
  auto model = read_merges(folder + "/vocab.json", folder + "/merges.txt");
  const std::string name = folder + "/tokenizer_config.json";
  const Json config_json = optional_json(name);
  const JsonView config(config_json, name);
  Json description = gpt2_description(config.boolean_or("add_prefix_space", false));
  Json added = AddedList(folder, model->tokens()).gather();
  if (added.size() == 0 && model->tokens().find("<|endoftext|>") >= 0) {
    added.push_back(special_token("<|endoftext|>", model->tokens().find("<|endoftext|>")));
  }
  description["added_tokens"] = std::move(added);
  if (config.text_or("tokenizer_class", "").starts_with("Roberta")) {
    const int32_t cls = model->tokens().find("<s>"), sep = model->tokens().find("</s>");
    if (cls < 0 || sep < 0) config.fail("a RoBERTa vocabulary must have <s> and </s>");
    description["post_processor"] = {{"type", "RobertaProcessing"},
                                     {"sep", Json::array({"</s>", sep})},
                                     {"cls", Json::array({"<s>", cls})},
                                     {"trim_offsets", true},
                                     {"add_prefix_space", false}};
  }
  return Tokenizer::Impl::assemble(std::move(description), std::move(model), folder);
}

Tokenizer load_bert(const std::string& folder) {
  const std::string path = folder + "/vocab.txt", name = folder + "/tokenizer_config.json";
  TokenTable tokens;
  for (std::string& line : read_lines(path)) {
    const int64_t number = tokens.size() + 1;
    if (tokens.find(line) >= 0) {
      throw FormatError(fmt::format("{}:{}: '{}' is already in line {}", path, number, line,
                                    tokens.find(line) + 1));
    }
    tokens.add(std::move(line));
  }
  const Json config_json = optional_json(name);
  const JsonView config(config_json, name);
  WordPieceOptions options;
  options.unk_token = config.text_or("unk_token", options.unk_token);
  if (tokens.find(options.unk_token) < 0) {
    throw FormatError(
        fmt::format("{}: the unknown token, '{}', is missing", path, options.unk_token));
  }
  BertDescription bert;
  bert.lower = config.boolean_or("do_lower_case", true);
  bert.space_cjk = config.boolean_or("tokenize_chinese_chars", true);
  if (const auto strip = config.find("strip_accents")) bert.strip_accents = strip->boolean();
  Json description = bert_description(tokens, bert);
  Json added = AddedList(folder, tokens).gather();
  if (added.size() > 0) description["added_tokens"] = std::move(added);
  auto model = std::make_unique<WordPieceModel>(std::move(tokens), std::move(options));
  return Tokenizer::Impl::assemble(std::move(description), std::move(model), folder);
}

}  // namespace
}  // namespace tokenizing

Tokenizer Tokenizer::load(const std::string& path) {
  const auto has = [&](const char* name) { return path_exists(path + "/" + name); };
  std::error_code ignored;
  if (!std::filesystem::is_directory(path, ignored)) return from_json(read_text(path), path);
  if (has("tokenizer.json")) {
    return from_json(read_text(path + "/tokenizer.json"), path + "/tokenizer.json");
  }
  if (has("vocab.json") && has("merges.txt")) return tokenizing::load_gpt2(path);
  if (has("vocab.txt")) return tokenizing::load_bert(path);
  throw IoError(
      fmt::format("{}: no tokenizer found; expected tokenizer.json, vocab.json and "
                  "merges.txt, or vocab.txt",
                  path));
}

}  // namespace tapehead::data
