// The models of examples/babi.cpp, with their published settings.
#pragma once

#include <tapehead/tapehead.h>

#include <memory>
#include <string_view>

namespace babi {

using namespace tapehead;

struct Options {
  std::string model = "memn2n", task = "all", subset, encoding = "position", tying = "adjacent";
  std::string overflow = "drop", choose = "val";
  int64_t seeds = 1, hops = 0, embed_dim = 0, slots = 0, memory = 0, batch = 32, linear_start = -1;
  double lr = 0, clip = 0, time_noise = -1, dropout = -1, supervision = 0;
  bool joint = false, interactive = false;
};

// Defaults of options: the published settings of a model.
struct Preset {
  std::string_view model;
  int64_t embed_dim = 64, hops = 3, slots = 20;
  int64_t memory = 0;              // sentences that are kept; 0: all
  int64_t epochs = 50, halve = 0;  // number of epochs after which the learning rate is halved
  int64_t linear_start = 0;        // epochs
  double lr = 1e-3, clip = 5;
  double time_noise = 0, dropout = 0;
  double l2 = 0;          // Adam's weight decay
  bool sgd = false;       // instead of Adam
  bool keep_best = true;  // use the best weights on the validation set
  bool bucket = false;    // bucket stories by length, which determines the time per step
};
constexpr Preset kPresets[] = {
    {.model = "memn2n",
     .embed_dim = 20,
     .memory = 50,
     .epochs = 100,
     .halve = 25,
     .linear_start = 20,
     .lr = 0.32,
     .clip = 1.25,
     .time_noise = 0.1,
     .sgd = true,
     .keep_best = false},
    {.model = "memn2n-joint",
     .embed_dim = 50,
     .memory = 50,
     .epochs = 60,
     .halve = 15,
     .linear_start = 30,
     .lr = 0.32,
     .clip = 1.25,
     .time_noise = 0.1,
     .sgd = true,
     .keep_best = false},
    {.model = "memnn", .embed_dim = 100, .hops = 6, .epochs = 300, .halve = 100, .lr = 3e-3},
    {.model = "kv",
     .embed_dim = 50,
     .memory = 50,
     .epochs = 100,
     .halve = 25,
     .lr = 5e-3,
     .time_noise = 0.1},
    {.model = "entnet",
     .embed_dim = 100,
     .memory = 70,
     .epochs = 200,
     .halve = 25,
     .lr = 1e-2,
     .clip = 40},
    {.model = "dmn", .embed_dim = 80, .epochs = 100, .dropout = 0.1, .l2 = 1e-3},
    {.model = "universal",
     .memory = 70,
     .epochs = 100,
     .clip = 1,
     .time_noise = 0.1,
     .dropout = 0.3,
     .bucket = true},
    {.model = "universal-joint",
     .embed_dim = 128,
     .hops = 4,
     .memory = 70,
     .epochs = 30,
     .halve = 8,
     .clip = 1,
     .time_noise = 0.1,
     .dropout = 0.1,
     .bucket = true},
    {.model = "ntm", .clip = 10, .bucket = true},
    {.model = "dnc", .slots = 64, .clip = 10, .bucket = true},
    {.model = "lstm", .memory = 50, .epochs = 20, .lr = 2e-3, .bucket = true},
};

inline std::vector<std::string> model_names() {
  std::vector<std::string> names;
  for (const Preset& p : kPresets)
    if (!p.model.ends_with("-joint")) names.emplace_back(p.model);
  return names;
}

inline const Preset& preset_of(const Options& t) {
  const Preset* found = nullptr;
  for (const Preset& p : kPresets) {
    const bool joint = p.model.ends_with("-joint");  // listed after the model that is not joint
    if (p.model == t.model + (joint ? "-joint" : "") && (t.joint || !joint)) found = &p;
  }
  return *found;
}

inline void add_options(train::Cli& cli, Options& t) {
  using train::Keep;
  cli.option("--model", t.model, model_names(),
             "memn2n, memnn, kv, entnet, dmn, universal, ntm, dnc or lstm", Keep::fixed);
  cli.option("--task", t.task, "all, a number, or numbers separated by commas", Keep::fixed);
  cli.flag("--joint", t.joint, "one model for all tasks, instead of one for each", Keep::fixed);
  cli.option("--subset", t.subset, "folder in --data: en, en-10k, hn, shuffled ...", Keep::fixed);
  cli.option("--seeds", t.seeds, {1, 1000}, "number of runs per model, of which the best is used",
             Keep::fixed);
  cli.option("--choose", t.choose, {"val", "loss"},
             "criterion for the best run: validation error or training loss");
  cli.option("--embed-dim,--width", t.embed_dim, train::kSize, "embedding dimension", Keep::fixed);
  cli.option("--hops", t.hops, train::kSize, "number of hops (3, memnn 6)", Keep::fixed);
  cli.option("--slots", t.slots, train::kSize,
             "number of memory slots of entnet (20), ntm (20) and dnc (64)", Keep::fixed);
  cli.option("--memory", t.memory, {0, 65536}, "maximum number of sentences; 0: all", Keep::fixed);
  cli.option("--overflow", t.overflow, {"drop", "error"},
             "for longer stories: drop the first sentences, or fail");
  cli.option("--encoding", t.encoding, {"position", "bow"}, "sentence encoding of memn2n",
             Keep::fixed);
  cli.option("--tying", t.tying, {"adjacent", "layer-wise"}, "weight tying of memn2n", Keep::fixed);
  cli.option("--linear-start", t.linear_start, {0, 1'000'000},
             "number of epochs of memn2n without softmax");
  cli.option("--time-noise", t.time_noise, train::kPart,
             "time noise: random gaps as a fraction of the story");
  cli.option("--batch", t.batch, train::kSize, "questions per batch", Keep::fixed);
  cli.option("--lr", t.lr, train::kPositive, "learning rate");
  cli.option("--clip", t.clip, train::kPositive, "maximum norm of the gradient");
  cli.option("--dropout", t.dropout, train::kPart, "dropout probability of dmn and universal");
  cli.option("--supervision", t.supervision, {0},
             "weight of the loss of dmn's attention to the supporting facts");
  cli.flag("--interactive", t.interactive, "answer questions about a story from standard input",
           Keep::no);
}

inline void set_defaults(Options& t, train::Options& o) {
  if (t.supervision != 0 && t.model != "dmn")
    throw ValueError(
        fmt::format("--supervision {}: only --model dmn has this option; memnn always uses the "
                    "supporting facts, the others never do",
                    t.supervision));
  if (!o.data) t.joint = true;
  const Preset& p = preset_of(t);
  train::set_default(t.embed_dim, 0, p.embed_dim);
  train::set_default(t.hops, 0, p.hops);
  train::set_default(t.slots, 0, p.slots);
  train::set_default(t.memory, 0, p.memory);
  train::set_default(t.lr, 0.0, p.lr);
  train::set_default(t.clip, 0.0, p.clip);
  train::set_default(t.linear_start, -1, o.data ? p.linear_start : 0);
  train::set_default(t.time_noise, -1.0, p.time_noise);
  train::set_default(t.dropout, -1.0, p.dropout);
  if (!o.epochs && !o.steps) o.epochs = o.data ? p.epochs : 20;
}

// A model of any kind.
struct Model {
  std::function<nn::StoryOutput(const data::StoryBatch&)> answer;
  std::function<Tensor(const data::StoryBatch&)> loss;
  std::function<void(bool on)> linear_start = [](bool) {};

