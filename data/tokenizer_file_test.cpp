// Files of tokenizers as they come: broken ones, and folders of several kinds.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tapehead/core/error.h"
#include "tapehead/data/detail/json.h"
#include "tapehead/data/detail/splitmix.h"
#include "tapehead/data/tokenizer.h"
#include "tapehead/tests/real_data.h"
#include "tapehead/tests/scratch.h"

namespace tapehead::tokenizer_file_test {

using namespace data;
using test::message_of;
using test::Scratch;

namespace {

using Ids = std::vector<int64_t>;

const Json kGood = parse_json(R"({
  "added_tokens": [{"id": 4, "content": "<x>", "special": true}],
  "normalizer": {"type": "Lowercase"},
  "pre_tokenizer": {"type": "WhitespaceSplit"},
  "post_processor": {"type": "BertProcessing", "cls": ["<x>", 4], "sep": ["b", 1]},
  "decoder": {"type": "Fuse"},
  "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2, "abb": 3}, "merges": ["a b", ["ab", "b"]]}
})",
                              "kGood");

/// The error of kGood with the value at a JSON pointer replaced, or appended to an array.
std::string with(const std::string& pointer, const char* value) {
  Json json = kGood;
  Json* at = &json;
  for (size_t i = 0; i < pointer.size();) {
    const size_t end = std::min(pointer.find('/', i + 1), pointer.size());
    const std::string key = pointer.substr(i + 1, end - i - 1);
    if (at->is_array() && std::stoul(key) == at->size()) at->push_back({});
    at = at->is_array() ? &(*at)[std::stoul(key)] : &(*at)[key];
    i = end;
  }
  *at = parse_json(value, "value");
  return message_of<FormatError>([&] { Tokenizer::from_json(json.dump(), "t.json"); });
}

std::string load_error(const Scratch& folder) {
  std::string text;
  try {
    Tokenizer::load(folder.path());
  } catch (const Error& error) {
    text = error.what();
  }
  const size_t at = text.find(folder.path() + "/");
  return at == std::string::npos ? text : text.erase(at, folder.path().size() + 1);
}

}  // namespace

TEST_CASE("tokenizer.json is read, with both encodings of merges") {
  const Tokenizer tokenizer = Tokenizer::from_json(kGood.dump(), "t.json");
  CHECK(tokenizer.encode("ABB <x>ab") == Ids{4, 3, 4, 2, 1});
  CHECK(tokenizer.decode(Ids{3, 4, 2}) == "abb<x>ab");
  // Without a decoder there are spaces; without types in old files, what a model holds tells.
  Json json = kGood;
  json["decoder"] = nullptr;
  json["model"].erase("type");
  CHECK(Tokenizer::from_json(json.dump(), "t").decode(Ids{3, 2}) == "abb ab");
}

TEST_CASE("what is wrong in tokenizer.json is named with its place") {
  struct Row {
    const char *pointer, *value, *expected;
  };
  const std::string too_long = '"' + std::string(1001, 'x') + '"';
  const Row rows[] = {
      {"/model", "[]", "model: must be an object"},
      {"/model/type", R"("Unigram")",
       "model.type: the model 'Unigram' is not supported; BPE, WordPiece and WordLevel are"},
      {"/model/dropout", "0.1",
       "model.dropout: encoding at random is not supported; set it to null"},
      {"/model/vocab", "[1]", "model.vocab: must be an object of tokens and their ids"},
      {"/model/vocab/b", "0", "model.vocab: 'a' and 'b' have the same id, 0"},
      {"/model/vocab/b", "-1", "model.vocab.b: must be a whole number within 0..10000000"},
      {"/model/vocab/b", "4000000000", "model.vocab.b: must be a whole number within 0..10000000"},
      {"/model/vocab/b", "1.5", "model.vocab.b: must be a whole number within 0..10000000"},
      {"/model/merges/0", R"("ab")",
       "model.merges[0]: 'ab' is not two tokens with a space between"},
      {"/model/merges/0", R"("a b b")",
       "model.merges[0]: 'a b b' is not two tokens with a space between"},
      {"/model/merges/0", R"(["a"])", "model.merges[0]: a merge is of two tokens"},
      {"/model/merges/0", "7", "model.merges[0]: must be a string"},
      {"/model/merges/0", R"("a c")",
       "model.merges[0]: the vocabulary has no 'c', which is merged here"},
      {"/model/merges/0", R"("b b")",
       "model.merges[0]: the vocabulary has no 'bb', which this merge produces"},
      {"/model/continuing_subword_prefix", R"("##")",
       "model.merges[0]: 'b' is shorter than the prefix '##'"},
      {"/model", R"({"type": "WordPiece", "vocab": {"a": 0}})",
       "model.vocab: the unknown token, '[UNK]', is missing"},
      {"/model", R"({"type": "WordLevel", "vocab": {"a": 0}})",
       "model.vocab: the unknown token, '<unk>', is missing"},
      {"/added_tokens/0/content", R"("")", "added_tokens[0]: the content is empty"},
      {"/added_tokens/0/content", too_long.c_str(),
       "added_tokens[0]: a content of 1001 bytes; at most 1000 are supported"},
      {"/added_tokens/0/id", "1", "added_tokens[0]: '<x>' has the id of 'b', 1"},
      {"/added_tokens/0/content", R"("b")",
       "added_tokens[0]: 'b' has id 4 here and 1 in the vocabulary"},
      {"/added_tokens/1", R"({"id": 5, "content": "<x>"})",
       "added_tokens[1]: '<x>' is added twice"},
      {"/added_tokens/1", R"({"id": 4, "content": "y"})",
       "added_tokens[1]: 'y' has the id of '<x>', 4"},
      {"/added_tokens", "7", "added_tokens: must be an array"},
      {"/post_processor/cls/1", "9", "post_processor: id 9 is outside the vocabulary, 0..4"},
      {"/normalizer", "3", "normalizer: must be an object"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.pointer);
    CAPTURE(row.value);
    CHECK(with(row.pointer, row.value) == "t.json: " + std::string(row.expected));
  }
}

