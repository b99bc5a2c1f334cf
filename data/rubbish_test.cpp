// Every reader of files is fed valid files that were damaged: cut, with bytes changed, put in,
// taken out or doubled, and with numbers that are far too large. It answers or throws an Error, in
// little time and memory; under the sanitizers it touches nothing that is not its own.
#include <doctest/doctest.h>
#include <zlib.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>

#include "tapehead/core/creation.h"
#include "tapehead/core/error.h"
#include "tapehead/core/file.h"
#include "tapehead/core/formats/detail/json.h"
#include "tapehead/core/formats/npy.h"
#include "tapehead/data/audio.h"
#include "tapehead/data/babi.h"
#include "tapehead/data/bpe.h"
#include "tapehead/data/captions.h"
#include "tapehead/data/detail/splitmix.h"
#include "tapehead/data/idx.h"
#include "tapehead/data/labelled_text.h"
#include "tapehead/data/parallel_text.h"
#include "tapehead/data/read_image.h"
#include "tapehead/data/speech_corpus.h"
#include "tapehead/data/summaries.h"
#include "tapehead/data/tokenizer.h"
#include "tapehead/tests/oracles/image_cases.h"
#include "tapehead/tests/oracles/image_hex.h"
#include "tapehead/tests/scratch.h"

namespace tapehead {
namespace {

using data::SplitMix;
using test::Scratch;

constexpr int kMutations = 500;
#if defined(__SANITIZE_ADDRESS__)
constexpr int64_t kMostMemory = int64_t{1} << 30;  // released blocks are kept for a while
constexpr double kMostSeconds = 60;
#else
constexpr int64_t kMostMemory = int64_t{256} << 20;
constexpr double kMostSeconds = 20;
#endif

/// The most memory that this process ever held, in bytes.
int64_t peak_memory() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::stoll(line.substr(6)) * 1024;
  return 0;
}

std::string gzipped(const std::string& bytes) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, MAX_WBITS + 16, 9, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

/// Damages files, the same way in each run.
class Damage {
 public:
  explicit Damage(uint64_t seed) : random_(SplitMix::hash(seed)) {}

  std::string operator()(std::string bytes) {
    for (int64_t left = 1 + random_.below(3); left > 0 && !bytes.empty(); --left) once(bytes);
    return bytes;
  }

 private:
  size_t place(const std::string& bytes) {
    return static_cast<size_t>(random_.below(static_cast<int64_t>(bytes.size())));
  }

  void once(std::string& bytes) {
    const size_t at = place(bytes);
    const size_t count = std::min<size_t>(bytes.size() - at, 1 + place(bytes) % 16);
    switch (random_.below(7)) {
      case 0: bytes.resize(at); break;
      case 1: bytes[at] = static_cast<char>(bytes[at] ^ 1 << random_.below(8)); break;
      case 2: bytes[at] = "\0\xff\n\t \"\x80{"[random_.below(8)]; break;
      case 3: bytes.insert(at, bytes.substr(place(bytes), count)); break;
      case 4: bytes.erase(at, count); break;
      case 5: put_binary(bytes, at); break;
      default: put_digits(bytes, at);
    }
  }

  /// Over what may be a size of 4 or 8 bytes, in either order of bytes.
  void put_binary(std::string& bytes, size_t at) {
    constexpr uint64_t kNumbers[] = {UINT32_MAX, UINT32_MAX - 1, uint64_t{1} << 31,
                                     UINT64_MAX, INT64_MAX,      UINT64_C(1) << 62,
                                     0,          1 << 20};
    const uint64_t number = kNumbers[random_.below(std::ssize(kNumbers))];
    const size_t size = random_.below(2) == 0 ? 4 : 8;
    const bool swapped = random_.below(2) == 0;
    for (size_t i = 0; i < size && at + i < bytes.size(); ++i)
      bytes[at + i] = static_cast<char>(number >> 8 * (swapped ? size - 1 - i : i));
  }

