// Captions of images by attention to regions (Xu et al. 2015, "Show, attend and tell").
//
//   caption                            trains on generated scenes of shapes
//   caption --data DIR                 trains on images with captions: data::Captions lists layouts
//   caption --attention transformer    likewise soft (the default), hard, and none
//   caption --eval out/caption --interactive FILE...     describes images
#include <fmt/ranges.h>
#include <tapehead/tapehead.h>

#include <iostream>
#include <optional>

#include "tapehead/examples/caption/evaluate.h"

using namespace tapehead;
using namespace caption;

namespace {

struct Options {
  ModelOptions model;
  CorpusOptions corpus;
  std::string split = "test";
  int64_t batch = 32, beam = 0, pictures = 4;
  double lr = 0, weight_decay = -1, length_penalty = 0;
  std::optional<std::vector<std::string>> interactive;
};

void add_options(train::Cli& cli, Options& t) {
  using train::Keep;
  ModelOptions& m = t.model;
  CorpusOptions& c = t.corpus;
  cli.option("--attention", m.attention,
             "soft, hard, transformer or none (the mean of the regions)", Keep::fixed);
  cli.option("--encoder", m.encoder, "resnet or vit", Keep::fixed);
  cli.option("--side", c.side, {16, 1024}, "side of an image in pixels (64; photographs 128)",
             Keep::fixed);
  cli.option("--channels", m.channels, train::kSize, "channels of the encoder's first stage",
             Keep::fixed);
  cli.option("--stages", m.stages, {1, 6}, "stages of the encoder", Keep::fixed);
  cli.option("--blocks", m.blocks, {1, 100}, "residual blocks of a stage", Keep::fixed);
  cli.option("--hidden-size", m.hidden_size, train::kSize, "size of the decoder's states",
             Keep::fixed);
  cli.option("--embed-dim", m.embed_dim, train::kSize, "size of the embeddings of an LSTM",
             Keep::fixed);
  cli.option("--num-layers", m.num_layers, train::kSize, "layers of a Transformer's decoder",
             Keep::fixed);
  cli.option("--num-heads", m.num_heads, train::kSize, "heads of Transformers", Keep::fixed);
  cli.option("--dropout", m.dropout, train::kPart, "dropout probability");
  cli.option("--smoothing", m.smoothing, train::kPart, "label smoothing");
  cli.option("--doubly-stochastic", m.doubly_stochastic, {0, 1000},
             "weight of the regulariser by which soft attention visits all regions");
  cli.option("--entropy", m.entropy, {0, 1000}, "weight of the entropy of hard attention");
  cli.option("--images", c.images, {1, 1'000'000}, "number of generated images in an epoch",
             Keep::fixed);
  cli.option("--tests", c.tests, {1, 1'000'000}, "number of generated images to test with");
  cli.option("--batch", t.batch, train::kSize, "images per batch", Keep::fixed);
  cli.option("--lr", t.lr, train::kPositive, "learning rate");
  cli.option("--weight-decay", t.weight_decay, {0, 1000}, "decoupled weight decay");
  cli.option("--shift", c.shift, {0, 0.9},
             "largest shift of a training image, as a part of its side");
  cli.option("--scale", c.scale, {0, 0.9}, "largest change of scale of a training image");
  cli.option("--jitter", c.jitter, {0, 1},
             "largest change of brightness and contrast of a training image");
  cli.option("--min-count", c.min_count, {1, 1'000'000},
             "least number of occurrences of a word of the vocabulary", Keep::fixed);
  cli.option("--longest", c.longest, train::kSize, "longest training caption, in words");
  cli.option("--max-pixels", c.max_pixels, {1, int64_t{1} << 32}, "largest image that is read");
  cli.flag("--strict", c.strict, "captions without image and images without caption are an error");
  cli.option("--split", t.split, "images that --eval describes: test, valid or train", Keep::no);
  cli.option("--beam", t.beam, {1, 1000}, "beam width; 1: greedy search");
  cli.option("--length-penalty", t.length_penalty, {-10, 10}, "length penalty of beam search");
  cli.option("--pictures", t.pictures, {0, 1000},
             "number of images in the picture of the attention");
  cli.list("--interactive", t.interactive,
           "describe these images, or those that standard input names");
}

// The defaults that differ between scenes, small images such as emoji, and photographs.
void set_defaults(Options& t, train::Options& o) {
  const auto unless_given = [](auto& value, auto unset, auto preset) {
    if (value == unset) value = preset;
  };
  ModelOptions& m = t.model;
  const bool real = o.data.has_value(), transformer = m.attention == "transformer";
  for (const auto& [flag, value, names] :
       {std::tuple("--attention", m.attention,
                   std::set<std::string>{"soft", "hard", "transformer", "none"}),
        std::tuple("--encoder", m.encoder, std::set<std::string>{"resnet", "vit"})})
    if (!names.contains(value))
      throw ValueError(fmt::format("{} {}: use one of {}", flag, value, fmt::join(names, ", ")));
  unless_given(m.channels, 0, 32);
  unless_given(m.blocks, 0, 1);
  unless_given(m.hidden_size, 0, transformer ? 128 : real ? 256 : 128);
  unless_given(m.embed_dim, 0, real ? 128 : 64);
  unless_given(m.dropout, -1.0, real ? 0.3 : 0.0);
  unless_given(m.smoothing, -1.0, real ? 0.1 : 0.0);
  unless_given(m.doubly_stochastic, -1.0, 0.0);
  unless_given(t.lr, 0.0, 2e-3);
  unless_given(t.weight_decay, -1.0, real ? 0.05 : 1e-4);
  unless_given(t.corpus.shift, -1.0, real ? 0.05 : 0.0);
  unless_given(t.corpus.scale, -1.0, real ? 0.1 : 0.0);
  unless_given(t.corpus.jitter, -1.0, 0.0);
  unless_given(t.corpus.images, 0, 3200);
  unless_given(t.corpus.max_pixels, 0, int64_t{1} << 26);
  unless_given(t.beam, 0, real ? 5 : 1);
  if (!o.epochs && !o.steps) o.epochs = real ? 60 : 4;
}

struct Program {
  const Options& t;
  data::Vocab vocab;
  nn::Params params;
  Captioner model;