TEST_CASE("a rule that doubles a letter 28 times is stopped when a text is encoded") {
  const auto doubling = [](int times) {
    Json rules;
    for (int i = 0; i < times; ++i)
      rules.push_back({{"type", "Replace"}, {"pattern", {{"String", "a"}}}, {"content", "aa"}});
    Json json = kGood;
    json["normalizer"] = {{"type", "Sequence"}, {"normalizers", rules}};
    return Tokenizer::from_json(json.dump(), "t.json");
  };
  const Tokenizer tokenizer = doubling(28);
  const std::string stopped =
      "t.json: normalizer.normalizers[12]: it makes the text longer than 4352 bytes; 64 times its "
      "length and 4096 bytes more are the limit";
  CHECK(message_of<FormatError>([&] { tokenizer.encode("b ab"); }) == stopped);
  // The parts between added tokens share the limit.
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "<x>a";
  CHECK_THROWS_AS(doubling(10).encode(many), FormatError);
}

TEST_CASE("words far longer than any token are cut in linear time") {
  const Tokenizer tokenizer = Tokenizer::from_json(
      R"({"model": {"type": "WordPiece", "max_input_chars_per_word": 1000000,
          "vocab": {"[UNK]": 0, "a": 1, "##a": 2, "##aaa": 3}}})",
      "t");
  CHECK(tokenizer.encode(std::string(300'000, 'a')).size() == 1 + 99'999 + 2);
}

TEST_CASE("JSON is read with limits") {
  const auto error = [](const std::string& text) {
    return message_of<FormatError>([&] { Tokenizer::from_json(text, "t"); });
  };
  CHECK(error("") == "t: not JSON at byte 1");
  CHECK(error("{}") == "t: field 'model' is missing");
  CHECK(error("[]") == "t: must be an object");
  CHECK(error(std::string(100'000, '[')) == "t: nested more than 64 levels deep");
  CHECK(error(R"({"a": {"b": 1, "c": 2, "b": 3}})") == "t: 'b' is repeated in one object");
  CHECK(error("{\"a\": \"\xFF\"}").starts_with("t: not JSON at byte "));
  const std::string good = kGood.dump();
  for (size_t size = 0; size < good.size(); size += 3) {
    CAPTURE(size);
    CHECK(error(good.substr(0, size)).starts_with("t: not JSON at byte "));
  }
}

TEST_CASE("a damaged tokenizer.json gives a tokenizer or an error, never worse") {
  const std::string good = kGood.dump();
  SplitMix random(5);
  int refused = 0;
  for (int i = 0; i < 200; ++i) {
    std::string text = good;
    for (int64_t n = random.below(3); n >= 0; --n) {
      const auto at = static_cast<size_t>(random.below(static_cast<int64_t>(text.size())));
      const char with[] = {
          '0', '9', '"', '[', '}', ',', 'a', ' ', static_cast<char>(random.next())};
      text[at] = with[static_cast<size_t>(random.below(9))];
    }
    try {
      const Tokenizer tokenizer = Tokenizer::from_json(text, "t");
      for (const int64_t id : tokenizer.encode("ab <x> abb")) tokenizer.token(id);
    } catch (const Error&) {
      ++refused;
    }
  }
  CHECK(refused > 40);
  CHECK(refused < 200);
}

TEST_CASE("folders with vocab.json and merges.txt") {
  const Scratch folder;
  folder.write("vocab.json", R"({"a": 0, "b": 1, "ab": 2, "Ġ": 3, "<|endoftext|>": 4, "<m>": 5})");
  folder.write("merges.txt", "#version: 0.2\na b\n");
  Tokenizer tokenizer = Tokenizer::load(folder.path());
  CHECK(tokenizer.encode("ab ab<|endoftext|>") == Ids{2, 3, 2, 4});
  CHECK(tokenizer.is_special(4));

  // Special tokens that the folder names replace the one that is guessed.
  folder.write("special_tokens_map.json",
               R"({"mask_token": {"content": "<m>", "lstrip": true}, "eos_token": "gone"})");
  folder.write("added_tokens.json", R"({"<n>": 6})");
  tokenizer = Tokenizer::load(folder.path());
  CHECK(tokenizer.encode("a  <m>b<n>") == Ids{0, 5, 1, 6});
  CHECK(tokenizer.size() == 7);
  CHECK_FALSE(tokenizer.is_special(6));
  folder.write("tokenizer_config.json",
               R"({"add_prefix_space": true, "added_tokens_decoder": {"5": {"content": "<m>"}}})");
  CHECK(Tokenizer::load(folder.path()).encode("a <m>b") == Ids{3, 0, 3, 5, 3, 1});
  folder.write("tokenizer_config.json", R"({"added_tokens_decoder": {"x": {"content": "<m>"}}})");
  CHECK(load_error(folder) == "tokenizer_config.json: added_tokens_decoder: 'x' is not an id");
  folder.write("tokenizer_config.json", R"({"tokenizer_class": "RobertaTokenizer"})");
  CHECK(load_error(folder) == "tokenizer_config.json: a RoBERTa vocabulary must have <s> and </s>");
  folder.write("tokenizer_config.json", "7");
  CHECK(load_error(folder) == "tokenizer_config.json: must be an object");
  folder.write("tokenizer_config.json", R"({"tokenizer_class": "RobertaTokenizer"})");
  folder.write("vocab.json", R"({"a": 0, "<s>": 1, "</s>": 2})");
  folder.write("merges.txt", "#version: 0.2\n");
  folder.write("special_tokens_map.json", "{}");
  CHECK(Tokenizer::load(folder.path()).encode("a") == Ids{1, 0, 2});
}

TEST_CASE("broken merges are named with their line") {
  const Scratch folder;
  folder.write("vocab.json", R"({"a": 0, "b": 1, "ab": 2})");
  struct Row {
    const char *merges, *expected;
  };
  const Row rows[] = {
      {"#version: 0.2\na b\na\n", "merges.txt:3: 'a' is not two tokens with a space between"},
      {"a b\n\na b\n", "merges.txt:2: '' is not two tokens with a space between"},
      {"a  b\n", "merges.txt:1: 'a  b' is not two tokens with a space between"},
      {"a b \n", "merges.txt:1: 'a b ' is not two tokens with a space between"},
      {"a b\nb c\n", "merges.txt:2: the vocabulary has no 'c', which is merged here"},
      {"a b\nb a\n", "merges.txt:2: the vocabulary has no 'ba', which this merge produces"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.merges);
    folder.write("merges.txt", row.merges);
    CHECK(load_error(folder) == row.expected);
  }
  folder.write("merges.txt", "a b\n\xFF\n");
  CHECK(load_error(folder).starts_with("merges.txt"));
  folder.write("vocab.json", R"({"a": 0, "a": 1})");
  CHECK(load_error(folder) == "vocab.json: 'a' is repeated in one object");
}

TEST_CASE("damaged merges.txt and vocab.txt give a tokenizer or an error, never worse") {
  const Scratch merges, words;
  merges.write("vocab.json", R"({"a": 0, "b": 1, "ab": 2, "abb": 3})");
  SplitMix random(6);
  int refused = 0;
  for (int i = 0; i < 30; ++i) {
    std::string lines = "#version: 0.2\na b\nab b\n", tokens = "[UNK]\na\n##b\nc\n";
    for (std::string* text : {&lines, &tokens}) {
      const auto at = static_cast<size_t>(random.below(static_cast<int64_t>(text->size())));
      const char with[] = {' ', '\n', 'a', '\r', '\0', static_cast<char>(random.next())};
      (*text)[at] = with[static_cast<size_t>(random.below(6))];
      if (random.below(4) == 0) text->resize(at);
    }
    merges.write("merges.txt", lines);
    words.write("vocab.txt", tokens);
    for (const Scratch* folder : {&merges, &words}) {
      try {
        Tokenizer::load(folder->path()).encode("ab abb c");
      } catch (const Error&) {
        ++refused;
      }
    }
  }
  CHECK(refused > 5);
  CHECK(refused < 55);
}

TEST_CASE("folders with vocab.txt") {
  const Scratch folder;
  folder.write("vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\na\nA\n##b\né\n");
  CHECK(Tokenizer::load(folder.path()).encode("A áb [SEP] é z") == Ids{2, 4, 4, 6, 3, 1, 1, 3});
  folder.write("tokenizer_config.json", R"({"do_lower_case": false, "strip_accents": false})");
  CHECK(Tokenizer::load(folder.path()).encode("A é") == Ids{2, 5, 7, 3});
  folder.write("vocab.txt", "[UNK]\na\nb\na\n");
  CHECK(load_error(folder) == "vocab.txt:4: 'a' is already in line 2");
  folder.write("vocab.txt", "a\n");
  CHECK(load_error(folder) == "vocab.txt: the unknown token, '[UNK]', is missing");
}

TEST_CASE("what a tokenizer cannot do is said when it is asked for") {
  const Scratch folder;
  Json json = kGood;
  json["model"]["vocab"]["a b"] = 9;
  json["model"]["vocab"]["c"] = 6;
  json["model"]["vocab"]["a bc"] = 7;
  json["model"]["merges"].push_back(Json::array({"a b", "c"}));
  const Tokenizer gaps = Tokenizer::from_json(json.dump(), "t");
  CHECK(gaps.size() == 10);
  CHECK(message_of<IndexError>([&] { gaps.decode(Ids{5}); }) == "Tokenizer: no token has id 5");
  CHECK(message_of<FormatError>([&] { gaps.save_vocabulary(folder.path()); }) ==
        "Tokenizer: the merge of 'a b' and 'c' cannot be written to merges.txt; save "
        "tokenizer.json instead");
  json["model"] = {{"type", "WordPiece"}, {"vocab", {{"[UNK]", 0}, {"a", 2}}}};
  json["post_processor"] = nullptr;
  const Tokenizer words = Tokenizer::from_json(json.dump(), "t");
  CHECK(message_of<FormatError>([&] { words.save_vocabulary(folder.path()); }) ==
        "Tokenizer: id 1 cannot be written to vocab.txt; save tokenizer.json instead");
  CHECK(folder.count() == 0);
  json = kGood;
  json["model"]["unk_token"] = "?";
  CHECK(message_of<FormatError>([&] { Tokenizer::from_json(json.dump(), "t").encode("z"); }) ==
        "Tokenizer: the unknown token '?' is not in the vocabulary");
}

TEST_CASE("a folder without a tokenizer says what it should hold") {
  const Scratch folder;
  CHECK(message_of<IoError>([&] { Tokenizer::load(folder.path()); }) ==
        folder.path() +
            ": no tokenizer found; expected tokenizer.json, vocab.json and merges.txt, or "
            "vocab.txt");
  CHECK(message_of<IoError>([&] { Tokenizer::load(folder / "gone"); }).find("no such file") !=
        std::string::npos);
  const std::string too_long = folder / std::string(300, 'x');
  CHECK(message_of<IoError>([&] { Tokenizer::load(too_long); }).starts_with(too_long + ": "));
}

TEST_CASE("GPT-2's published files") {
  const std::string folder = test::real_data("gpt2-bpe");
  if (folder.empty()) {
    MESSAGE("skipped: gpt2-bpe is not there");
    return;
  }
  const Tokenizer tokenizer = Tokenizer::load(folder);
  CHECK(tokenizer.size() == 50257);
  const std::string text = "Hello world, it's 2024! naïve 日本<|endoftext|>";
  CHECK(tokenizer.encode(text) ==
        Ids{15496, 995, 11, 340, 338, 48609, 0, 41492, 10545, 245, 98, 17312, 105, 50256});
  CHECK(tokenizer.decode(tokenizer.encode(text)) == text);
}

}  // namespace tapehead::tokenizer_file_test