  /// In place of the digits that come next.
  void put_digits(std::string& bytes, size_t at) {
    constexpr const char* kNumbers[] = {"18446744073709551616",
                                        "9223372036854775807",
                                        "4294967296",
                                        "-1",
                                        "1e999",
                                        "-0",
                                        "10000000",
                                        "NaN",
                                        "0.5",
                                        "00",
                                        "null",
                                        "[]"};
    const size_t begin = std::min(bytes.find_first_of("0123456789", at), bytes.size());
    const size_t end = std::min(bytes.find_first_not_of("0123456789", begin), bytes.size());
    bytes.replace(begin, end - begin, kNumbers[random_.below(std::ssize(kNumbers))]);
  }

  SplitMix random_;
};

/// A file in a folder, and what reads the folder.
struct Format {
  const char* name;
  std::string file, bytes;
  std::function<void(const Scratch&)> read;
};

void check(const Format& format, const Scratch& folder) {
  CAPTURE(format.name);
  CHECK_NOTHROW(format.read(folder));
  const int64_t before = peak_memory();
  const auto started = std::chrono::steady_clock::now();
  Damage damage(1);
  int refused = 0;
  for (int i = 0; i < kMutations; ++i) {
    CAPTURE(i);
    std::filesystem::remove(folder / format.file);  // a file that is cut is flushed to the disk
    folder.write(format.file, damage(format.bytes));
    try {
      format.read(folder);
    } catch (const Error&) {
      ++refused;
    } catch (const std::exception& error) {
      FAIL_CHECK(error.what());
    }
  }
  folder.write(format.file, format.bytes);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
  CHECK(took.count() < kMostSeconds);
  CHECK(peak_memory() - before < kMostMemory);
  CHECK(refused > 0);
}

void use(const data::Tokenizer& tokenizer) {
  const std::vector<int64_t> ids = tokenizer.encode("Low lower <x> \xc3\xa4 123");
  tokenizer.decode(ids);
  tokenizer.to_json();
}

constexpr const char* kBpeJson = R"({
  "added_tokens": [{"id": 9, "content": "<x>", "special": true, "lstrip": true}],
  "normalizer": {"type": "Sequence", "normalizers": [{"type": "NFKC"}, {"type": "Lowercase"},
    {"type": "Replace", "pattern": {"String": "0"}, "content": "10"}, {"type": "Prepend", "prepend": "l"}]},
  "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "Metaspace", "split": true},
    {"type": "Digits", "individual_digits": true}, {"type": "ByteLevel", "add_prefix_space": true}]},
  "post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<x>"}},
    {"Sequence": {"id": "A"}}], "special_tokens": {"<x>": {"ids": [9]}}},
  "decoder": {"type": "Sequence", "decoders": [{"type": "Strip", "content": "l", "start": 1, "stop": 1},
    {"type": "ByteFallback"}, {"type": "Fuse"}]},
  "model": {"type": "BPE", "unk_token": "w", "byte_fallback": true, "fuse_unk": true,
    "vocab": {"l": 0, "o": 1, "w": 2, "lo": 3, "low": 4, "e": 5, "r": 6, "er": 7},
    "merges": ["l o", ["lo", "w"], "e r"]}
})";

constexpr const char* kWordPieceJson = R"({
  "normalizer": {"type": "BertNormalizer", "strip_accents": true},
  "pre_tokenizer": {"type": "BertPreTokenizer"},
  "post_processor": {"type": "BertProcessing", "cls": ["[CLS]", 1], "sep": ["[SEP]", 2]},
  "decoder": {"type": "WordPiece", "prefix": "##"},
  "model": {"type": "WordPiece", "max_input_chars_per_word": 100,
    "vocab": {"[UNK]": 0, "[CLS]": 1, "[SEP]": 2, "low": 3, "##er": 4, "a": 5}}
})";

}  // namespace

