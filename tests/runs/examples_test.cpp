// Each example runs to the end and prints its result last.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/file.h"
#include "tapehead/core/formats/safetensors.h"
#include "tapehead/data/files.h"
#include "tapehead/data/png.h"
#include "tapehead/data/tokenizer.h"
#include "tapehead/nn/hf/gpt.h"
#include "tapehead/tests/runs/process.h"
#include "tapehead/tests/runs/small_data.h"
#include "tapehead/tests/runs/special_tokens.h"
#include "tapehead/tests/scratch.h"

using namespace tapehead::test;

namespace {

Outcome run_example(const std::string& name, const Scratch& folder,
                    const std::vector<std::string>& words = {}) {
  std::vector<std::string> command{example(name)};
  command.insert(command.end(), words.begin(), words.end());
  Outcome outcome = run(command, {.folder = folder.path()});
  CAPTURE(outcome.err);
  CAPTURE(outcome.out);
  REQUIRE(outcome.status == 0);
  return outcome;
}

}  // namespace

TEST_CASE("quickstart learns the circle") {
  const Scratch folder;
  const Outcome outcome = run_example("quickstart", folder);
  const std::string last = outcome.last_line();
  CAPTURE(last);
  CHECK(last.ends_with(" % of the points are classified correctly"));
  CHECK(std::atof(last.c_str()) > 90);
  CHECK(std::filesystem::exists(folder / "circle.safetensors"));
}

TEST_CASE("custom_layer checks its gradient") {
  const Scratch folder;
  const Outcome outcome = run_example("custom_layer", folder);
  CHECK(outcome.out.find("the gradient of GatedResidual is correct\n") != std::string::npos);
  CHECK(outcome.last_line().ends_with(']'));
}

TEST_CASE("custom_optimizer learns the circle, and saves a checkpoint") {
  const Scratch folder;
  const Outcome outcome = run_example("custom_optimizer", folder);
  const std::string last = outcome.last_line();
  CAPTURE(last);
  CHECK(last.ends_with(" % of the points are classified correctly"));
  CHECK(std::atof(last.c_str()) > 90);
  CHECK(std::filesystem::exists(folder / "lion.safetensors"));
}

TEST_CASE("custom_op checks its gradients") {
  const Scratch folder;
  const Outcome outcome = run_example("custom_op", folder);
  CHECK(outcome.out.starts_with("the first and second derivatives of Softsign are correct\n"));
  CHECK(outcome.last_line().starts_with("dy / dx ["));
}

TEST_CASE("translate ends with its result as JSON, and leaves its pictures") {
  const Scratch folder;
  const Outcome outcome = run_example("translate", folder, {"--smoke", "--hidden-size", "16"});
  const std::string last = outcome.last_line();
  CAPTURE(last);
  CHECK(last.starts_with(R"({"example":"translate","metric":"exact_match","value":0)"));
  CHECK(last.ends_with('}'));
  for (const char* file : {"attention-1.svg", "loss.svg", "model.safetensors", "metrics.jsonl"})
    CHECK(std::filesystem::exists(folder / "out/translate/" + file));
}

TEST_CASE("translate writes no special tokens") {
  const Scratch folder;
  run_example("translate", folder, {"--smoke", "--hidden-size", "16"});
  prefer_special_tokens(folder / "out/translate/model.safetensors");
  run_example("translate", folder, {"--eval", "out/translate"});
  for (const std::string& line :
       tapehead::data::read_lines(folder / "out/translate/translations.txt")) {
    CHECK(line != "");
    CHECK(line.find("\uFFFD") == std::string::npos);
  }
}

TEST_CASE("translate --help lists its options and the common ones") {
  const Scratch folder;
  const Outcome outcome = run_example("translate", folder, {"--help"});
  for (const char* flag :
       {"--data", "--seed", "--threads", "--epochs", "--steps", "--precision", "--out", "--resume",
        "--eval", "--score", "--beam", "--interactive", "--model rnn|transformer"})
    CHECK(outcome.out.find(flag) != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(folder / "out"));
}

