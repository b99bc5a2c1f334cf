// Speech recognition: attention (Chorowski et al. 2015; Chan et al. 2016), CTC (Graves et al.
// 2006), both (Watanabe et al. 2017), Conformers (Gulati et al. 2020) and transducers (Graves
// 2012).
//
//   speech                                  trains on telephone tones in noise
//   speech --data DIR                       on the free spoken digit data set
//   speech --data DIR --join 3-7            on strings of its digits
//   speech --data DIR --minutes 60 --lm     on LibriSpeech's layout, or Common Voice's
//   speech --eval out/speech --transcribe a.wav b.flac
//   arecord -t raw -f S16_LE -c 1 -r 8000 | speech --eval out/speech --interactive
#include <tapehead/tapehead.h>

#include <chrono>

#include "tapehead/examples/speech/augment.h"
#include "tapehead/examples/speech/score.h"

using namespace tapehead;
using namespace speech;

namespace {

[[noreturn]] void too_short(const Clip& clip, size_t letters) {
  throw ValueError(fmt::format("{}: {} frames are too few for {} letters; lower --shift", clip.id,
                               clip.features.size(0), letters));
}

data::Loader<data::SpeechBatch> loader_of(const Recogniser& model, const Corpus& c,
                                          const Options& t, const train::Options& o) {
  const Training& train = c.train;
  std::vector<int64_t> frames, letters;
  if (train.make) {  // what they will be is not known yet
    for (uint64_t i = 0; i < 50; ++i) frames.push_back(train.make(i).features.size(0));
    const int64_t mean = std::reduce(frames.begin(), frames.end()) / 50;
    frames.assign(static_cast<size_t>(train.size()), std::min(mean, t.frames));
  } else {
    for (const Clip& clip : train.clips) {
      frames.push_back(std::min(clip.features.size(0), t.frames));
      letters.push_back(static_cast<int64_t>(c.encode(clip.text).size()));
    }
  }
  const auto collate = [&](std::span<const int64_t> which, const data::LoaderPosition& at) {
    const std::vector<uint64_t> seeds = data::example_seeds(which, at, train.size(), o.seed);
    std::vector<Tensor> features;
    data::TokenLists tokens;
    std::vector<int64_t> all;
    for (size_t i = 0; i < which.size(); ++i) {
      const Clip clip =
          train.make ? train.make(seeds[i]) : train.clips[static_cast<size_t>(which[i])];
      tokens.push_back(c.encode(clip.text));
      if (!model.fits(clip.features.size(0), tokens.back())) too_short(clip, tokens.back().size());
      const auto fits = [&](int64_t frames_then) { return model.fits(frames_then, tokens.back()); };
      features.push_back(augmented(clip.features, c.frontend, t, seeds[i], fits));
      all.push_back(static_cast<int64_t>(i));
    }
    return data::speech_batch(features, tokens, all);
  };
  return {frames,
          collate,
          {.tokens = t.frames, .bucket = true, .second_lengths = letters, .seed = o.seed}};
}

// Leaves out the utterances that are too short for the encoder, or for their text.
void check_lengths(const Recogniser& model, Corpus& c, const Options& t, const train::Options& o) {
  LeftOut crowded{"utterance with more letters than CTC can align",
                  "utterances with more letters than CTC can align"};
  const int64_t least = model.encoder.least_frames();
  LeftOut brief{fmt::format("recording shorter than {} frames", least),
                fmt::format("recordings shorter than {} frames", least)};
  std::erase_if(c.train.clips, [&](const Clip& clip) {
    if (model.fits(clip.features.size(0), c.encode(clip.text))) return false;
    (clip.features.size(0) < least ? brief : crowded).names.add(clip.id);
    return true;
  });
  brief.report("training", t, o);
  crowded.report("training", t, o);
  if (c.train.size() == 0) throw FormatError("training: no utterance is left; lower --shift");
}

constexpr double kMaxGradNorm = 3;
constexpr double kGuided = 0.25;  // share of the steps with guided attention

optim::AdamW optimizer_of(const nn::Params& params, const Options& t) {
  return optim::AdamW(params, {.lr = t.lr, .betas = {0.9, 0.98}, .weight_decay = t.weight_decay});
}

// The model's normalisation of features: that of the corpus.
void set_statistics(const Recogniser& model, const Corpus& c, const Options& t) {
  if (t.normalize != "corpus") return;
  data::FeatureStats stats;
  for (uint64_t i = 0; i < 300 && c.train.make; ++i) stats.add(c.train.make(i).features);
  for (const Clip& clip : c.train.clips) stats.add(clip.features);
  model.mean.copy_(stats.mean());
  model.stddev.copy_(clamp_min(stats.stddev(), 1e-3));
}

// The number of steps that --minutes allow, by the time that some steps of another model take.
int64_t steps_in_time(const Corpus& c, data::Loader<data::SpeechBatch>& batches, const Options& t,
                      const train::Options& o) {
  using Clock = std::chrono::steady_clock;
  const nn::Params params(o.seed);
  const Recogniser model(params / "model", t, c.letters.size());
  optim::AdamW opt = optimizer_of(params, t);
  const int64_t count = 10;
  Clock::time_point start;
  for (int64_t i = 0; i <= count; ++i) {
    if (i == 1) start = Clock::now();  // the first step also warms up
    model.loss(batches.next(), t).backward();
    optim::clip_grad_norm_(params, kMaxGradNorm);
    opt.step();
    opt.zero_grad();
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count() / count;
  batches.seek({});
  manual_seed(o.seed);
  constexpr double kTraining = 0.93;  // the rest is for evaluations
  return std::max<int64_t>(1, std::llround(kTraining * t.minutes * 60 / seconds));
}

// The number of steps that an interrupted run measured.
int64_t kept_steps(const std::string& file) {
  const std::string line = data::read_lines(file).at(0);
  const auto steps = parse_number<int64_t>(line);
  if (!steps || *steps < 1)
    throw FormatError(fmt::format("{}: '{}' is not a number of steps", file, line));
  return *steps;
}

int64_t steps_of(const Corpus& c, data::Loader<data::SpeechBatch>& batches, const Options& t,
                 const train::Options& o) {
  if (o.steps) return *o.steps;
  if (t.minutes == 0) return *o.epochs * batches.per_epoch();
  if (o.resume) return kept_steps(o.out + "/steps.txt");
  return steps_in_time(c, batches, t, o);
}

void use(const Searcher& search, const Corpus& c, const Options& t, const train::Options& o) {
  if (!t.transcribe.empty()) transcribe(search, c, t, o.out);
  if (!t.interactive) return;
  if (!o.quiet)
    std::cerr << fmt::format("speech: reading standard input: 16-bit samples, {} per second\n",
                             t.rate);
  Listener(search, c, t).run();
}

void evaluate(train::Cli& cli, const Options& t, const train::Options& o) {
  const bool uses = uses_model(t);
  Corpus c = uses ? Corpus{.frontend = Frontend(t)} : read_corpus(t, o, false);
  c.letters = data::Vocab::load(*o.eval + "/letters.txt");
  const nn::Params params(o.seed);
  const Recogniser model(params / "model", t, c.letters.size());
  params.load(*o.eval + "/model.safetensors");
  std::optional<LetterModel> lm;
  if (t.lm) lm.emplace(c.letters.size(), t, o.seed).params.load(*o.eval + "/lm/model.safetensors");
  const Searcher search(model, c.frontend, lm ? &*lm : nullptr, t);
  if (uses) return use(search, c, t, o);
  train::report(cli, metric_of(t.kind), test(search, c, t, o.out));
}

void learn(train::Cli& cli, const Options& t, const train::Options& o) {
  Corpus c = read_corpus(t, o, true);
  if (o.resume) c.letters = data::Vocab::load(o.out + "/letters.txt");
  const nn::Params params(o.seed);
  const Recogniser model(params / "model", t, c.letters.size());
  check_lengths(model, c, t, o);
  std::optional<LetterModel> lm;
  data::TokenLists sentences;  // for it
  if (t.lm) {
    lm.emplace(c.letters.size(), t, o.seed);
    sentences = sentences_of(c, t);
  }
  set_statistics(model, c, t);
  data::Loader<data::SpeechBatch> batches = loader_of(model, c, t, o);
  optim::AdamW opt = optimizer_of(params, t);
  const int64_t steps = steps_of(c, batches, t, o);
  optim::WarmupCosineLR schedule(opt, {.warmup_steps = std::min<int64_t>(500, steps / 10),
                                       .total_steps = steps,
                                       .min_factor = 0.01});
  std::optional<optim::Ema> average;
  if (t.average > 0) average.emplace(params, optim::EmaOptions{.decay = t.average});
  train::Run run(params, opt, batches,
                 cli.run_options(o, {.steps = steps,
                                     .max_grad_norm = kMaxGradNorm,
                                     .schedule = &schedule,
                                     .average = average ? &*average : nullptr}));
  run.keep([&](const std::string& folder) {
    c.letters.save(folder + "/letters.txt");
    data::write_lines(folder + "/steps.txt", {fmt::format("{}", steps)});
  });
  Searcher greedy(model, c.frontend, nullptr, t);
  greedy.beam = 1;
  run.evaluate_every_epoch(
      std::string("dev_") + metric_of(t.kind),
      [&] { return value_of(t.kind, errors_of(texts_of(greedy(c.dev.clips), c), c.dev)); },
      t.kind == Kind::folder || t.kind == Kind::strings ? train::Best::lowest
                                                        : train::Best::highest);
  for (const data::SpeechBatch& batch : run) {
    // Less and less: in the end attention is to go by what it hears, not by the clock.
    const double done = static_cast<double>(run.steps_taken()) / static_cast<double>(steps);
    const Tensor loss = model.loss(batch, t, t.guided * std::max(0.0, 1 - done / kGuided));
    loss.backward();
    run.step(loss);
  }
  run.load_best();
  if (lm) train_letter_model(*lm, sentences, c, t, o);
  const Searcher search(model, c.frontend, lm ? &*lm : nullptr, t);
  run.finish(metric_of(t.kind), test(search, c, t, o.out));
  use(search, c, t, o);
}

void run(train::Cli& cli) {
  Options t;
  add_data_options(cli, t);
  add_model_options(cli, t);
  add_training_options(cli, t);
  add_search_options(cli, t);
  train::Options o = cli.parse();
  set_defaults(t, o);
  if (o.eval) evaluate(cli, t, o);
  else learn(cli, t, o);
}

}  // namespace

int main(int argc, char** argv) {
  return train::program(argc, argv, "speech", "Recognises speech, by default telephone tones.",
                        run);
}