TEST_CASE("damaged files: arrays") {
  const Scratch folder;
  const std::vector<NamedTensor> tensors{
      {"a", ones({2, 3})}, {"b", zeros({4}, boolean)}, {"c", zeros({0, 2}, i64)}};
  write_safetensors(folder / "safetensors", tensors,
                    std::vector<std::pair<std::string, std::string>>{{"format", "pt"}});
  write_npz(folder / "npz", tensors);
  write_npy(folder / "npy", arange(6).reshape({2, 3}));
  const std::string idx("\0\0\x0c\x02\0\0\0\x02\0\0\0\x01\0\0\0\1\0\0\0\2", 20);
  folder.write("idx", idx);
  folder.write("idx.gz", gzipped(idx));
  using In = const Scratch&;
  const Format formats[] = {
      {"safetensors", "safetensors", "", [](In in) { read_safetensors(in / "safetensors"); }},
      {"npz", "npz", "", [](In in) { read_npz(in / "npz"); }},
      {"npy", "npy", "", [](In in) { read_npy(in / "npy"); }},
      {"idx", "idx", "", [](In in) { data::read_idx(in / "idx"); }},
      {"gzip", "idx.gz", "", [](In in) { data::read_idx(in / "idx.gz"); }}};
  for (Format format : formats) {
    format.bytes = read_file(folder / format.file);
    check(format, folder);
  }
}

TEST_CASE("damaged files: images") {
  const Scratch folder;
  const auto read = [](const Scratch& in) {
    data::read_image(in / "image", {.max_pixels = 1 << 20});
  };
  for (const test::ImageCase& image : test::kImageCases) {
    const std::string bytes = test::bytes_of_hex(image.file);
    folder.write("image", bytes);
    check({image.name, "image", bytes, read}, folder);
  }
}

TEST_CASE("damaged files: captions") {
  const auto read = [](const Scratch& in) { data::Captions::open(in.path()); };
  const Scratch flickr, coco;
  const std::string tokens = "1.jpg#0\ta dog\n1.jpg#1\tthe dog\n2.jpg#0\ta cat\n";
  flickr.write("a.token.txt", tokens);
  for (const char* name : {"a.trainImages.txt", "a.devImages.txt", "a.testImages.txt"})
    flickr.write(name, "1.jpg\n2.jpg\n");
  const std::string json =
      R"({"images": [{"id": 1, "file_name": "1.jpg"}, {"id": 2, "file_name": "2.jpg"}],
          "annotations": [{"id": 10, "image_id": 1, "caption": "a dog"}, {"id": 11, "image_id": 2, "caption": "b"}]})";
  for (const char* name : {"images", "train"})
    std::filesystem::create_directory((name[0] == 'i' ? flickr : coco) / name);
  std::filesystem::create_directory(coco / "annotations");
  for (const char* name : {"1.jpg", "2.jpg"}) {
    flickr.write(std::string("images/") + name, "");
    coco.write(std::string("train/") + name, "");
  }
  coco.write("annotations/captions_train.json", json);
  check({"Flickr8k's captions", "a.token.txt", tokens, read}, flickr);
  check({"COCO's captions", "annotations/captions_train.json", json, read}, coco);
}

TEST_CASE("damaged files: tokenizers and vocabularies") {
  using In = const Scratch&;
  const auto load = [](In in) { use(data::Tokenizer::load(in.path())); };
  for (const char* json : {kBpeJson, kWordPieceJson}) {
    const Scratch folder;
    folder.write("tokenizer.json", json);
    check({"tokenizer.json", "tokenizer.json", json, load}, folder);
  }
  const std::vector<std::string> lines{"low lower lowest", "new newer newest"};
  const Scratch gpt2, bert, own;
  data::Tokenizer::train_bpe(lines, {.size = 270}).save_vocabulary(gpt2.path());
  gpt2.write("tokenizer_config.json", R"({"add_prefix_space": true, "added_tokens_decoder":
      {"0": {"content": "<|endoftext|>", "special": true}}})");
  for (const char* file : {"vocab.json", "merges.txt", "tokenizer_config.json"})
    check({file, file, read_file(gpt2 / file), load}, gpt2);
  data::Tokenizer::train_word_piece(lines, {.size = 60}).save_vocabulary(bert.path());
  check({"vocab.txt", "vocab.txt", read_file(bert / "vocab.txt"), load}, bert);

  const std::string bpe = data::Bpe::train(lines, 10).to_text();
  own.write("bpe", bpe);
  check({"Bpe", "bpe", bpe, [](In in) { data::Bpe::load(in / "bpe").encode("lower low x"); }}, own);
  const std::vector<std::vector<std::string>> sentences{{"a", "b c", "\t"}, {"a"}};
  const std::string vocab = data::Vocab::build(sentences).to_text();
  own.write("vocab", vocab);
  check({"Vocab", "vocab", vocab, [](In in) { data::Vocab::load(in / "vocab"); }}, own);
  const std::string json = R"({"a": [1, -2.5, 1e3, true, null, {"b": "\u00e4"}], "c": "d"})";
  own.write("json", json);
  check({"JSON", "json", json, [](In in) { core::parse_json(read_file(in / "json"), "json"); }},
        own);
}

