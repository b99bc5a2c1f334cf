// Captions of images by attention to regions (Xu et al. 2015, "Show, attend and tell").
//
//   caption                            trains on generated scenes of shapes
//   caption --data DIR                 trains on images with captions: data::Captions lists layouts
//   caption --attention transformer    likewise soft (the default), hard, and none
//   caption --eval out/caption --interactive FILE...    describes images
#include <tapehead/tapehead.h>

#include <iostream>

#include "tapehead/examples/caption/evaluate.h"
#include "tapehead/examples/caption/options.h"

using namespace tapehead;
using namespace caption;

namespace {

struct Program {
  const Options& t;
  data::Vocab vocab;
  nn::Params params;
  Captioner model;

  Program(const Options& options, const data::Vocab& words, uint64_t seed)
      : t(options), vocab(words), params(seed), model(params / "model", t.model, words.size()) {}

  nn::BeamOptions beam(int64_t width) const {
    return {.beam = width,
            .length_penalty = t.length_penalty,
            .max_length = t.corpus.longest,
            .bos = data::kBos,
            .eos = data::kEos,
            .suppress = {data::kPad, data::kUnk, data::kBos}};
  }
  Result describe(const Split& split, int64_t width) const {
    const nn::EvalGuard eval(params);
    return score(caption::describe(model, split, beam(width)), vocab, split);
  }
};

// The number that counts: exact captions, or CIDEr-D where an image has several.
double value_of(const Result& result, bool exact) {
  return exact ? result.exact.value() : result.scores.cider_d.score;
}

void print_result(const std::string& name, const Result& result) {
  fmt::print("{}: {:.1f} % exact, {}\n", name, 100 * result.exact.value(),
             result.scores.to_string());
  std::vector<std::pair<int64_t, std::string>> errors;
  for (const auto& [kind, count] : result.errors) errors.emplace_back(-count, kind);
  std::ranges::sort(errors);
  Words words;
  for (const auto& [count, kind] : errors) words.push_back(fmt::format("{} {}", -count, kind));
  if (!words.empty()) fmt::print("  wrong: {}\n", fmt::join(words, ", "));
}

// Where attention falls, if that is known: on objects of scenes, on people of two skin tones.
void print_attention(const Program& p, const Split& split) {
  const nn::EvalGuard eval(p.params);
  if (!p.model.has_map()) return;
  if (!split.scenes.empty()) {
    const Share share = pointing_game(maps_of(p.model, p.vocab, split, range(0, split.size())),
                                      split.scenes, p.model.encoder.grid, p.t.model.side);
    fmt::print("attention at the name of an object: {:.1f} % of {} inside of its box\n",
               100 * share.value(), share.all);
  } else if (const std::vector<int64_t> pairs = pairs_of(split); !pairs.empty()) {
    const Share share =
        left_right(maps_of(p.model, p.vocab, split, pairs), split, pairs, p.model.encoder.grid[1]);
    fmt::print("attention at two skin tones: {:.1f} % of {} left, then right\n",
               100 * share.value(), share.all);
  }
}

// Draws what the model looks at in images [N, 3, H, W] when it says what was found.
void draw(const Program& p, const Tensor& images, std::span<const nn::Hypothesis> found,
          const std::string& path) {
  if (!found.empty() && p.model.has_map())
    save_maps(path, images, found, p.vocab, p.model.encoder.grid);
}

// Prints the caption of an image file, and draws it; `names` counts the files of each name.
void describe_file(const Program& p, const std::string& path, const std::string& out,
                   std::map<std::string, int64_t>& names) {
  const Tensor image = data::ConvertImageDtype{}(
      read_square(path, p.t.model.side, p.t.corpus.max_pixels).unsqueeze(0));
  const nn::EvalGuard eval(p.params);
  const auto found = search(p.model, image, p.beam(p.t.beam));
  fmt::print("{}: {}\n", path, data::join_words(p.vocab.decode(found[0].tokens)));
  const std::string name = std::filesystem::path(path).filename().string();
  const int64_t count = ++names[name];
  draw(p, image, found,
       fmt::format("{}/{}{}.svg", out, name, count == 1 ? "" : fmt::format("-{}", count)));
}

void interact(const Program& p, const std::string& out) {
  std::map<std::string, int64_t> names;
  for (const std::string& path : p.t.interactive)
    if (path != "-") describe_file(p, path, out, names);
  if (std::ranges::find(p.t.interactive, "-") == p.t.interactive.end()) return;
  for (std::string line; fmt::print("> "), std::getline(std::cin, line);) try {
      describe_file(p, line, out, names);
    } catch (const Error& e) {
      fmt::print("{}\n", e.what());
    }
}

// Scores a split, writes its captions, and draws some.
double evaluate(const Program& p, const Split& split, bool exact, const std::string& out) {
  Result result = p.describe(split, 1);
  print_result("greedy", result);
  if (p.t.beam > 1) {
    result = p.describe(split, p.t.beam);
    print_result(fmt::format("beam {}", p.t.beam), result);
  }
  print_attention(p, split);
  std::vector<std::string> lines;
  for (size_t i = 0; i < result.said.size(); ++i)
    lines.push_back(fmt::format("{}\t{}\t{}\t{}",
                                split.names.empty() ? std::to_string(i) : split.names[i],
                                joined(result.said[i]), result.wanted[i], result.verdict[i]));
  data::write_lines(out + "/captions.txt", lines);
  const std::vector<int64_t> drawn = longest_captions(split, p.t.pictures);
  std::vector<nn::Hypothesis> found;
  found.reserve(drawn.size());
  for (const int64_t i : drawn) found.push_back(result.found[static_cast<size_t>(i)]);
  if (!drawn.empty()) draw(p, split.images.batch(drawn), found, out + "/attention.svg");
  return value_of(result, exact);
}

void run(train::Cli& cli) {
  Options t;
  add_options(cli, t);
  train::Options o = cli.parse();
  set_defaults(t, o);
  const auto saved_vocab = [](const std::string& folder) {
    return data::Vocab::load(folder + "/vocab.txt");
  };
  const auto saved_program = [&] {
    Program program(t, saved_vocab(*o.eval), o.seed);
    program.params.load(*o.eval + "/model.safetensors");
    return program;
  };

  if (o.eval && !t.interactive.empty()) {
    t.model.side = t.corpus.side;
    return interact(saved_program(), o.out);
  }
  const Corpus corpus = o.data ? open_corpus(*o.data, t.corpus) : open_scenes(t.corpus, o.seed);
  t.corpus.side = t.model.side = corpus.side;
  train::set_default(t.corpus.lower_case, "", corpus.lower_case ? "yes" : "no");
  const char* metric = corpus.exact() ? "exact_match" : "cider_d";
  if (o.eval) {
    const Split& split = t.split == "train"   ? corpus.train
                         : t.split == "valid" ? corpus.valid
                                              : corpus.test;
    return train::report(cli, metric, evaluate(saved_program(), split, corpus.exact(), o.out));
  }
  const Program program(
      t, o.resume ? saved_vocab(o.out) : learn_vocab(corpus.train, t.corpus.min_count), o.seed);
  data::Loader<CaptionBatch> batches =
      corpus.scenes ? scene_batches(t.corpus, corpus.side, program.vocab, t.batch, o.seed)
                    : image_batches(t.corpus, corpus.train, program.vocab, t.batch, o.seed);
  const int64_t steps = o.steps ? *o.steps : *o.epochs * batches.per_epoch();
  optim::AdamW opt(program.params,
                   {.lr = t.lr, .betas = {0.9, 0.98}, .weight_decay = t.weight_decay});
  optim::WarmupCosineLR schedule(
      opt, {.warmup_steps = std::min<int64_t>(300, steps / 10), .total_steps = steps});
  std::optional<optim::Ema> average;
  if (t.average > 0) average.emplace(program.params, optim::EmaOptions{.decay = t.average});
  train::Run run(program.params, opt, batches,
                 cli.run_options(o, {.steps = steps,
                                     .max_grad_norm = 1.0,
                                     .schedule = &schedule,
                                     .average = average ? &*average : nullptr}));
  run.keep([&](const std::string& folder) { program.vocab.save(folder + "/vocab.txt"); });
  run.evaluate_every_epoch(std::string("val_") + metric, [&] {
    return value_of(program.describe(corpus.valid, 1), corpus.exact());
  });
  for (const CaptionBatch& batch : run) {
    const double done = static_cast<double>(run.steps_taken()) / static_cast<double>(steps);
    const Tensor loss = program.model.loss(batch.images, batch.target, done < 0.4 ? 1 : 0.5);
    loss.backward();
    run.step(loss);
  }
  run.load_best();
  run.finish(metric, evaluate(program, corpus.test, corpus.exact(), o.out));
  interact(program, o.out);
}

}  // namespace

int main(int argc, char** argv) {
  return train::program(argc, argv, "caption", "Describes images, by default scenes of shapes.",
                        run);
}