TEST_CASE("gpt writes, ends with its result, and goes on from a prompt") {
  const Scratch folder;
  const std::string last = run_example("gpt", folder, {"--smoke", "--embed-dim", "16"}).last_line();
  CAPTURE(last);
  CHECK(last.starts_with(R"({"example":"gpt","metric":"val_loss","value":)"));
  const Outcome written =
      run_example("gpt", folder, {"--eval", "out/gpt", "--prompt", "One day", "--length", "300"});
  CHECK(written.out.starts_with("One day"));
  CHECK(written.out.size() > 300);
  CHECK(written.last_line() == last);
}

TEST_CASE("gpt trains, goes on and is scored in each --precision") {
  const Scratch folder;
  const auto loss_in = [&](const std::string& precision) {
    const std::vector<std::string> words{"--smoke",     "--quiet", "--embed-dim", "16",
                                         "--precision", precision, "--out",       precision};
    return run_example("gpt", folder, words).last_line();
  };
  const std::string exact = loss_in("fp32"), in_bf16 = loss_in("bf16");
  CHECK(in_bf16 != exact);
  const auto number = [](const std::string& line) {
    return std::atof(line.substr(line.rfind(':') + 1).c_str());
  };
  for (const std::string precision : {"bf16", "high", "medium"}) {
    CAPTURE(precision);
    const std::string last = precision == "bf16" ? in_bf16 : loss_in(precision);
    CHECK(number(last) == doctest::Approx(number(exact)).epsilon(0.02));
    // The precision of the run is that of its evaluations, unless another is given.
    CHECK(run_example("gpt", folder, {"--eval", precision, "--quiet"}).last_line() == last);
    run_example("gpt", folder,
                {"--resume", "--out", precision, "--steps", "5", "--quiet", "--precision", "fp32"});
  }
  CHECK(run_example("gpt", folder, {"--eval", "fp32", "--quiet", "--precision", "bf16"})
            .last_line() != exact);
  for (const auto& [name, tensor] :
       tapehead::read_safetensors(folder / "bf16/checkpoint.safetensors").tensors)
    CHECK(tensor.dtype() != tapehead::bf16);
}

TEST_CASE("vit, algorithms and bert draw what they compute in bf16") {
  const Scratch folder;
  run_example("vit", folder, {"--smoke", "--embed-dim", "16", "--precision", "bf16"});
  run_example("bert", folder, {"--smoke", "--embed-dim", "16", "--precision", "bf16"});
  run_example("algorithms", folder,
              {"--smoke", "--model", "dnc", "--hidden-size", "8", "--slots", "16", "--tests", "1",
               "--precision", "bf16"});
}

TEST_CASE("gpt trains a memory network in a Transformer's place") {
  const Scratch folder;
  const std::string last =
      run_example("gpt", folder,
                  {"--model", "memn2n", "--smoke", "--embed-dim", "16", "--hops", "2"})
          .last_line();
  CAPTURE(last);
  CHECK(last.starts_with(R"({"example":"gpt","metric":"val_loss","value":)"));
  const Outcome written =
      run_example("gpt", folder, {"--eval", "out/gpt", "--prompt", "One day", "--length", "20"});
  CHECK(written.out.starts_with("One day"));
  CHECK(written.last_line() == last);
  const auto error = [&](const std::string& flag, const std::string& value) {
    return run({example("gpt"), "--smoke", "--model", "memn2n", flag, value},
               {.folder = folder.path()})
        .err;
  };
  CHECK(error("--model", "memnet").ends_with("gpt: --model memnet: use gpt or memn2n\n"));
  CHECK(error("--from", "gpt2")
            .ends_with("gpt: --from: a pretrained model is a gpt; leave --model out\n"));
}

TEST_CASE("gpt learns byte-level BPE, and goes on from a folder of Hugging Face") {
  using namespace tapehead;
  const Scratch folder;
  run_example("gpt", folder,
              {"--smoke", "--embed-dim", "16", "--vocab-size", "300", "--out", "bpe"});
  const std::string text = read_file(folder / "bpe/tokenizer.json");
  CHECK(data::Tokenizer::from_json(text, "tokenizer.json").size() == 300);
  run_example("gpt", folder, {"--eval", "bpe", "--length", "5"});

  const nn::Params params(1);
  const nn::GptConfig small{.vocab_size = 300,
                            .context = 192,
                            .transformer = {.embed_dim = 16, .num_heads = 2, .num_layers = 1}};
  nn::hf::save(folder / "first", nn::Gpt(params / "gpt", small));
  std::filesystem::copy(folder / "bpe/tokenizer.json", folder / "first/tokenizer.json");
  run_example("gpt", folder, {"--smoke", "--from", "first", "--lr", "1e-2"});
  CHECK(read_file(folder / "out/gpt/hf/tokenizer.json") == text);
  const nn::hf::Folder trained = nn::hf::read_folder(folder / "out/gpt/hf");
  const nn::Params other(2);
  const nn::Gpt gpt(other / "gpt", nn::hf::gpt_config(trained));
  nn::hf::load(trained, gpt);
  CHECK(max(abs(params["gpt.token.weight"] - other["gpt.token.weight"])).item() > 0);
}