  Program(const Options& options, const data::Vocab& words, uint64_t seed)
      : t(options), vocab(words), params(seed), model(params / "model", t.model, words.size()) {}

  nn::BeamOptions search(int64_t beam) const {
    return {.beam = beam,
            .length_penalty = t.length_penalty,
            .max_length = t.corpus.longest,
            .bos = data::kBos,
            .eos = data::kEos};
  }
  Result describe(const Split& split, int64_t beam) const {
    const nn::EvalGuard eval(params);
    return score(caption::describe(model, split, search(beam)), vocab, split);
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

void draw(const Program& p, const Images& images, const std::vector<int64_t>& which,
          const std::string& path) {
  const nn::EvalGuard eval(p.params);
  if (which.empty() || !p.model.has_map()) return;
  const Tensor pixels = images.batch(which).contiguous();
  const auto found = nn::beam_search(p.model.steps(pixels), std::ssize(which), p.search(p.t.beam));
  const int64_t side = pixels.size(3), size = 3 * side * side;
  std::vector<train::CaptionAttention> rows;
  std::vector<std::vector<float>> weights(found.size());
  for (size_t i = 0; i < found.size(); ++i) {
    Words words = p.vocab.decode(found[i].tokens);
    if (words.empty()) continue;
    for (size_t t = 0; t < words.size(); ++t)
      weights[i].insert(weights[i].end(), found[i].attention[t].begin(),
                        found[i].attention[t].end());
    rows.push_back({.pixels = {pixels.data<float>() + static_cast<int64_t>(i) * size,
                               static_cast<size_t>(size)},
                    .height = side,
                    .width = side,
                    .words = std::move(words),
                    .weights = weights[i],
                    .rows = p.model.encoder.grid[0],
                    .columns = p.model.encoder.grid[1]});
  }
  if (!rows.empty()) train::save_caption_attention(path, rows);
}

// Prints the caption of an image file, and draws it.
void describe_file(const Program& p, const std::string& path, const std::string& out) {
  const Images image(read_square(path, p.t.model.side, p.t.corpus.max_pixels).unsqueeze(0));
  const nn::EvalGuard eval(p.params);
  const auto found =
      nn::beam_search(p.model.steps(image.batch(range(0, 1))), 1, p.search(p.t.beam));
  fmt::print("{}: {}\n", path, data::join_words(p.vocab.decode(found[0].tokens)));
  draw(p, image, {0},
       fmt::format("{}/{}.svg", out, std::filesystem::path(path).filename().string()));
}

void interact(const Program& p, const std::string& out) {
  for (const std::string& path : *p.t.interactive) describe_file(p, path, out);
  if (!p.t.interactive->empty()) return;
  for (std::string line; fmt::print("image file> "), std::getline(std::cin, line);) try {
      describe_file(p, line, out);
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
  for (size_t i = 0; i < result.said.size(); ++i) {
    const Words& wanted = split.captions[i][0];
    lines.push_back(
        fmt::format("{}\t{}\t{}\t{}", split.names.empty() ? std::to_string(i) : split.names[i],
                    joined(result.said[i]), joined(wanted),
                    result.said[i] == wanted ? "right" : error_kind(result.said[i], wanted)));
  }
  data::write_lines(out + "/captions.txt", lines);
  draw(p, split.images, range(0, std::min(p.t.pictures, split.size())), out + "/attention.svg");
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

  if (o.eval && t.interactive) {
    t.model.side = t.corpus.side;
    Program program(t, saved_vocab(*o.eval), o.seed);
    program.params.load(*o.eval + "/model.safetensors");
    return interact(program, o.out);
  }
  const Corpus corpus = o.data ? open_corpus(*o.data, t.corpus) : open_scenes(t.corpus, o.seed);
  t.corpus.side = t.model.side = corpus.side;
  const char* metric = corpus.exact() ? "exact_match" : "cider_d";
  Program program(t,
                  o.eval     ? saved_vocab(*o.eval)
                  : o.resume ? saved_vocab(o.out)
                             : learn_vocab(corpus.train, t.corpus.min_count),
                  o.seed);
  if (o.eval) {
    program.params.load(*o.eval + "/model.safetensors");
    const Split& split = t.split == "train"   ? corpus.train
                         : t.split == "valid" ? corpus.valid
                                              : corpus.test;
    return train::report(cli, metric, evaluate(program, split, corpus.exact(), o.out));
  }
  data::Loader<CaptionBatch> batches =
      corpus.scenes ? scene_batches(t.corpus, corpus.side, program.vocab, t.batch, o.seed)
                    : image_batches(t.corpus, corpus.train, program.vocab, t.batch, o.seed);
  optim::AdamW opt(program.params,
                   {.lr = t.lr, .betas = {0.9, 0.98}, .weight_decay = t.weight_decay});
  const int64_t steps = o.steps ? *o.steps : *o.epochs * batches.per_epoch();
  optim::WarmupCosineLR schedule(
      opt, {.warmup_steps = std::min<int64_t>(300, steps / 10), .total_steps = steps});
  train::Run run(program.params, opt, batches,
                 cli.run_options(o, {.steps = steps, .max_grad_norm = 1.0, .schedule = &schedule}));
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
  if (t.interactive) interact(program, o.out);
}

}  // namespace

int main(int argc, char** argv) {
  return train::program(argc, argv, "caption", "Describes images, by default scenes of shapes.",
                        run);
}