  template <class M>
  static Model of(std::shared_ptr<M> m) {
    return {[m](const data::StoryBatch& b) { return (*m)(b); },
            [m](const data::StoryBatch& b) {
              if constexpr (requires { m->loss(b); }) return m->loss(b);
              else return nn::answer_loss((*m)(b), b);
            }};
  }
};

inline Model make_memn2n(const nn::Scope& at, const Options& t, int64_t vocab, int64_t words) {
  const auto m = std::make_shared<nn::MemN2N>(
      at, nn::MemN2NConfig{.vocab_size = vocab,
                           .embed_dim = t.embed_dim,
                           .hops = t.hops,
                           .memory = t.memory,
                           .words = words,
                           .tying = t.tying == "adjacent" ? nn::MemoryTying::adjacent
                                                          : nn::MemoryTying::layer_wise,
                           .position_encoding = t.encoding == "position"});
  Model model = Model::of(m);
  model.linear_start = [m](bool on) { m->linear(on); };
  return model;
}

// A recurrent model that reads word by word.
inline Model make_reader(const nn::Scope& at, const Options& t, int64_t vocab) {
  const auto make = [&](const nn::Scope& place, int64_t in, int64_t out) -> nn::Machine {
    if (t.model == "ntm")
      return nn::Ntm(place, {.input_size = in, .output_size = out, .slots = t.slots});
    if (t.model == "dnc")
      return nn::Dnc(place, {.input_size = in, .output_size = out, .slots = t.slots});
    return nn::Lstm(place, {.input_size = in, .output_size = out});
  };
  return Model::of(std::make_shared<nn::StoryReader>(at, vocab, t.embed_dim, make));
}

inline Model make_model(const nn::Scope& at, const Options& t, int64_t vocab, int64_t words) {
  if (t.model == "memn2n") return make_memn2n(at, t, vocab, words);
  if (t.model == "memnn")
    return Model::of(std::make_shared<nn::MemNN>(
        at, nn::MemNNConfig{
                .vocab_size = vocab, .words = words, .embed_dim = t.embed_dim, .hops = t.hops}));
  if (t.model == "kv")
    return Model::of(std::make_shared<nn::KeyValue>(at, nn::KeyValueConfig{.vocab_size = vocab,
                                                                           .words = words,
                                                                           .embed_dim = t.embed_dim,
                                                                           .hops = t.hops,
                                                                           .memory = t.memory}));
  if (t.model == "entnet")
    return Model::of(std::make_shared<nn::EntNet>(
        at, nn::EntNetConfig{
                .vocab_size = vocab, .words = words, .embed_dim = t.embed_dim, .slots = t.slots}));
  if (t.model == "dmn")
    return Model::of(std::make_shared<nn::Dmn>(at, nn::DmnConfig{.vocab_size = vocab,
                                                                 .words = words,
                                                                 .embed_dim = t.embed_dim,
                                                                 .hops = t.hops,
                                                                 .dropout = t.dropout,
                                                                 .supervision = t.supervision}));
  if (t.model == "universal")
    return Model::of(std::make_shared<nn::UniversalQa>(
        at, nn::UniversalQaConfig{.vocab_size = vocab,
                                  .words = words,
                                  .transformer = {.embed_dim = t.embed_dim,
                                                  .ffn_dim = 4 * t.embed_dim,
                                                  .dropout = t.dropout},
                                  .universal = {.steps = t.hops, .adaptive = true},
                                  .mean_pool = false}));
  return make_reader(at, t, vocab);
}

}  // namespace babi