TEST_CASE("damaged files: texts") {
  const Scratch folder;
  using In = const Scratch&;
  const std::string english = "one house\ntwo h\xc3\xb6uses\n", german = "ein Haus\nzwei Häuser\n";
  for (const char* name : {"train.en", "train.de", "val.en", "val.de"}) folder.write(name, english);
  folder.write("text.txt", english);
  const std::string table = "a\tone house\ttwo houses\nb\tthree\tfour\n";
  for (const char* name : {"train.tsv", "test.tsv"}) folder.write(name, table);
  const std::string story =
      "1 Mary went home.\n2 John slept.\n3 Where is Mary? \thome\t1\n1 A b.\n2 What? \tc,d\t1 1\n";
  folder.write("story", story);
  const auto pairs = [](In in) { data::ParallelText::open(in.path(), "en", "de"); };
  check({"parallel text", "train.en", english, pairs}, folder);
  check({"parallel text, gzip", "train.de", gzipped(german), pairs}, folder);
  check({"summaries", "train.tsv", table, [](In in) { data::summaries_split(in.path(), "train"); }},
        folder);
  check({"labelled text", "test.tsv", table, [](In in) { data::labelled_corpus(in.path()); }},
        folder);
  check({"stories", "story", story, [](In in) { data::babi_questions(in / "story"); }}, folder);
}

TEST_CASE("damaged files: sounds") {
  const Scratch folder;
  using data::SampleFormat;
  const struct {
    const char* file;
    std::optional<SampleFormat> format;
  } formats[] = {{"a.wav", SampleFormat::i16},
                 {"u8.wav", SampleFormat::u8},
                 {"f32.wav", SampleFormat::f32},
                 {"a.flac", {}},
                 {"a.ogg", {}}};
  const Tensor samples = linspace(-1, 1, 200).reshape({2, 100});
  for (const auto& [file, format] : formats) {
    data::write_audio(folder / file, samples, 8000, {.format = format});
    const auto read = [name = file](const Scratch& in) { data::read_audio(in / name); };
    check({file, file, read_file(folder / file), read}, folder);
  }
}

TEST_CASE("damaged files: corpora of speech") {
  const Scratch folder;
  using In = const Scratch&;
  std::filesystem::create_directories(folder / "19/198");
  std::filesystem::create_directories(folder / "clips");
  for (const char* file : {"19/198/a.flac", "clips/a.mp3"}) folder.write(file, "");
  const std::string lines = "a ONE TWO\nb THREE\n";
  folder.write("19/198/t.trans.txt", lines);
  check({"librispeech", "19/198/t.trans.txt", lines, [](In in) { data::librispeech(in.path()); }},
        folder);
  const std::string table = "client_id\tpath\tsentence\nx\ta.mp3\tone two\ny\tb.mp3\tthree\n";
  folder.write("train.tsv", table);
  check({"common_voice", "train.tsv", table, [](In in) { data::common_voice(in.path(), "train"); }},
        folder);
}

}  // namespace tapehead