TEST_CASE("translate with a Transformer, and with an unknown model") {
  const Scratch folder;
  write_pairs(folder);
  const std::string last =
      run_example("translate", folder,
                  {"--smoke", "--data", ".", "--merges", "20", "--model", "transformer",
                   "--hidden-size", "16", "--num-layers", "1", "--ffn-dim", "16"})
          .last_line();
  CAPTURE(last);
  CHECK(last.starts_with(R"({"example":"translate","metric":"bleu","value":0)"));
  const Outcome wrong = run({example("translate"), "--model", "cnn"}, {.folder = folder.path()});
  CHECK(wrong.status == 2);
  CHECK(wrong.err == "translate: --model cnn: use rnn or transformer\n");
}

TEST_CASE("summarize beats the same model with --no-copy") {
  const Scratch folder;
  const auto score = [&](const std::vector<std::string>& words) {
    const std::string last = run_example("summarize", folder, words).last_line();
    CAPTURE(last);
    CHECK(last.starts_with(R"({"example":"summarize","metric":"rougeL","value":)"));
    return std::atof(last.substr(last.rfind(':') + 1).c_str());
  };
  const double copying = score({"--quiet", "--steps", "150"});
  CHECK(copying > 70);
  CHECK(copying > score({"--quiet", "--steps", "150", "--no-copy", "--out", "plain"}) + 20);
  for (const char* file : {"attention-1.svg", "summaries.txt", "model.safetensors", "vocab.txt"})
    CHECK(std::filesystem::exists(folder / "out/summarize/" + file));
  const Outcome again = run_example("summarize", folder, {"--eval", "out/summarize"});
  CHECK(again.out.find("the first 18 words") != std::string::npos);
  CHECK(again.out.find("the model, copying") != std::string::npos);
  CHECK(again.last_line().find(fmt::format("{}", copying)) != std::string::npos);
}

TEST_CASE("summarize with a Transformer") {
  const Scratch folder;
  write_summaries(folder);
  const std::string last = run_example("summarize", folder,
                                       {"--smoke", "--data", ".", "--model", "transformer",
                                        "--hidden-size", "16", "--num-layers", "1"})
                               .last_line();
  CHECK(last.starts_with(R"({"example":"summarize","metric":"rougeL","value":)"));
}

TEST_CASE("translate learns dates to 99 % of the unseen ones") {
  const Scratch folder;
  const std::string last =
      run_example("translate", folder, {"--quiet", "--epochs", "3"}).last_line();
  CAPTURE(last);
  CHECK(std::atof(last.substr(last.rfind(':') + 1).c_str()) >= 0.99);
}

TEST_CASE("mnist learns to read its own digits, draws its mistakes, and scores itself again") {
  const Scratch folder;
  const Outcome outcome =
      run_example("mnist", folder, {"--quiet", "--epochs", "1", "--channels", "8"});
  const std::string last = outcome.last_line();
  CAPTURE(last);
  CHECK(last.starts_with(R"({"example":"mnist","metric":"accuracy","value":0)"));
  CHECK(std::atof(last.substr(last.rfind(':') + 1).c_str()) >= 0.9);
  CHECK(tapehead::data::read_png(folder / "out/mnist/mistakes.png").size(0) == 1);
  CHECK(run_example("mnist", folder, {"--eval", "out/mnist"}).last_line() == last);
}

TEST_CASE("gan draws better after five epochs than after one") {
  const Scratch folder;
  run_example("gan", folder, {"--quiet", "--epochs", "5", "--channels", "8"});
  std::vector<double> distances;
  for (const std::string& line : tapehead::data::read_lines(folder / "out/gan/metrics.jsonl"))
    if (const size_t at = line.find("frechet_distance\":"); at != std::string::npos)
      distances.push_back(std::atof(line.c_str() + at + 18));
  REQUIRE(distances.size() >= 5);
  CHECK(distances[4] < 0.7 * distances[0]);
  CHECK(tapehead::data::read_png(folder / "out/gan/digits-005.png").shape() ==
        tapehead::Shape{1, 242, 242});
}

TEST_CASE("vit draws what counted in its images, and scores itself again") {
  const Scratch folder;
  const std::string last = run_example("vit", folder, {"--smoke", "--embed-dim", "16"}).last_line();
  CAPTURE(last);
  CHECK(last.starts_with(R"({"example":"vit","metric":"accuracy","value":0)"));
  CHECK(std::filesystem::exists(folder / "out/vit/rollout.svg"));
  CHECK(run_example("vit", folder, {"--eval", "out/vit"}).last_line() == last);
}

TEST_CASE("vit learns to read its own digits") {
  const Scratch folder;
  const std::string last = run_example("vit", folder, {"--quiet", "--epochs", "4"}).last_line();
  CHECK(std::atof(last.substr(last.rfind(':') + 1).c_str()) >= 0.96);
}

TEST_CASE("algorithms trains each machine on each task, draws it, and scores it again") {
  const Scratch folder;
  for (const char* model : {"ntm", "dnc", "lstm"})
    for (const char* task : {"copy", "repeat-copy", "recall", "sort"}) {
      CAPTURE(model);
      CAPTURE(task);
      const std::string out = fmt::format("{}-{}", model, task);
      const std::string last =
          run_example("algorithms", folder,
                      {"--smoke", "--model", model, "--task", task, "--hidden-size", "8", "--slots",
                       "16", "--tests", "1", "--optimizer",
                       std::string(model) == "dnc" ? "rmsprop" : "adam", "--out", out})
              .last_line();
      CHECK(last.starts_with(R"({"example":"algorithms","metric":"bit_error","value":)"));
      for (const char* file : {"trained.svg", "longer.svg", "model.safetensors"})
        CHECK(std::filesystem::exists(folder / (out + "/" + file)));
      CHECK(std::filesystem::exists(folder / (out + "/longer-weights.svg")) ==
            (std::string(model) != "lstm"));
      CHECK(run_example("algorithms", folder, {"--eval", out, "--tests", "1"}).last_line() == last);
    }
  const Outcome wrong = run({example("algorithms"), "--model", "ram"}, {.folder = folder.path()});
  CHECK(wrong.status == 2);
  CHECK(wrong.err == "algorithms: --model ram: use ntm, dnc or lstm\n");
}

TEST_CASE("algorithms learns to copy sequences longer than it saw") {
  const Scratch folder;
  const std::string last = run_example("algorithms", folder, {"--quiet"}).last_line();
  CAPTURE(last);
  CHECK(std::atof(last.substr(last.rfind(':') + 1).c_str()) < 1);
}

TEST_CASE("bert compares itself with one that has read nothing, and scores itself again") {
  const Scratch folder;
  const Outcome outcome = run_example("bert", folder, {"--smoke", "--embed-dim", "16"});
  for (const char* said : {"without pre-training: accuracy 0.", "with pre-training: accuracy 0."})
    CHECK(outcome.out.find(said) != std::string::npos);
  const std::string last = outcome.last_line();
  CHECK(last.starts_with(R"({"example":"bert","metric":"accuracy","value":0)"));
  CHECK(std::filesystem::exists(folder / "out/bert/attention.svg"));
  CHECK(run_example("bert", folder, {"--eval", "out/bert"}).last_line() == last);
}

TEST_CASE("bert reads a folder of texts and labels") {
  const Scratch folder;
  folder.write("text.txt", "the sun is warm\nthe snow is cold\nthe sun shines on the snow\n");
  folder.write("train.tsv", "warm\tthe sun\ncold\tthe snow\twinter\n");
  folder.write("test.tsv", "warm\tsun\n");
  const std::string last =
      run_example("bert", folder, {"--data", ".", "--batch", "2", "--steps", "2"}).last_line();
  CHECK(last.starts_with(R"({"example":"bert","metric":"accuracy","value":)"));
}
